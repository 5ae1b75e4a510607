import { philox4x32, seedKey, toBelow } from '../kernels/philox.ts';
import { ValueError } from '../platform/errors.ts';

/** A range that is meant to hold the true value 95 times out of 100. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Which images were classified rightly, as zeros and ones. */
export function hits(labels: ArrayLike<number>, predictions: ArrayLike<number>): Uint8Array {
  return Uint8Array.from({ length: labels.length }, (_, i) => Number(labels[i] === predictions[i]));
}

const Z = 1.959963984540054;

/**
 * 95 % interval of a share: E. B. Wilson, "Probable inference, the law of succession, and statistical inference"
 * (1927). Unlike the usual one it stays within 0 and 1 and is right for shares near them.
 */
export function wilson(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const share = successes / trials;
  const z2 = (Z * Z) / trials;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = (Z * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials))) / (1 + z2);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * Exact McNemar test of two classifiers on the same images: Q. McNemar, "Note on the sampling error of the difference
 * between correlated proportions or percentages" (1947). Only images that one got right and the other wrong count; were
 * both equally good, these would fall either way like coins.
 *
 * @param onlyA images that only the first got right; `onlyB`: only the second.
 * @returns two-sided p: the probability of a split at least this uneven.
 */
export function mcnemar(onlyA: number, onlyB: number): number {
  const n = onlyA + onlyB;
  const smaller = Math.min(onlyA, onlyB);
  if (n === 0) return 1;
  let sum = 0;
  let logChoose = 0;
  for (let i = 0; i <= smaller; i++) {
    sum += Math.exp(logChoose - n * Math.LN2);
    logChoose += Math.log(n - i) - Math.log(i + 1);
  }
  return Math.min(1, 2 * sum);
}

export interface PairedDifference extends Interval {
  /** Accuracy of the first less that of the second, on these images. */
  readonly difference: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Of the exact McNemar test. */
  readonly p: number;
}

/** Sets these draws apart from those of other purposes under the same seed. */
const PURPOSE = 0x626f6f74;

/**
 * Compares two models on the same test images: McNemar's p, and a 95 % percentile bootstrap interval of the difference
 * (B. Efron, "Bootstrap methods: another look at the jackknife", 1979), resampling images with both their outcomes.
 * Says how much the choice of test images matters; nothing about other seeds of training.
 *
 * @param first which images the first model got right, zeros and ones; `second` likewise, of the same images.
 */
export function pairedDifference(
  first: Uint8Array,
  second: Uint8Array,
  options: { seed?: number; resamples?: number } = {},
): PairedDifference {
  const { seed = 1, resamples = 2000 } = options;
  const n = first.length;
  if (n === 0 || n !== second.length) {
    throw new ValueError(
      `paired difference: ${n} and ${second.length} images; both models need the same ones, not none`,
    );
  }
  const gain = Int8Array.from(first, (hit, i) => hit - second[i]!);
  const onlyFirst = gain.filter(g => g > 0).length;
  const onlySecond = gain.filter(g => g < 0).length;
  const [k0, k1] = seedKey(seed);
  const words = new Uint32Array(4);
  const differences = new Float64Array(resamples);
  for (let round = 0; round < resamples; round++) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      if (i % 4 === 0) philox4x32(i / 4, round, 0, PURPOSE, k0, k1, words);
      sum += gain[toBelow(words[i % 4]!, n)]!;
    }
    differences[round] = sum / n;
  }
  differences.sort();
  return {
    difference: (onlyFirst - onlySecond) / n,
    low: quantile(differences, 0.025),
    high: quantile(differences, 0.975),
    onlyFirst,
    onlySecond,
    p: mcnemar(onlyFirst, onlySecond),
  };
}

/** Of sorted values, with linear interpolation between neighbours. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (at - below) * ((sorted[below + 1] ?? low) - low);
}

export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Standard deviation of a sample (n - 1); NaN for fewer than two. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1));
}

/**
 * Degrees of freedom of the difference of the means of two samples: B. L. Welch, "The generalization of 'Student's' problem
 * when several different population variances are involved" (1947). NaN where nothing varies.
 */
export function welchFreedom(a: readonly number[], b: readonly number[]): number {
  const [va, vb] = [deviation(a) ** 2 / a.length, deviation(b) ** 2 / b.length];
  return (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1));
}

/** The value below which Student's t with `freedom` degrees of freedom falls with probability `p` > 0.5. */
export function studentQuantile(p: number, freedom: number): number {
  // P(t > x) = I(freedom / (freedom + x^2); freedom / 2, 1 / 2) / 2, which falls with x: halve the bracket.
  const above = (x: number) => incompleteBeta(freedom / (freedom + x * x), freedom / 2, 0.5) / 2;
  let low = 0;
  let high = 1;
  while (above(high) > 1 - p) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (above(middle) > 1 - p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularised incomplete beta function I(x; a, b), by its continued fraction (Abramowitz and Stegun 26.5.8). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges quickly on this side only.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  let fraction = 1;
  for (let m = 200; m >= 1; m--) {
    const half = m >> 1;
    const numerator =
      m % 2 === 0
        ? (half * (b - half) * x) / ((a + m - 1) * (a + m))
        : (-(a + half) * (a + b + half) * x) / ((a + m - 1) * (a + m));
    fraction = 1 + numerator / fraction;
  }
  return front / fraction;
}

/** log gamma(x), x > 0: Stirling's series after shifting x to where four terms give 1e-15. */
function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  while (y < 20) shift += Math.log(y++);
  const r = 1 / (y * y);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
