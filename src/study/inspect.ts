/**
 * What the layers of a network are like on some images: statistics of weights, of what they give, of the loss's gradient,
 * and units that never give anything.
 *
 *     for (const { layer, activations, dead } of await inspect(model, images)) console.log(layer, activations.mean, dead);
 *
 * The network is looked at as it is used: without dropout, with running statistics in its batch norms.
 */
import type { ImageData8 } from '../data/dataset.ts';
import type { ImageBatch } from '../data/gpu-dataset.ts';
import { type BuiltLayer, type Model, walk } from '../nn/index.ts';
import { gradients } from '../tensor/autograd.ts';
import { softmaxCrossEntropy } from '../tensor/ops/index.ts';
import { overImages } from './passes.ts';
import { StatisticsCollector, statisticsOf, type ValueStatistics } from './statistics.ts';

export interface LayerReport {
  readonly layer: string;
  readonly type: string;
  /** Channels or features of its output. */
  readonly units: number;
  /** Its kernel, or what else it multiplies by; absent where it has no parameters. */
  readonly weights?: ValueStatistics;
  /** Of the mean loss over the images with respect to those weights. */
  readonly gradient?: ValueStatistics;
  /** Behind its activation function. */
  readonly activations: ValueStatistics;
  /** Whether nothing that it gave was negative: it ends in a ReLU. Only then can units be dead. */
  readonly rectified: boolean;
  /**
   * Of each unit, the share of the images for which it gave anything but zero anywhere. 0: it is dead on these images, and
   * no gradient reaches what is before it.
   */
  readonly active: readonly number[];
  /** How many units are dead. */
  readonly dead: number;
}

export interface InspectOptions {
  /** Images of a pass; default 50. */
  readonly batch?: number;
  /** Whether gradients are wanted, which take about twice the time. Default true. */
  readonly gradients?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Those that are looked at: what has weights or an activation function; not what only moves values about. */
export function inspectedLayers(model: Model): BuiltLayer[] {
  const kinds = ['conv2d', 'dense', 'batchNorm2d', 'residual', 'activation'];
  return walk(model.root).filter(({ type, name }) => name !== '' && kinds.includes(type));
}

/** The parameter that a layer is named by: a kernel, or the scale of a normalisation. */
export function mainParameter(layer: BuiltLayer): string | undefined {
  return layer.parameters.find(({ role }) => role === 'parameter')?.name;
}

/**
 * Looks at every layer, in the order in which they are built.
 * @throws ShapeError when the images do not fit the model; InterruptedError when `signal` fires.
 */
export async function inspect(model: Model, images: ImageData8, options: InspectOptions = {}): Promise<LayerReport[]> {
  const { batch = 50, signal } = options;
  const layers = inspectedLayers(model);
  const collectors = layers.map(layer => new ActivationCollector(layer));
  const wanted = options.gradients === false ? [] : trainedParameters(model, layers);
  const sums = new Map(wanted.map(name => [name, new Float64Array(model.parameters.get(name).size)]));
  const pass = (images: ImageBatch) => passOver(model, images, layers, wanted);
  await overImages(model.engine, images, { batch, signal }, pass, async ({ captured, found }, { rows }) => {
    for (const [i, { name }] of layers.entries()) collectors[i]!.add((await captured[name]!.data()) as Float32Array);
    for (const [i, gradient] of found.entries()) {
      const sum = sums.get(wanted[i]!)!;
      const values = await gradient?.data();
      values?.forEach((value, k) => {
        sum[k] = sum[k]! + (rows / images.count) * value;
      });
    }
  });
  const values = await model.parameters.read();
  return layers.map((layer, i) => {
    const name = mainParameter(layer);
    const sum = name === undefined ? undefined : sums.get(name);
    return {
      ...{ layer: layer.name, type: layer.type },
      ...(name !== undefined && { weights: statisticsOf(values.get(name)!.data) }),
      ...(sum && { gradient: statisticsOf(sum) }),
      ...collectors[i]!.result(images.count),
    };
  });
}

/** Those of which the loss has a gradient. */
function trainedParameters(model: Model, layers: readonly BuiltLayer[]): string[] {
  const names = layers.flatMap(layer => mainParameter(layer) ?? []);
  return names.filter(name => model.parameters.get(name).tracked);
}

/** What the layers give for one batch, and the gradients of its mean loss, if any are wanted. */
function passOver(
  model: Model,
  { images, labels }: ImageBatch,
  layers: readonly BuiltLayer[],
  wanted: readonly string[],
) {
  const capture = layers.map(({ name }) => name);
  if (wanted.length === 0) {
    return { captured: model.engine.noGrad(() => model.forward(images, { capture })).captured, found: [] };
  }
  const { output, captured } = model.forward(images, { capture });
  const { loss } = softmaxCrossEntropy(output, labels);
  const parameters = wanted.map(name => model.parameters.get(name));
  return { captured, found: gradients(loss, parameters) };
}

/** What one layer gives, batch by batch: statistics of all values, and for each unit how many images it answers to. */
class ActivationCollector {
  private readonly statistics = new StatisticsCollector();
  private readonly units: number;
  private readonly answered: Float64Array;

  constructor(readonly layer: BuiltLayer) {
    this.units = layer.output[layer.output.length - 1]!;
    this.answered = new Float64Array(this.units);
  }

  /** @param values [rows, ...output]. */
  add(values: Float32Array): void {
    const { units, answered } = this;
    this.statistics.add(values);
    const size = this.layer.output.reduce((a, b) => a * b, 1);
    const active = new Uint8Array(units);
    for (let start = 0; start < values.length; start += size) {
      active.fill(0);
      for (let i = 0; i < size; i++) if (values[start + i] !== 0) active[i % units] = 1;
      for (let unit = 0; unit < units; unit++) answered[unit] = answered[unit]! + active[unit]!;
    }
  }

  result(images: number): Pick<LayerReport, 'units' | 'activations' | 'rectified' | 'active' | 'dead'> {
    const activations = this.statistics.result();
    const rectified = activations.minimum >= 0;
    const active = Array.from(this.answered, count => count / images);
    return {
      ...{ units: this.units, activations, rectified, active },
      dead: rectified ? active.filter(share => share === 0).length : 0,
    };
  }
}
