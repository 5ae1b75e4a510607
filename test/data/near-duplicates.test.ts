import { describe, expect, it } from 'vitest';
import type { ImageData8 } from '../../src/data/dataset.ts';
import { nearDuplicates } from '../../src/data/near-duplicates.ts';
import { noise } from '../../src/data/noise.ts';
import { Sampler } from '../../src/kernels/sampler.ts';

const random = new Sampler(9);
const SIZE = 9 * 8 * 2;

/** Smooth pictures, so that many lie close to one another as clothes do. */
function smooth(count: number): ImageData8 {
  const images = new Uint8Array(count * SIZE);
  for (let i = 0; i < count; i++) {
    const [a, b, c] = [random.uniform(60, 190), random.uniform(-4, 4), random.uniform(-4, 4)];
    for (let p = 0; p < SIZE; p++)
      images[i * SIZE + p] = a + b * Math.floor(p / 16) + c * (p % 16) + random.uniform(0, 12);
  }
  return { ...noise([9, 8, 2], 1), images, labels: Uint8Array.from({ length: count }, (_, i) => i % 10), count };
}

const distance = (a: ImageData8, i: number, b: ImageData8, j: number) => {
  let sum = 0;
  for (let p = 0; p < SIZE; p++) sum += (a.images[i * SIZE + p]! - b.images[j * SIZE + p]!) ** 2;
  return Math.sqrt(sum / SIZE) / 255;
};

describe('near-duplicates', () => {
  const [test, train] = [smooth(120), smooth(300)];
  // Planted: the same picture twice (the first counts), and one that differs by one grey level somewhere.
  test.images.copyWithin(0, SIZE, 2 * SIZE);
  train.images.set(test.images.subarray(0, SIZE), 250 * SIZE);
  train.images.set(test.images.subarray(0, SIZE), 40 * SIZE);
  train.images.set(test.images.subarray(5 * SIZE, 6 * SIZE), 7 * SIZE);
  train.images[7 * SIZE + 3]! ^= 1;

  it('finds what comparing every pair finds', () => {
    for (const limit of [0.01, 0.05, 0.2]) {
      const expected = Array.from({ length: test.count }, (_, i) => {
        const all = Array.from({ length: train.count }, (_, j) => distance(test, i, train, j));
        const least = Math.min(...all);
        return { test: i, train: all.indexOf(least), distance: least };
      }).filter(pair => pair.distance <= limit);
      const found = nearDuplicates(test, train, limit);
      expect(found.map(({ test, train }) => [test, train])).toEqual(expected.map(({ test, train }) => [test, train]));
      found.forEach((pair, i) => {
        expect(pair.distance).toBeCloseTo(expected[i]!.distance, 12);
      });
    }
  });

  it('says how far apart they are and whether their labels agree', () => {
    const found = nearDuplicates(test, train, 0.001);
    expect(found).toEqual([
      { test: 0, train: 40, distance: 0, sameLabel: true },
      { test: 1, train: 40, distance: 0, sameLabel: false },
      { test: 5, train: 7, distance: expect.closeTo(1 / Math.sqrt(SIZE) / 255, 9), sameLabel: false },
    ]);
  });

  it('refuses pictures of another shape, and limits that mean nothing', () => {
    expect(() => nearDuplicates(noise([9, 8, 1], 2), train, 0.1)).toThrow(/\[9,8,1\] and \[9,8,2\]/);
    for (const limit of [0, 1.5, Number.NaN]) expect(() => nearDuplicates(test, train, limit)).toThrow(/limit/);
  });
});
