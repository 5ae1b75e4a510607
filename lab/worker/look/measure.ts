import { pick } from '../../../src/data/subset.ts';
import { walk } from '../../../src/nn/index.ts';
import { placedLayers } from '../../../src/study/arithmetic/index.ts';
import { inspect, type LayerReport, mainParameter } from '../../../src/study/inspect.ts';
import { statisticsOf, type ValueStatistics } from '../../../src/study/statistics.ts';
import { updateRatio } from '../../../src/study/watch.ts';
import { PICTURE } from '../../station.ts';
import type { Lab } from '../lab.ts';

/** What the numbers of one layer are like, for the chosen picture. */
export interface LayerNumbers {
  readonly values: ValueStatistics;
  readonly gradients: ValueStatistics;
  readonly weights: ValueStatistics | undefined;
  readonly weightGradients: ValueStatistics | undefined;
}

/** In a turn. */
export async function numbersOf(lab: Lab, layer: string): Promise<LayerNumbers> {
  const { model } = lab.subject;
  const backward = await lab.passBackwards();
  const tensor = layer === PICTURE ? lab.bench.pictures.chosen : backward.output(layer);
  const built = placedLayers(model).get(layer);
  const name = built && layer !== PICTURE ? mainParameter(built.built) : undefined;
  const [values, gradients] = await Promise.all([tensor.data(), backward.gradient(layer).data()]);
  const weights = name === undefined ? undefined : await model.parameters.get(name).data();
  const weightGradients = name === undefined ? undefined : await backward.parameterGradient(name).data();
  return {
    values: statisticsOf(values),
    gradients: statisticsOf(gradients),
    weights: weights && statisticsOf(weights),
    weightGradients: weightGradients && statisticsOf(weightGradients),
  };
}

/** A layer on many held-back pictures. */
export interface MeasuredLayer extends LayerReport {
  /** |change| / |weights| of the latest steps; undefined where nothing was trained meanwhile. */
  readonly update: number | undefined;
}

export interface Measured {
  /** Training steps done when it was measured. */
  readonly step: number;
  /** Pictures that were looked at. */
  readonly pictures: number;
  /** Steps that `update` is of; 0 while training stands. */
  readonly steps: number;
  readonly layers: readonly MeasuredLayer[];
}

/** Held-back pictures that are looked at, and the fewest, where a large network would keep a processor busy for minutes. */
const PICTURES = { gpu: 200, software: 50, reference: 4 };
const FEWEST = 4;
/** Floating-point operations that a processor which plays the GPU may spend: all else waits meanwhile. */
const BUDGET = 3e9;
/** Pictures of a pass. */
const BATCH = 50;
/** A pass forwards and backwards, in passes forwards. */
const PASSES = 3;

function pictureCount({ bench, model }: Lab): number {
  if (!bench.trains) return PICTURES.reference;
  if (!bench.engine.caps.software) return PICTURES.gpu;
  const affordable = Math.floor(BUDGET / (PASSES * model.describe().flops));
  return Math.min(PICTURES.software, Math.max(FEWEST, affordable));
}

/**
 * Measures all layers on held-back pictures. It takes two turns, so that training, if it runs, makes a step in between, by
 * which the weights move.
 */
export async function measure(lab: Lab): Promise<Measured> {
  const before = await lab.turns.take(async () => ({
    model: lab.model,
    step: lab.state.training?.step ?? 0,
    values: await lab.model.parameters.values.data(),
  }));
  return await lab.turns.take(async () => {
    const { model } = lab;
    const step = lab.state.training?.step ?? 0;
    const steps = model === before.model ? step - before.step : 0;
    const count = pictureCount(lab);
    const { data, split } = lab.bench.pictures.packed;
    const images = await pick(data, split.validation.subarray(0, count));
    const reports = await inspect(model, images, { batch: Math.min(count, BATCH) });
    const layers = new Map(walk(model.root).map(layer => [layer.name, layer]));
    const now = await model.parameters.values.data();
    const update = ({ layer }: LayerReport) => {
      const name = mainParameter(layers.get(layer)!);
      const segment = model.parameters.segments.find(one => one.name === name);
      if (!segment || steps <= 0) return undefined;
      const { start, size } = segment;
      return updateRatio(before.values.subarray(start, start + size), now.subarray(start, start + size));
    };
    return { step, pictures: count, steps, layers: reports.map(report => ({ ...report, update: update(report) })) };
  });
}
