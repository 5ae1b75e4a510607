import { philox4x32, seedKey, toBelow } from '../../kernels/philox.ts';
import { ValueError } from '../../platform/errors.ts';
import { deviation, type Interval, mean, quantile, studentQuantile, welchFreedom } from '../statistics.ts';

/** How two models differ over several seeds each, on the same test images. */
export interface SeedsDifference extends Interval {
  /** Mean accuracy of the first less that of the second. */
  readonly difference: number;
  /** Two-sided, of no difference at all; never below 2 / (resamples + 1), which is as far as so many resamples can see. */
  readonly p: number;
  /** Seeds of the first and of the second. */
  readonly seeds: readonly [number, number];
}

/** Sets these draws apart from those of other purposes under the same seed. */
const PURPOSE = 0x68696572;
const NORMAL = 1.959963984540054;

/**
 * Difference of two models by a bootstrap over seeds and images. A round is the sum of two draws: test images, the same for
 * all runs since all were tested on the same ones, judged by the mean of a model's runs; and, of each model, seeds, by
 * their accuracies on all images. What one seed makes of one image would be in both, and three times in a draw of seeds and
 * images together (A. Owen, "The pigeonhole bootstrap", 2007); it is left to the seeds, and the images' part is narrowed by it.
 *
 * Few seeds resampled among themselves vary by too little: k of them by (k - 1) / k of the variance, and as if their
 * deviation were known. So their part of a round is widened to what Student's t allows it. The law that follows: where only
 * seeds differ, the interval is nearly Welch's; where all seeds give the same answers, it is that of `pairedDifference`.
 *
 * @param first of each run, which images it got right, as zeros and ones; `second` likewise, of the same images.
 * @throws ValueError for fewer than two runs of either, or runs on different images.
 */
export function seedsDifference(
  first: readonly Uint8Array[],
  second: readonly Uint8Array[],
  options: { seed?: number; resamples?: number } = {},
): SeedsDifference {
  const { seed = 1, resamples = 2000 } = options;
  const images = first[0]?.length ?? 0;
  checkRuns(first, second, images);
  const [k0, k1] = seedKey(seed);
  const [a, b] = [first.map(share), second.map(share)] as const;
  const t = deviation(a) + deviation(b) === 0 ? 1 : studentQuantile(0.975, welchFreedom(a, b)) / NORMAL;
  // Of each image, the share of the first's runs that got it right less that of the second's.
  const gains = Float64Array.from({ length: images }, (_, i) => rightOf(first, i) - rightOf(second, i));
  const narrowing = Math.sqrt(shareOfImages(gains, first, second));
  const words = new Uint32Array(4);
  const drawSeeds = (accuracies: readonly number[], round: number, side: number) => {
    const chosen = accuracies.map((_, i) => {
      if (i % 4 === 0) philox4x32(i / 4, round, side, PURPOSE, k0, k1, words);
      return accuracies[toBelow(words[i % 4]!, accuracies.length)]!;
    });
    const k = accuracies.length;
    return t * Math.sqrt(k / (k - 1)) * (mean(chosen) - mean(accuracies));
  };
  const difference = mean(a) - mean(b);
  const differences = new Float64Array(resamples);
  for (let round = 0; round < resamples; round++) {
    let sum = 0;
    for (let i = 0; i < images; i++) {
      if (i % 4 === 0) philox4x32(i / 4, round, 0, PURPOSE, k0, k1, words);
      sum += gains[toBelow(words[i % 4]!, images)]!;
    }
    const drawn = difference + narrowing * (sum / images - difference);
    differences[round] = drawn + drawSeeds(a, round, 1) - drawSeeds(b, round, 2);
  }
  differences.sort();
  return {
    difference,
    low: quantile(differences, 0.025),
    high: quantile(differences, 0.975),
    p: pOf(differences),
    seeds: [first.length, second.length],
  };
}

function checkRuns(first: readonly Uint8Array[], second: readonly Uint8Array[], images: number): void {
  const [short] = [first, second].filter(runs => runs.length < 2);
  if (short)
    throw new ValueError(
      `bootstrap over seeds: ${short.length} runs of a model; it needs two or more, train more seeds`,
    );
  const other = [...first, ...second].find(run => run.length !== images || images === 0);
  if (other) {
    throw new ValueError(
      `bootstrap over seeds: ${images} and ${other.length} images; all runs need the same ones, not none`,
    );
  }
}

/** Share of the runs that got image `i` right. */
function rightOf(runs: readonly Uint8Array[], i: number): number {
  let sum = 0;
  for (const run of runs) sum += run[i]!;
  return sum / runs.length;
}

/**
 * How much of the variance of the gains lies between the images: the rest is of seeds that differ about the same image,
 * p (1 - p) / (k - 1) of it in the mean of k runs (for zeros and ones with the share p, that is their variance over k).
 */
function shareOfImages(gains: Float64Array, first: readonly Uint8Array[], second: readonly Uint8Array[]): number {
  const centre = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  let [all, within] = [0, 0];
  for (let i = 0; i < gains.length; i++) {
    all += (gains[i]! - centre) ** 2;
    for (const runs of [first, second]) {
      const p = rightOf(runs, i);
      within += (p * (1 - p)) / (runs.length - 1);
    }
  }
  return all === 0 ? 0 : Math.max(0, 1 - within / all);
}

function share(hit: Uint8Array): number {
  let sum = 0;
  for (const h of hit) sum += h;
  return sum / hit.length;
}

/** Twice the share of rounds on the rarer side of zero; a round at zero speaks for both sides. */
function pOf(sorted: Float64Array): number {
  const below = sorted.filter(d => d <= 0).length;
  const above = sorted.filter(d => d >= 0).length;
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (sorted.length + 1));
}

/**
 * p-values that hold for all of several questions at once: S. Holm, "A simple sequentially rejective multiple test
 * procedure" (1979). The chance that any true null is rejected at 0.05 stays below 0.05, whatever ties the tests together.
 * @returns in the order in which they were given.
 */
export function holm(p: readonly number[]): number[] {
  const order = [...p.keys()].sort((a, b) => p[a]! - p[b]!);
  const adjusted = new Array<number>(p.length);
  let largest = 0;
  order.forEach((place, rank) => {
    largest = Math.max(largest, Math.min(1, (p.length - rank) * p[place]!));
    adjusted[place] = largest;
  });
  return adjusted;
}
