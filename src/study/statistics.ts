/** What a great many numbers are like, gathered part by part, so that they need not lie in memory together. */

/** Bins of a histogram, half of them below zero. */
export const BINS = 64;

/** How often values lie where: `counts[i]` of them in [-range + i w, -range + (i + 1) w), w = 2 range / counts.length. */
export interface Histogram {
  /** A power of two, so that histograms of different moments can be laid over each other. */
  readonly range: number;
  readonly counts: readonly number[];
}

export interface ValueStatistics {
  readonly count: number;
  /** Share that is exactly zero; these are not in the histogram, in which they would hide all others. */
  readonly zeros: number;
  readonly mean: number;
  /** Standard deviation around the mean. */
  readonly deviation: number;
  /** Root of the sum of the squares. */
  readonly norm: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly notFinite: number;
  readonly histogram: Histogram;
}

/** Gathers {@link ValueStatistics} in float64. */
export class StatisticsCollector {
  private count = 0;
  private zeros = 0;
  private notFinite = 0;
  private sum = 0;
  private squares = 0;
  private minimum = Number.POSITIVE_INFINITY;
  private maximum = Number.NEGATIVE_INFINITY;
  private range = 0;
  private counts = new Array<number>(BINS).fill(0);

  add(values: ArrayLike<number>): void {
    this.widenTo(largestOf(values));
    const perUnit = this.range > 0 ? BINS / (2 * this.range) : 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      this.count++;
      if (!Number.isFinite(value)) {
        this.notFinite++;
        continue;
      }
      if (value < this.minimum) this.minimum = value;
      if (value > this.maximum) this.maximum = value;
      if (value === 0) {
        this.zeros++;
        continue;
      }
      this.sum += value;
      this.squares += value * value;
      const bin = Math.floor((value + this.range) * perUnit);
      this.counts[bin] = this.counts[bin]! + 1;
    }
  }

  /** Two neighbouring bins become one, as often as it takes until the largest value fits in. */
  private widenTo(largest: number): void {
    if (largest === 0) return;
    if (this.range === 0) this.range = 2 ** Math.floor(Math.log2(largest));
    // Above all of them: a bin has a lower end of its own and not an upper one.
    while (this.range <= largest) {
      const old = this.counts;
      this.counts = new Array<number>(BINS).fill(0);
      old.forEach((count, i) => {
        const bin = BINS / 4 + Math.floor(i / 2);
        this.counts[bin] = this.counts[bin]! + count;
      });
      this.range *= 2;
    }
  }

  /** Of all that was added. */
  result(): ValueStatistics {
    const { count, zeros, notFinite, sum, squares, range, counts } = this;
    const finite = count - notFinite;
    const mean = sum / finite;
    return {
      count,
      zeros: zeros / count,
      mean,
      deviation: Math.sqrt(Math.max(0, squares / finite - mean * mean)),
      norm: Math.sqrt(squares),
      minimum: this.minimum,
      maximum: this.maximum,
      notFinite,
      histogram: { range, counts: [...counts] },
    };
  }
}

function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!);
    if (size > largest && size !== Number.POSITIVE_INFINITY) largest = size;
  }
  return largest;
}

export function statisticsOf(values: ArrayLike<number>): ValueStatistics {
  const collector = new StatisticsCollector();
  collector.add(values);
  return collector.result();
}
