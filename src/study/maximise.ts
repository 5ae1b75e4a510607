/**
 * Activation maximisation: the picture that a unit answers to most, by gradient ascent on the picture (D. Erhan et al.,
 * "Visualizing Higher-Layer Features of a Deep Network", 2009), with what makes it a picture and not noise: coordinates in
 * which natural pictures are likely, small random moves, and a price on differences between neighbours (C. Olah et al.,
 * "Feature Visualization", 2017).
 *
 *     const { pictures, values } = await maximise(model, { layer: 'conv3', units: [0, 1, 2] });
 *
 * It always finds something, of a network with random weights too: show that beside it, and what real pictures reach.
 */
import { Sampler } from '../kernels/sampler.ts';
import { sizeOf } from '../kernels/spec.ts';
import type { Model } from '../nn/index.ts';
import { InterruptedError, ShapeError, ValueError } from '../platform/errors.ts';
import { gradients } from '../tensor/autograd.ts';
import { abs, add, affine, clamp, mean, mul, slice, sub, sum } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Ascent } from './ascent.ts';
import { cutModel } from './cut-model.ts';
import { layerOf } from './top-images.ts';
import { inwards, WavePictures } from './wave-pictures.ts';

/** Of a unit with a map: 'channel' is the mean of the map, 'neuron' the value in its middle. A feature is both. */
export type Goal = 'channel' | 'neuron';

export interface MaximiseOptions {
  /** By name; of the logits' layer the units are the classes. */
  readonly layer: string;
  /** Channels or features. One picture is made for each. */
  readonly units: readonly number[];
  /** Default 'channel'. */
  readonly goal?: Goal;
  /** Default 128. */
  readonly steps?: number;
  /** Of Adam. Default 0.05. */
  readonly learningRate?: number;
  /** Pixels by which the picture moves at most between two steps, up, down and sideways. Default 2. */
  readonly jitter?: number;
  /** Price of the mean absolute difference between neighbouring pixels, in units of `scales`. Default 1. */
  readonly totalVariation?: number;
  /** Of each unit, what counts as one: the deviation of its values on real pictures. Default 1. */
  readonly scales?: readonly number[];
  /** Of start and moves. Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Maximised {
  /** [units, H, W, C], 0 to 1. */
  readonly pictures: Float32Array;
  /** What each unit has, before its activation function, with its picture. */
  readonly values: Float32Array;
  /** What it had with the picture of the start. */
  readonly before: Float32Array;
}

/** Steps after which it waits for the device. */
const PATIENCE = 16;

/**
 * One picture for each unit. The same seed gives the same pictures on the same device.
 * @throws ValueError for a layer or unit that does not exist; ShapeError when the network does not take pictures;
 *   InterruptedError when `signal` fires.
 */
export async function maximise(model: Model, options: MaximiseOptions): Promise<Maximised> {
  const { layer, units, jitter = 2, seed = 0 } = options;
  checkUnits(model, options);
  const { engine, inputShape } = model;
  if (inputShape.length !== 3) {
    throw new ShapeError(`maximise: '${model.name}' takes [${inputShape.join(', ')}], not pictures [H, W, C]`);
  }
  const { output } = layerOf(model, layer);
  const random = new Sampler(seed);
  using cut = await cutModel(model, layer);
  using waves = new WavePictures(engine, units.length, inputShape as [number, number, number], jitter);
  using ascent = new Ascent(engine, waves, random);
  using mask = engine.keep(engine.tensor(maskFor(output, options), [units.length, ...output]));
  const valuesOf = (pictures: Tensor) => unitValues(cut, pictures, layer, mask);
  const { values: before } = await readNow(ascent, waves, valuesOf);
  await climb(ascent, waves, random, valuesOf, options);
  return { ...(await readNow(ascent, waves, valuesOf)), before };
}

/** [units]: of each picture the value of the unit that it is for. */
function unitValues(cut: Model, pictures: Tensor, layer: string, mask: Tensor): Tensor {
  const { captured } = cut.forward(pictures, { capture: [layer] });
  const counted = mul(captured[layer]!, mask);
  return sum(counted, { axes: counted.shape.map((_, axis) => axis).slice(1) });
}

