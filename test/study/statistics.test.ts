import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { BINS, StatisticsCollector, statisticsOf } from '../../src/study/statistics.ts';

describe('statistics of values', () => {
  it('are what they are by hand', () => {
    const found = statisticsOf([3, -4, 0, 0]);
    expect(found).toMatchObject({ count: 4, zeros: 0.5, mean: -0.25, norm: 5, minimum: -4, maximum: 3, notFinite: 0 });
    expect(found.deviation).toBeCloseTo(Math.sqrt(25 / 4 - 1 / 16), 12);
    // The next power of two above 4: bins of a quarter, -4 at the lower end of one, 3 of another, zeros in none.
    expect(found.histogram.range).toBe(8);
    expect(found.histogram.counts[BINS / 4]).toBe(1);
    expect(found.histogram.counts[(11 / 16) * BINS]).toBe(1);
    expect(found.histogram.counts.reduce((a, b) => a + b)).toBe(2);
  });

  it('come out the same in parts, whichever part is the widest', () => {
    const random = new Sampler(2);
    // Halves are exact, so that sums in any order are.
    const values = Array.from({ length: 600 }, (_, i) => Math.round(random.normal() * 2 ** (1 + (i % 9))) / 2);
    const whole = statisticsOf(values);
    for (const parts of [values, [...values].reverse()]) {
      const collector = new StatisticsCollector();
      for (let i = 0; i < parts.length; i += 7) collector.add(parts.slice(i, i + 7));
      expect(collector.result()).toEqual(whole);
    }
    expect(whole.histogram.range).toBeGreaterThan(256);
  });

  it('count what is not finite and go on', () => {
    const found = statisticsOf([1, Number.NaN, Number.POSITIVE_INFINITY, 1]);
    expect(found).toMatchObject({ notFinite: 2, mean: 1, maximum: 1, norm: Math.SQRT2 });
  });

  it('of zeros alone have no histogram', () => {
    const { zeros, histogram, deviation } = statisticsOf([0, 0]);
    expect([zeros, deviation, histogram.range]).toEqual([1, 0, 0]);
    expect(histogram.counts.every(count => count === 0)).toBe(true);
  });
});
