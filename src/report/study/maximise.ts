import { type BuiltLayer, type Model, walk } from '../../nn/index.ts';
import { type Goal, maximise } from '../../study/maximise.ts';
import { responses } from '../../study/responses.ts';
import { type Block, heading, muted, sheets, text } from '../document.ts';
import { count, minus } from '../format.ts';
import { pictureOf, pictureOfValues } from '../pictures.ts';
import { contactSheet } from '../sheet.ts';
import { deviation, mean } from '../statistics.ts';
import type { Picture } from '../types.ts';
import { atLeast, operationsFor } from './budget.ts';
import { weightedLayers } from './inspected.ts';
import { spread } from './spread.ts';
import type { Study, Subject } from './study.ts';

interface Maximum {
  readonly unit: number;
  /** A class, where the layer gives the logits. */
  readonly name?: string;
  readonly picture: Picture;
  /** All values are those of the unit before its activation function: with this picture ... */
  readonly value: number;
  /** ... with the real picture that it answers to most ... */
  readonly best: { readonly value: number; readonly number: number; readonly picture: Picture };
  /** ... their mean and deviation over all real pictures. */
  readonly mean: number;
  readonly deviation: number;
  /** The same search in the network with random weights. */
  readonly untrained: Picture;
}

interface MaximiseResult {
  readonly images: string;
  readonly goal: Goal;
  readonly steps: number;
  readonly layers: readonly { readonly layer: string; readonly units: number; readonly found: readonly Maximum[] }[];
}

const GOAL: Goal = 'channel';
const STEPS = 128;
/** Layers, spread over the depth, and units of each that is not the last. */
const LAYERS = 4;
const UNITS = 8;
const SEED = 1;
/** Floating-point operations of the whole study, and units of a layer that are shown however many they take. */
const BUDGET = { software: 3e12, gpu: 1e15 };
const FEWEST = 2;
/** Networks, and passes of a step: forward, and backward twice as dear. */
const COPIES = 2;
const PASSES = 3;
/** In deviations: at a tenth of it pictures are grain, at ten times of it they are grey. */
const TOTAL_VARIATION = 10;
const SCALE = 2;

/** The picture that each unit would answer to most, found by gradient ascent. */
export const maximiseStudy: Study<MaximiseResult> = {
  name: 'maximise',
  title: 'What each unit would like to see',
  describe: 'pictures found by gradient ascent on a unit, beside the best real image and the same of random weights',
  unfit: ({ run }) => (run.model.inputShape.length === 3 ? undefined : 'the network does not take pictures'),
  run: study,
  section,
};

async function study(subject: Subject): Promise<MaximiseResult> {
  const { engine, run, unseen, progress } = subject;
  const built = weightedLayers(run.model);
  const places = spread(built.length, LAYERS);
  const each = places.reduce((sum, place) => sum + flopsUpTo(run.model, built[place]!), 0) * COPIES * PASSES * STEPS;
  const affordable = Math.max(atLeast(engine, FEWEST), Math.floor(operationsFor(engine, BUDGET) / each));
  const layers: MaximiseResult['layers'][number][] = [];
  for (const [i, place] of places.entries()) {
    const { name: layer, output } = built[place]!;
    const units = output[output.length - 1]!;
    progress(`maximise: ${layer}, layer ${i + 1} of ${places.length}`);
    const isLast = place === built.length - 1;
    const names = isLast && units === unseen.images.classes.length ? unseen.images.classes : undefined;
    const wanted = Math.min(units, names ? units : UNITS, affordable);
    const shown = Array.from({ length: wanted }, (_, unit) => unit);
    const found = await maximaOf(subject, layer, shown);
    layers.push({ layer, units, found: found.map(one => ({ ...one, ...(names && { name: names[one.unit]! }) })) });
  }
  return { images: `${count(unseen.images.count)} ${unseen.what}`, goal: GOAL, steps: STEPS, layers };
}

