import { describe, expect, it } from 'vitest';
import { borderMean, fitInto, invert } from '../../src/data/grey-picture.ts';

describe('grey pictures of any size', () => {
  it('shrinks by area and keeps the mean', () => {
    const data = Float64Array.from({ length: 16 }, (_, i) => i * 10);
    expect([...fitInto({ width: 4, height: 4, data }, 2, 2)]).toEqual([25, 45, 105, 125]);
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
    const odd = Float64Array.from({ length: 49 }, (_, i) => (i * 37) % 256);
    expect(Math.abs(mean(fitInto({ width: 7, height: 7, data: odd }, 3, 3)) - mean(odd))).toBeLessThan(1);
  });

  it('enlarges, and centres what is not square on its own background', () => {
    expect([...fitInto({ width: 1, height: 1, data: Float64Array.of(9) }, 2, 2)]).toEqual([9, 9, 9, 9]);
    const tall = { width: 1, height: 3, data: Float64Array.of(30, 60, 90) };
    expect([...fitInto(tall, 3, 3)]).toEqual([60, 30, 60, 60, 60, 60, 60, 90, 60]);
  });

  it('tells a bright background', () => {
    const data = Float64Array.of(255, 255, 255, 255, 0, 255, 255, 255, 255);
    const picture = { width: 3, height: 3, data };
    expect(borderMean(picture)).toBe(255);
    expect(borderMean(invert(picture))).toBe(0);
  });
});
