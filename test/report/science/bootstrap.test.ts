import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sampler } from '../../../src/kernels/sampler.ts';
import { holm, seedsDifference } from '../../../src/report/science/bootstrap.ts';
import { deviation, mean, pairedDifference, studentQuantile, welchFreedom } from '../../../src/report/statistics.ts';

const random = new Sampler(5);
const drawHits = (n: number, accuracy: number) =>
  Uint8Array.from({ length: n }, () => Number(random.uniform() < accuracy));
const exactly = (n: number, right: number) => Uint8Array.from({ length: n }, (_, i) => Number(i < right));
const share = (hits: Uint8Array) => hits.reduce((a, b) => a + b, 0) / hits.length;

describe('seedsDifference', () => {
  it('is the paired difference where all seeds give the same answers', () => {
    const a = drawHits(1000, 0.9);
    const b = a.map(hit => Number(random.uniform() < 0.9 ? hit : random.int(0, 1)));
    const found = seedsDifference([a, a, a], [b, b, b]);
    const paired = pairedDifference(a, b);
    expect(found.difference).toBeCloseTo(paired.difference, 12);
    expect(found.low).toBeCloseTo(paired.low, 2);
    expect(found.high).toBeCloseTo(paired.high, 2);
    // The same seed, the same interval; another one, nearly the same.
    expect(seedsDifference([a, a, a], [b, b, b])).toEqual(found);
    expect(seedsDifference([a, a, a], [b, b, b], { seed: 2 }).low).toBeCloseTo(found.low, 2);
  });

  it('is nearly as wide as Welch where seeds differ by far more than images can', () => {
    const runs = (...rights: number[]) => rights.map(right => exactly(2000, right));
    const a = runs(1600, 1300, 1800, 1500, 1750);
    const b = runs(900, 1200, 700, 1100, 1000);
    const found = seedsDifference(a, b);
    const [x, y] = [a.map(share), b.map(share)];
    const error = Math.sqrt(deviation(x) ** 2 / 5 + deviation(y) ** 2 / 5);
    expect(found.difference).toBeCloseTo(mean(x) - mean(y), 12);
    const ratio = (found.high - found.low) / (2 * studentQuantile(0.975, welchFreedom(x, y)) * error);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.15);
  });

  it('turns round with the order, and sees nothing between a model and itself', () => {
    const [a, b] = [
      [exactly(500, 450), exactly(500, 430), exactly(500, 440)],
      [exactly(500, 400), exactly(500, 380), exactly(500, 410)],
    ];
    const [ab, ba] = [seedsDifference(a, b), seedsDifference(b, a)];
    expect(ba.difference).toBeCloseTo(-ab.difference, 12);
    expect(ba.low).toBeCloseTo(-ab.high, 1);
    expect(ab.p).toBeLessThan(0.01);
    const same = seedsDifference(a, a);
    expect(same.difference).toBe(0);
    expect(same.low).toBeLessThan(0);
    expect(same.high).toBeGreaterThan(0);
    expect(same.p).toBeGreaterThan(0.5);
  });

  it('says "different" of equal models about as rarely as it promises, with three seeds too', () => {
    const worlds = 120;
    let wrong = 0;
    for (let world = 0; world < worlds; world++) {
      const difficulty = Array.from({ length: 200 }, () => random.uniform(-0.15, 0.15));
      const runs = () =>
        Array.from({ length: 3 }, () => {
          const skill = 0.8 + 0.03 * random.normal();
          return Uint8Array.from(difficulty, d => Number(random.uniform() < skill + d));
        });
      const { low, high } = seedsDifference(runs(), runs(), { resamples: 300, seed: world });
      if (low > 0 || high < 0) wrong++;
    }
    // 5 % are 6 of 120; more than 14 would come of chance once in a thousand times.
    expect(wrong).toBeLessThanOrEqual(14);
  });

  it('refuses one seed, and runs on different images', () => {
    const run = exactly(10, 5);
    expect(() => seedsDifference([run], [run, run])).toThrow(/1 runs of a model.*more seeds/);
    expect(() => seedsDifference([run, run], [run, exactly(9, 5)])).toThrow(/10 and 9 images/);
    expect(() => seedsDifference([exactly(0, 0), exactly(0, 0)], [exactly(0, 0), exactly(0, 0)])).toThrow(/not none/);
  });
});

describe('holm', () => {
  it('gives the values of a worked example', () => {
    // Four tests: 4 * 0.005, then max(3 * 0.01), 2 * 0.03, 1 * 0.04 raised to the one before it.
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((value, i) => {
      expect(adjusted[i]).toBeCloseTo(value, 12);
    });
    expect(holm([0.2])).toEqual([0.2]);
    expect(holm([])).toEqual([]);
  });

  it('never lowers a p, keeps their order, and never asks more than Bonferroni', () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(values, p => {
        const adjusted = holm(p);
        p.forEach((value, i) => {
          expect(adjusted[i]!).toBeGreaterThanOrEqual(value);
          expect(adjusted[i]!).toBeLessThanOrEqual(Math.min(1, value * p.length));
          p.forEach((other, j) => {
            if (other < value) expect(adjusted[j]!).toBeLessThanOrEqual(adjusted[i]!);
          });
        });
      }),
    );
  });
});

it('the worlds above differ by seed as they say', () => {
  const accuracies = Array.from({ length: 50 }, () => share(drawHits(400, 0.8)));
  expect(mean(accuracies)).toBeCloseTo(0.8, 1);
  expect(deviation(accuracies)).toBeCloseTo(0.02, 2);
});