/** The middle of the canvases, and the values there. */
async function readNow(ascent: Ascent, waves: WavePictures, valuesOf: (pictures: Tensor) => Tensor) {
  const { engine } = ascent;
  waves.moveTo(waves.margin, waves.margin);
  const { result, made } = engine.collect(() =>
    engine.noGrad(() => {
      const pictures = clamp(waves.draw(ascent.waves), 0, 1);
      return { pictures, values: valuesOf(pictures) };
    }),
  );
  try {
    const [pictures, values] = await Promise.all([result.pictures.data(), result.values.data()]);
    return { pictures: Float32Array.from(pictures), values: Float32Array.from(values) };
  } finally {
    for (const tensor of made) tensor.dispose();
  }
}

function checkUnits(model: Model, { layer, units, scales }: MaximiseOptions): void {
  const { output } = layerOf(model, layer);
  const most = output[output.length - 1]!;
  const wrong = units.find(unit => !(Number.isInteger(unit) && unit >= 0 && unit < most));
  if (wrong !== undefined) throw new ValueError(`maximise: '${layer}' has no unit ${wrong}; it has 0 to ${most - 1}`);
  if (units.length === 0) throw new ValueError('maximise: no unit is named; name one at least');
  if (scales && (scales.length !== units.length || !scales.every(scale => scale > 0))) {
    throw new ValueError(`maximise: scales must be ${units.length} positive numbers, one a unit`);
  }
}

/** What each value of the layer counts for the unit that its row is about. @param output shape of the layer's. */
function maskFor(output: readonly number[], { units, goal = 'channel' }: MaximiseOptions): Float32Array {
  const channels = output[output.length - 1]!;
  const positions = sizeOf(output) / channels;
  const middle = output.length === 3 ? Math.floor(output[0]! / 2) * output[1]! + Math.floor(output[1]! / 2) : 0;
  const mask = new Float32Array(units.length * positions * channels);
  units.forEach((unit, i) => {
    for (let position = 0; position < positions; position++) {
      const counts = goal === 'channel' ? 1 / positions : Number(position === middle);
      mask[(i * positions + position) * channels + unit] = counts;
    }
  });
  return mask;
}

async function climb(
  ascent: Ascent,
  waves: WavePictures,
  random: Sampler,
  valuesOf: (pictures: Tensor) => Tensor,
  { units, scales, jitter = 2, steps = 128, totalVariation = 1, learningRate = 0.05, signal }: MaximiseOptions,
): Promise<void> {
  const { engine } = ascent;
  const shares = units.map((_, i) => 1 / (scales?.[i] ?? 1));
  using weights = engine.keep(engine.tensor(shares));
  for (let step = 1; step <= steps; step++) {
    if (signal?.aborted) throw new InterruptedError('maximising: interrupted');
    waves.moveTo(random.int(0, 2 * jitter), random.int(0, 2 * jitter));
    engine.setStep({ step, learningRate, rows: 0 });
    engine.scope(() => {
      const free = waves.draw(ascent.waves);
      const pictures = clamp(free.detach(), 0, 1).watch();
      const gained = sum(mul(valuesOf(pictures), weights));
      const price = affine(roughness(pictures), totalVariation);
      const [slope] = gradients(sub(price, gained), [pictures]);
      if (slope) ascent.descend(free, inwards(free, slope));
    });
    if (step % PATIENCE === 0) await ascent.waves.data();
  }
}

/** Sum over pictures of the mean absolute difference between neighbours, downwards and sideways. */
function roughness(pictures: Tensor): Tensor {
  const [count, height, width] = pictures.shape as [number, number, number, number];
  const difference = (axis: 1 | 2) => {
    const length = axis === 1 ? height : width;
    const size = pictures.shape.map((n, i) => (i === axis ? length - 1 : n));
    const begin = (offset: number) => pictures.shape.map((_, i) => (i === axis ? offset : 0));
    return mean(abs(sub(slice(pictures, begin(1), size), slice(pictures, begin(0), size))));
  };
  const axes = ([1, 2] as const).filter(axis => (axis === 1 ? height : width) > 1);
  const means = axes.map(difference);
  const [first = pictures.engine.zeros([]), ...others] = means;
  return affine(
    others.reduce((total, value) => add(total, value), first),
    count,
  );
}
