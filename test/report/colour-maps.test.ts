import { describe, expect, it } from 'vitest';
import { colourAt, gradientCss, limitOf, paint, photograph } from '../../src/report/colour-maps.ts';
import { fromBase64 } from '../../src/report/format.ts';

const map = (...values: number[]) => ({ shape: [1, values.length], values: Float64Array.from(values) });

describe('colour maps', () => {
  it('are darker for less, all the way, where there are no signs', () => {
    const luminance = (share: number) => {
      const [r, g, b] = colourAt('sequential', share).map(c => (c / 255) ** 2.2) as [number, number, number];
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    for (let i = 0; i < 50; i++) expect(luminance((i + 1) / 50)).toBeGreaterThan(luminance(i / 50));
  });

  it('are white in the middle, blue below and red above, where there are', () => {
    expect(colourAt('diverging', 0.5)).toEqual([0xf7, 0xf7, 0xf7]);
    const [below, above] = [colourAt('diverging', 0.1), colourAt('diverging', 0.9)];
    expect(below[2]).toBeGreaterThan(below[0]);
    expect(above[0]).toBeGreaterThan(above[2]);
    expect(colourAt('diverging', -3)).toEqual(colourAt('diverging', 0));
    expect(gradientCss('sequential')).toMatch(/^linear-gradient\(to right, #440154, .*#fde725\)$/);
  });

  it('end where all but a hundredth of the values do', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => i / 1000);
    values[0] = -500;
    expect(limitOf({ shape: [1000], values })).toBeCloseTo(0.991, 2);
    expect(limitOf(map(0, 0, 0))).toBe(1);
    expect(limitOf(map(...new Array(200).fill(0), -3))).toBe(3);
  });

  it('paint a map of its own size, zero as white and ends alike for both signs', () => {
    const { width, height, pixels } = paint(map(-2, 0, 2), 'diverging', 2);
    expect([width, height]).toEqual([3, 1]);
    expect([...fromBase64(pixels)]).toEqual([
      ...colourAt('diverging', 0),
      ...colourAt('diverging', 0.5),
      ...colourAt('diverging', 1),
    ]);
    expect([...fromBase64(paint(map(0, 2), 'sequential', 2).pixels)]).toEqual([
      ...colourAt('sequential', 0),
      ...colourAt('sequential', 1),
    ]);
  });

  it('shows a picture as it is, without what is too bright', () => {
    const image = { shape: [1, 2, 1], values: Float64Array.of(0.2, 1.5) };
    expect(photograph(image)).toMatchObject({ width: 2, height: 1, channels: 1 });
    expect([...fromBase64(photograph(image).pixels)]).toEqual([51, 255]);
  });
});
