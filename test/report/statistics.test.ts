import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import {
  deviation,
  hits,
  mcnemar,
  pairedDifference,
  quantile,
  studentQuantile,
  welchFreedom,
  wilson,
} from '../../src/report/statistics.ts';

describe('mcnemar', () => {
  it('is the exact two-sided binomial test on the discordant images', () => {
    // 2 * (C(10,0) + C(10,1)) / 2^10 and 2 * (1 + 12 + 66 + 220) / 2^12.
    expect(mcnemar(1, 9)).toBeCloseTo(22 / 1024, 12);
    expect(mcnemar(9, 3)).toBeCloseTo(598 / 4096, 12);
    // Two textbook values of the exact test.
    expect(mcnemar(5, 1)).toBeCloseTo(0.21875, 10);
    expect(mcnemar(0, 6)).toBeCloseTo(0.03125, 12);
  });

  it('is 1 where nothing speaks for either', () => {
    expect(mcnemar(0, 0)).toBe(1);
    expect(mcnemar(7, 7)).toBe(1);
  });

  it('does not break on counts whose powers of two underflow', () => {
    expect(mcnemar(1500, 1400)).toBeCloseTo(0.066, 3);
    expect(mcnemar(4000, 500)).toBeLessThan(1e-100);
  });
});

describe('pairedDifference', () => {
  const random = new Sampler(3);
  const first = Uint8Array.from({ length: 2000 }, () => Number(random.uniform() < 0.9));
  const second = first.map(hit => Number(random.uniform() < 0.9 ? hit : random.int(0, 1)));

  it('gives the same interval for the same seed, and about the normal one', () => {
    const found = pairedDifference(first, second, { resamples: 1000 });
    expect(pairedDifference(first, second, { resamples: 1000 })).toEqual(found);
    expect(pairedDifference(first, second, { resamples: 11, seed: 2 })).not.toEqual(
      pairedDifference(first, second, { resamples: 11, seed: 3 }),
    );
    const n = first.length;
    const discordant = (found.onlyFirst + found.onlySecond) / n;
    const error = Math.sqrt((discordant - found.difference ** 2) / n);
    expect(found.difference).toBe((found.onlyFirst - found.onlySecond) / n);
    expect(found.low).toBeGreaterThan(found.difference - 2.2 * error);
    expect(found.low).toBeLessThan(found.difference - 1.7 * error);
    expect(found.high).toBeLessThan(found.difference + 2.2 * error);
    expect(found.high).toBeGreaterThan(found.difference + 1.7 * error);
    expect(found.p).toBe(mcnemar(found.onlyFirst, found.onlySecond));
  });

  it('is nothing between a model and itself, and changes sign with the order', () => {
    expect(pairedDifference(first, first, { resamples: 50 })).toMatchObject({ difference: 0, low: 0, high: 0, p: 1 });
    const [ab, ba] = [pairedDifference(first, second), pairedDifference(second, first)];
    expect(ba.difference).toBe(-ab.difference);
    expect(ba.low).toBeCloseTo(-ab.high, 12);
  });

  it('refuses outcomes of different images', () => {
    expect(() => pairedDifference(first, second.subarray(1))).toThrow(/2000 and 1999 images/);
    expect(() => pairedDifference(new Uint8Array(), new Uint8Array())).toThrow(/not none/);
  });
});

describe('intervals', () => {
  it('wilson gives the published values and stays within 0 and 1', () => {
    // R. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
    const cases = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const;
    for (const [successes, trials, low, high] of cases) {
      expect(wilson(successes, trials).low).toBeCloseTo(low, 4);
      expect(wilson(successes, trials).high).toBeCloseTo(high, 4);
    }
    expect(wilson(20, 20).high).toBe(1);
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });

  it('studentQuantile gives the values of the tables', () => {
    expect(studentQuantile(0.975, 1)).toBeCloseTo(12.7062, 4);
    expect(studentQuantile(0.975, 2)).toBeCloseTo(4.30265, 5);
    expect(studentQuantile(0.975, 4)).toBeCloseTo(2.77645, 5);
    expect(studentQuantile(0.95, 10)).toBeCloseTo(1.81246, 5);
    expect(studentQuantile(0.975, 1e6)).toBeCloseTo(1.95997, 4);
  });

  it('welchFreedom is that of one sample where both are alike, and of the one that varies where one does not', () => {
    expect(welchFreedom([2, 3, 4], [0, 1, 2])).toBeCloseTo(4, 12);
    expect(welchFreedom([2, 3, 4], [1, 1, 1])).toBeCloseTo(2, 12);
    // Variances 1 and 100 of three and of five values.
    expect(
      welchFreedom(
        [1, 2, 3],
        [-10, -5, 0, 5, 10].map(v => v * Math.sqrt(1.6)),
      ),
    ).toBeCloseTo((1 / 3 + 20) ** 2 / (1 / 18 + 100), 9);
    expect(welchFreedom([1, 1], [0, 0])).toBeNaN();
  });

  it('deviation and quantile', () => {
    expect(deviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.13809, 5);
    expect(deviation([1])).toBeNaN();
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3], 1)).toBe(3);
  });

  it('hits marks what was classified correctly', () => {
    expect([...hits([0, 1, 2], [0, 2, 2])]).toEqual([1, 0, 1]);
  });
});
