/** How alike two maps are: by the order of their values, and by their structure. */
import { ShapeError } from '../platform/errors.ts';
import type { HostArray } from './arrays.ts';
import { blur, magnitude } from './image-filters.ts';

/**
 * Spearman's rank correlation: 1 where both maps order the pixels alike, -1 where in reverse, about 0 where one says nothing
 * of the other. Equal values share the mean of their ranks. A map whose values are all equal orders nothing: 0.
 * @throws ShapeError when the maps are not of one size.
 */
export function rankCorrelation(a: HostArray, b: HostArray): number {
  checkSizes('rankCorrelation', a, b);
  return correlation(ranks(a.values), ranks(b.values));
}

function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const found = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) found[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return found;
}

function correlation(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [average(a), average(b)];
  let [covariance, varianceA, varianceB] = [0, 0, 0];
  a.forEach((value, i) => {
    covariance += (value - meanA) * (b[i]! - meanB);
    varianceA += (value - meanA) ** 2;
    varianceB += (b[i]! - meanB) ** 2;
  });
  return varianceA === 0 || varianceB === 0 ? 0 : covariance / Math.sqrt(varianceA * varianceB);
}

const average = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of the window, in pixels, as in the paper. */
const SIGMA = 1.5;
/** (K L)^2 of the paper for maps from 0 to 1. */
const STABILISERS = [0.01 ** 2, 0.03 ** 2] as const;

/**
 * Structural similarity of two maps [H, W]: 1 for the same map, about 0 for unrelated ones. Z. Wang et al., "Image Quality
 * Assessment: From Error Visibility to Structural Similarity" (2004); each map is stretched to 0 to 1 first, so only its
 * form counts.
 * @throws ShapeError when the maps are not of one size.
 */
export function structuralSimilarity(a: HostArray, b: HostArray): number {
  checkSizes('structuralSimilarity', a, b);
  const [x, y] = [toUnit(a), toUnit(b)];
  const local = (value: (i: number) => number) =>
    blur({ shape: x.shape, values: x.values.map((_: number, i: number) => value(i)) }, SIGMA).values;
  const [meanX, meanY] = [blur(x, SIGMA).values, blur(y, SIGMA).values];
  const squareX = local(i => x.values[i]! ** 2);
  const squareY = local(i => y.values[i]! ** 2);
  const product = local(i => x.values[i]! * y.values[i]!);
  const [c1, c2] = STABILISERS;
  const similarities = Float64Array.from(meanX, (mx, i) => {
    const my = meanY[i]!;
    const [varianceX, varianceY, covariance] = [squareX[i]! - mx ** 2, squareY[i]! - my ** 2, product[i]! - mx * my];
    return ((2 * mx * my + c1) * (2 * covariance + c2)) / ((mx ** 2 + my ** 2 + c1) * (varianceX + varianceY + c2));
  });
  return average(similarities);
}

/** Stretched so that the smallest value is 0 and the largest 1; zeros where all are equal. */
function toUnit({ shape, values }: HostArray): { shape: HostArray['shape']; values: Float64Array } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { shape, values: Float64Array.from(values, value => (high > low ? (value - low) / (high - low) : 0)) };
}

function checkSizes(what: string, a: HostArray, b: HostArray): void {
  if (a.shape.join() === b.shape.join()) return;
  throw new ShapeError(
    `${what}: maps of one shape are compared, got [${a.shape.join(', ')}] and [${b.shape.join(', ')}]`,
  );
}

/** How alike two maps are; their magnitudes, since a sign may turn over without anybody seeing something else. */
export interface MapSimilarity {
  /**
   * Spearman's, from -1 to 1, over the pixels of the foreground, which are not 0 in the picture: a black background on
   * which two maps have nothing to say would make any two alike.
   */
  readonly rank: number;
  /** The same over all pixels. */
  readonly rankOfAll: number;
  /** Structural similarity, up to 1. */
  readonly structure: number;
}

/** Compares maps, [H, W] or [H, W, C], of one picture. */
export function compareMaps(image: HostArray): (a: HostArray, b: HostArray) => MapSimilarity {
  const foreground = magnitude(image).values;
  return (a, b) => {
    const [x, y] = [magnitude(a), magnitude(b)];
    return {
      rank: rankCorrelation(only(x, foreground), only(y, foreground)),
      rankOfAll: rankCorrelation(x, y),
      structure: structuralSimilarity(x, y),
    };
  };
}

/** The values of a map [H, W] where another array of numbers is not 0, in a row. */
function only({ values }: HostArray, where: ArrayLike<number>): HostArray {
  const kept = values.filter((_: number, i: number) => where[i] !== 0);
  return { shape: [kept.length], values: kept };
}
