import { philox4x32, seedKey, toBelow, toUnit } from './philox.ts';

/** Seeded random choices for shapes and test data: the same seed gives the same sequence on every machine. */
export class Sampler {
  private readonly key: [number, number];
  private counter = 0;

  constructor(seed: number) {
    this.key = seedKey(seed);
  }

  private word(): number {
    return philox4x32(this.counter++, 0, 0, 0x5a3b1e, ...this.key)[0]!;
  }

  /** Uniform in [0, 1). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * toUnit(this.word());
  }

  /** A whole number from low to high, both included. */
  int(low: number, high: number): number {
    return low + toBelow(this.word(), high - low + 1);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)]!;
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Normal numbers rounded to float32, so that both sides of a comparison start from the same values. */
  normals(size: number): Float64Array {
    return Float64Array.from({ length: size }, () => Math.fround(this.normal()));
  }
}