/** Of one picture, to the end of the layer. */
function flopsUpTo(model: Model, { name }: BuiltLayer): number {
  const all = walk(model.root);
  const end = all.findIndex(layer => layer.name === name);
  return all.slice(0, end + 1).reduce((sum, { flops }) => sum + flops, 0);
}

async function maximaOf({ run, unseen, signal }: Subject, layer: string, units: readonly number[]): Promise<Maximum[]> {
  const { images, numbers } = unseen;
  const untrained = await run.untrained();
  const real = await unitValues(run.model, images, layer, units, signal);
  const control = await unitValues(untrained, images, layer, units, signal);
  // In deviations of each unit, so that differences between neighbours cost the same everywhere.
  const scales = (values: readonly (readonly number[])[]) => values.map(own => deviation(own) || 1);
  const options = { layer, units, goal: GOAL, steps: STEPS, totalVariation: TOTAL_VARIATION, seed: SEED, signal };
  const found = await maximise(run.model, { ...options, scales: scales(real) });
  const random = await maximise(untrained, { ...options, scales: scales(control) });
  const pictureAt = (pictures: Float32Array, i: number) => {
    const size = pictures.length / units.length;
    return pictureOfValues(pictures.subarray(i * size, (i + 1) * size), images);
  };
  return units.map((unit, i): Maximum => {
    const own = real[i]!;
    const best = own.indexOf(Math.max(...own));
    return {
      unit,
      picture: pictureAt(found.pictures, i),
      value: found.values[i]!,
      best: { value: own[best]!, number: numbers[best]!, picture: pictureOf(images, best) },
      mean: mean(own),
      deviation: deviation(own),
      untrained: pictureAt(random.pictures, i),
    };
  });
}

/** What real pictures make of each of some units. */
async function unitValues(
  model: Model,
  images: Subject['unseen']['images'],
  layer: string,
  units: readonly number[],
  signal: AbortSignal,
): Promise<number[][]> {
  const { values, units: all } = await responses(model, images, { layer, goal: GOAL, signal });
  return units.map(unit => Array.from({ length: images.count }, (_, image) => values[image * all + unit]!));
}

function section({ images, goal, steps, layers }: MaximiseResult): Block[] {
  return [
    text(
      `Each column is a unit. Top: a picture made by ${steps} steps of gradient ascent on what the unit has before its ` +
        `activation function${goal === 'channel' ? ', the mean of its map' : ''}. Middle: of ${images} the one with the ` +
        'largest such value. Bottom, the control: the same ascent in the network with random weights. What only the top row ' +
        'shows has been learned.',
    ),
    ...layers.flatMap(layerBlocks),
    muted(
      'Values are in deviations from the mean over the real images. Ascent leaves what the network was trained on: a ' +
        'value far above the best real image says how far.',
    ),
  ];
}

function layerBlocks({ layer, units, found }: MaximiseResult['layers'][number]): Block[] {
  const rows = [
    found.map(({ picture }) => picture),
    found.map(({ best }) => best.picture),
    found.map(one => one.untrained),
  ];
  const away = (value: number, one: Maximum) => minus(((value - one.mean) / (one.deviation || 1)).toFixed(1));
  return [
    heading(layer),
    sheets({
      name: `maximise-${layer.replaceAll('.', '-')}`,
      picture: contactSheet(rows.flat(), { columns: found.length, scale: SCALE, gap: 4 }),
      alt: `Pictures that units of ${layer} answer to most: made, real, and made for random weights`,
      caption: `${found.length} of ${units} units.`,
    }),
    {
      kind: 'table',
      name: `Values of ${layer}`,
      oneLine: true,
      head: ['Unit', ...found.map(({ unit, name }) => name ?? String(unit))],
      rows: [
        ['made', ...found.map(one => away(one.value, one))],
        ['best real image', ...found.map(one => away(one.best.value, one))],
        ['its number', ...found.map(one => String(one.best.number))],
      ],
    },
  ];
}
