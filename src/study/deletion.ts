import { Sampler } from '../kernels/sampler.ts';
import type { Model } from '../nn/model.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';
import { type HostArray, probabilitiesOf } from './arrays.ts';
import { black } from './integrated-gradients.ts';
import { type BatchOptions, outputsOf, singleImage, type TargetOptions } from './variants.ts';

export interface DeletionOptions extends TargetOptions, BatchOptions {
  /** What stands where a pixel is gone; default black. */
  readonly baseline?: HostArray;
  /** Parts that the foreground is taken away in; default 20. */
  readonly steps?: number;
  /** Random orders whose mean is the control; default 8. */
  readonly orders?: number;
  /** Of the random orders; default 1. */
  readonly seed?: number;
}

/** Probability of the target as the picture is changed, at 0, 1 / steps, ... 1 of the foreground. */
export interface Curve {
  readonly probabilities: Float64Array;
  /** Mean height, by trapezoids: 0 to 1. */
  readonly area: number;
}

export interface DeletionInsertion {
  /** The most important pixels are taken away first: a good order makes it fall early, a small area. */
  readonly deletion: Curve;
  /** They are the first to be put back on the baseline: a good order makes it rise early, a large area. */
  readonly insertion: Curve;
}

export interface DeletionCurves<K extends string> {
  readonly maps: Readonly<Record<K, DeletionInsertion>>;
  /** Mean over random orders of the foreground. */
  readonly random: DeletionInsertion;
  /** The pixels that differ most from the baseline first: what a map must beat to know more than the picture. */
  readonly magnitude: DeletionInsertion;
  /** Pixels that differ from the baseline: only they are taken away and put back, in any order. */
  readonly foreground: number;
}

/**
 * Deletion and insertion: how fast the target's probability falls when pixels are taken away in the order of a map, and rises
 * when they are put back. V. Petsiuk, A. Das, K. Saenko, "RISE" (2018). On pictures with black ground a random order of all
 * pixels is an easy match, since most of them change nothing: so all orders keep to the foreground, and a second control
 * goes by brightness alone.
 *
 * @param maps scores of the pixels, [H, W], the higher the more they speak for the target; by name.
 * @throws ShapeError, ValueError for a picture, map, class or number that does not fit.
 */
export async function deletionCurves<K extends string>(
  model: Model,
  image: HostArray,
  maps: Readonly<Record<K, HostArray>>,
  options: DeletionOptions,
): Promise<DeletionCurves<K>> {
  const { steps = 20, orders = 8, seed = 1 } = options;
  for (const [what, n] of Object.entries({ steps, orders })) {
    if (!Number.isInteger(n) || n < 1) throw new ValueError(`deletionCurves: ${n} ${what}; take 1 or more`);
  }
  const [height, width, channels] = model.inputShape as [number, number, number];
  const whole = singleImage(model, image);
  const empty = singleImage(model, options.baseline ?? black(image));
  const differences = Float64Array.from({ length: height * width }, (_, pixel) => {
    let most = 0;
    for (let i = pixel * channels; i < (pixel + 1) * channels; i++)
      most = Math.max(most, Math.abs(whole[i]! - empty[i]!));
    return most;
  });
  const foreground = [...differences.keys()].filter(pixel => differences[pixel]! > 0);
  // Ties go by position in every order, which is as good as any.
  const by = (scores: ArrayLike<number>) => [...foreground].sort((a, b) => scores[b]! - scores[a]!);
  const measure = (order: readonly number[]) => curvesOf(model, { whole, empty, order, channels, steps }, options);

  const found: Partial<Record<K, DeletionInsertion>> = {};
  for (const [name, map] of Object.entries(maps) as [K, HostArray][]) {
    if (map.shape.join() !== `${height},${width}`) {
      throw new ShapeError(
        `deletionCurves: map '${name}' is [${map.shape.join(', ')}], expected [${height}, ${width}]`,
      );
    }
    found[name] = await measure(by(map.values));
  }
  const random = new Sampler(seed);
  const drawn: DeletionInsertion[] = [];
  for (let i = 0; i < orders; i++) drawn.push(await measure(by(differences.map(() => random.uniform()))));
  return {
    maps: found as Record<K, DeletionInsertion>,
    random: {
      deletion: meanCurve(drawn.map(({ deletion }) => deletion)),
      insertion: meanCurve(drawn.map(({ insertion }) => insertion)),
    },
    magnitude: await measure(by(differences)),
    foreground: foreground.length,
  };
}

interface Path {
  readonly whole: Float64Array;
  readonly empty: Float64Array;
  /** Pixels, the most important first. */
  readonly order: readonly number[];
  readonly channels: number;
  readonly steps: number;
}

async function curvesOf(model: Model, path: Path, options: DeletionOptions): Promise<DeletionInsertion> {
  const { whole, empty, order, channels, steps } = path;
  const change = (from: Float64Array, to: Float64Array) => ({
    count: steps + 1,
    write: (into: Float64Array, step: number) => {
      into.set(from);
      for (const pixel of order.slice(0, Math.round((step / steps) * order.length))) {
        for (let i = pixel * channels; i < (pixel + 1) * channels; i++) into[i] = to[i]!;
      }
    },
  });
  const curve = async (from: Float64Array, to: Float64Array) => {
    const logits = await outputsOf(model, change(from, to), options);
    const { values } = probabilitiesOf(logits);
    const classes = model.outputShape[0]!;
    return withArea(Float64Array.from({ length: steps + 1 }, (_, row) => values[row * classes + options.target]!));
  };
  return { deletion: await curve(whole, empty), insertion: await curve(empty, whole) };
}

function withArea(probabilities: Float64Array): Curve {
  const steps = probabilities.length - 1;
  const ends = (probabilities[0]! + probabilities[steps]!) / 2;
  return { probabilities, area: (probabilities.reduce((a, b) => a + b, 0) - ends) / steps };
}

function meanCurve(curves: readonly Curve[]): Curve {
  const { length } = curves[0]!.probabilities;
  const mean = (i: number) => curves.reduce((sum, curve) => sum + curve.probabilities[i]!, 0) / curves.length;
  return withArea(Float64Array.from({ length }, (_, i) => mean(i)));
}
