import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { ShapeError } from '../../src/platform/errors.ts';
import { blur, rankCorrelation, sobel, stretch, structuralSimilarity } from '../../src/study/index.ts';

const map = (height: number, width: number, value: (y: number, x: number) => number) => ({
  shape: [height, width],
  values: Float64Array.from({ length: height * width }, (_, i) => value(Math.floor(i / width), i % width)),
});
const row = (...values: number[]) => map(1, values.length, (_, x) => values[x]!);
const noise = (seed: number) => {
  const random = new Sampler(seed);
  return map(28, 28, () => random.normal());
};

describe('rank correlation', () => {
  it('is 1 for any growing function of a map, -1 for a falling one', () => {
    const x = noise(1);
    const with_ = (f: (value: number) => number) => ({ shape: x.shape, values: x.values.map(f) });
    expect(rankCorrelation(x, with_(Math.exp))).toBeCloseTo(1, 12);
    expect(
      rankCorrelation(
        x,
        with_(value => -(value ** 3)),
      ),
    ).toBeCloseTo(-1, 12);
  });

  it('gives equal values the mean of their ranks', () => {
    // Ranks 0.5, 0.5, 2, 3 and 0, 1, 2, 3, less 1.5 each.
    expect(rankCorrelation(row(1, 1, 2, 3), row(1, 2, 3, 4))).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  });

  it('is about 0 for unrelated maps, and 0 for one that orders nothing', () => {
    expect(Math.abs(rankCorrelation(noise(1), noise(2)))).toBeLessThan(0.1);
    expect(
      rankCorrelation(
        noise(1),
        map(28, 28, () => 3),
      ),
    ).toBe(0);
  });

  it('refuses maps of different sizes', () => {
    expect(() => rankCorrelation(row(1, 2), row(1, 2, 3))).toThrow(ShapeError);
  });
});

describe('structural similarity', () => {
  it('is 1 for the same form whatever its scale, less the more noise is added, about 0 for unrelated maps', () => {
    const x = map(28, 28, (y, x) => Math.sin(y / 3) * Math.cos(x / 4));
    const added = noise(3).values;
    const noisy = (share: number) => ({
      shape: x.shape,
      values: x.values.map((value, i) => value + share * added[i]!),
    });
    expect(structuralSimilarity(x, { shape: x.shape, values: x.values.map(value => 7 + 3 * value) })).toBeCloseTo(
      1,
      10,
    );
    const [little, much] = [structuralSimilarity(x, noisy(0.1)), structuralSimilarity(x, noisy(1))];
    expect(little).toBeLessThan(1);
    expect(much).toBeLessThan(little);
    expect(Math.abs(structuralSimilarity(noise(1), noise(2)))).toBeLessThan(0.1);
  });

  it('is the formula of the paper, summed up pixel by pixel', () => {
    const [x, y] = [noise(4), noise(5)].map(({ values }) => {
      const part = Array.from(values.slice(0, 7 * 6));
      const [low, high] = [Math.min(...part), Math.max(...part)];
      return map(7, 6, (row, column) => (part[row * 6 + column]! - low) / (high - low));
    }) as [ReturnType<typeof map>, ReturnType<typeof map>];
    const clamp = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));
    /** Mean of f over the window around a pixel. */
    const around = (row: number, column: number, f: (i: number) => number) => {
      let [sum, weights] = [0, 0];
      for (let dy = -5; dy <= 5; dy++)
        for (let dx = -5; dx <= 5; dx++) {
          const weight = Math.exp(-(dy * dy + dx * dx) / (2 * 1.5 ** 2));
          sum += weight * f(clamp(row + dy, 7) * 6 + clamp(column + dx, 6));
          weights += weight;
        }
      return sum / weights;
    };
    let total = 0;
    for (let row = 0; row < 7; row++)
      for (let column = 0; column < 6; column++) {
        const mean = (f: (i: number) => number) => around(row, column, f);
        const [mx, my] = [mean(i => x.values[i]!), mean(i => y.values[i]!)];
        const xx = mean(i => (x.values[i]! - mx) ** 2);
        const yy = mean(i => (y.values[i]! - my) ** 2);
        const xy = mean(i => (x.values[i]! - mx) * (y.values[i]! - my));
        total += ((2 * mx * my + 1e-4) * (2 * xy + 9e-4)) / ((mx * mx + my * my + 1e-4) * (xx + yy + 9e-4));
      }
    expect(structuralSimilarity(x, y)).toBeCloseTo(total / 42, 10);
  });
});

describe('filters', () => {
  it('Sobel is 8 times the slope of a plane inside, and nothing on a flat picture', () => {
    const plane = map(6, 6, (y, x) => 3 * x + 4 * y);
    expect(sobel(plane).values[2 * 6 + 2]).toBeCloseTo(8 * 5, 12);
    expect(new Set(sobel(map(5, 5, () => 2)).values)).toEqual(new Set([0]));
  });

  it('a blur keeps flat pictures and the sum of what lies inside, and is a Gaussian', () => {
    const flat = blur(
      map(9, 9, () => 0.5),
      2,
    );
    for (const value of flat.values) expect(value).toBeCloseTo(0.5, 12);
    const dot = blur(
      map(21, 21, (y, x) => Number(y === 10 && x === 10)),
      1.5,
    );
    expect(Array.from(dot.values).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(dot.values[10 * 21 + 12]! / dot.values[10 * 21 + 10]!).toBeCloseTo(Math.exp(-4 / (2 * 1.5 ** 2)), 12);
    expect(blur(noise(1), 0)).toEqual(noise(1));
  });

  it('stretching keeps a size, a constant and the middle between two values', () => {
    expect(stretch(noise(1), 28, 28)).toEqual(noise(1));
    expect(Array.from(stretch(row(0, 1), 1, 4).values)).toEqual([0, 0.25, 0.75, 1]);
    expect(
      Array.from(
        stretch(
          map(1, 1, () => 3),
          2,
          2,
        ).values,
      ),
    ).toEqual([3, 3, 3, 3]);
  });
});
