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
 * Difference of two models by a bootstrap over seeds and images: each round draws test images (the same for all runs,
 * since all were tested on the same ones) and, of each model, seeds. A. Davison and D. Hinkley, "Bootstrap Methods and
 * their Application" (1997), section 3.8, on data of two levels.
 *
 * Few seeds resampled among themselves vary by too little: k of them by (k - 1) / k of the variance, and as if their
 * deviation were known. So the part of a round that stems from the choice of seeds is widened to what Student's t allows
 * it. The law that follows: where only seeds differ, the interval is nearly Welch's; where all seeds give the same
 * answers, it is that of `pairedDifference`.
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
  const sides = [first, second].map(runs => ({ runs, widening: wideningOf(first, second, runs.length) }));
  const drawn = new Uint32Array(images);
  const words = new Uint32Array(4);
  const differences = new Float64Array(resamples);
  for (let round = 0; round < resamples; round++) {
    for (let i = 0; i < images; i++) {
      if (i % 4 === 0) philox4x32(i / 4, round, 0, PURPOSE, k0, k1, words);
      drawn[i] = toBelow(words[i % 4]!, images);
    }
    const [a, b] = sides.map(({ runs, widening }, side) => {
      const accuracies = runs.map(hit => shareOf(hit, drawn));
      const chosen = accuracies.map((_, i) => {
        if (i % 4 === 0) philox4x32(i / 4, round, 1 + side, PURPOSE, k0, k1, words);
        return accuracies[toBelow(words[i % 4]!, accuracies.length)]!;
      });
      const centre = mean(accuracies);
      return centre + widening * (mean(chosen) - centre);
    }) as [number, number];
    differences[round] = a - b;
  }
  differences.sort();
  const seeds = [first.length, second.length] as const;
  const difference = mean(first.map(share)) - mean(second.map(share));
  return {
    difference,
    low: quantile(differences, 0.025),
    high: quantile(differences, 0.975),
    p: pOf(differences),
    seeds,
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

/** Student's t in place of the normal, and k / (k - 1) of the variance. */
function wideningOf(first: readonly Uint8Array[], second: readonly Uint8Array[], k: number): number {
  const [a, b] = [first.map(share), second.map(share)] as const;
  if (deviation(a) + deviation(b) === 0) return 1;
  return Math.sqrt(k / (k - 1)) * (studentQuantile(0.975, welchFreedom(a, b)) / NORMAL);
}

function share(hit: Uint8Array): number {
  let sum = 0;
  for (const h of hit) sum += h;
  return sum / hit.length;
}

function shareOf(hit: Uint8Array, drawn: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < drawn.length; i++) sum += hit[drawn[i]!]!;
  return sum / drawn.length;
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
