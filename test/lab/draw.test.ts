import { describe, expect, it } from 'vitest';
import { paintPixels } from '../../lab/worker/draw/canvas-painter.ts';
import { colourFilters, featureMaps, filterSlices, filters, gridSize, type Maps } from '../../lab/worker/draw/grid.ts';
import type { Painting } from '../../lab/worker/draw/painter.ts';
import { GROUNDS, LEVELS, NOT_FINITE, PALETTES, paletteTable } from '../../lab/worker/draw/palettes.ts';

/** Values of a map as its strides name them. */
function valuesOf(values: readonly number[], maps: Maps, map: number): number[] {
  return Array.from({ length: maps.height * maps.width }, (_, i) => {
    const [y, x] = [Math.floor(i / maps.width), i % maps.width];
    return values[maps.start + map * maps.map + y * maps.row + x * maps.column]!;
  });
}

const count = (size: number) => Array.from({ length: size }, (_, i) => i);
const TRANSPARENT = 0;

describe('maps of a tensor', () => {
  it('are the channels of one image', () => {
    const maps = featureMaps([2, 2, 3, 4], 1);
    expect(maps).toMatchObject({ count: 4, height: 2, width: 3 });
    expect(valuesOf(count(48), maps, 1)).toEqual([25, 29, 33, 37, 41, 45]);
    expect(valuesOf(count(48), featureMaps([2, 2, 3, 4], 1, { first: 1, count: 2 }), 0)).toEqual([
      25, 29, 33, 37, 41, 45,
    ]);
  });

  it('are single values of a layer without pictures', () => {
    expect(featureMaps([1, 10])).toMatchObject({ count: 10, height: 1, width: 1, map: 1 });
  });

  it('are the filters of a kernel [KH, KW, CI, CO]', () => {
    const kernel = count(2 * 2 * 3 * 4);
    expect(valuesOf(kernel, filters([2, 2, 3, 4], 1), 2)).toEqual([6, 18, 30, 42]);
    expect(valuesOf(kernel, filterSlices([2, 2, 3, 4]), 4 + 2)).toEqual([6, 18, 30, 42]);
    expect(colourFilters([2, 2, 3, 4])).toMatchObject({ count: 4, channel: 4 });
  });

  it('are filters in colour, whichever order their channels have', () => {
    // [1, 1, 3, 2]: the first filter has 0, 2 and 4 for its channels.
    const base = { grid: { columns: 1, scale: 1, gap: 0 }, palette: 'rgb', range: [0, 5], ground: 'dark' } as const;
    const pixel = (order: 'rgb' | 'bgr') =>
      paintPixels([0, 1, 2, 3, 4, 5], { ...base, maps: colourFilters([1, 1, 3, 2], order) })[0]!.toString(16);
    expect(pixel('rgb')).toBe('ffcc6600');
    expect(pixel('bgr')).toBe('ff0066cc');
  });

  it('of other tensors do not exist', () => {
    expect(() => featureMaps([3])).toThrow(/\[3\] is neither \[N, H, W, C\] nor \[N, C\]/);
    expect(() => filters([3, 3])).toThrow(/\[3, 3\] is not \[KH, KW, CI, CO\]/);
  });
});

describe('a painting', () => {
  const grey = (range: Painting['range'], more: Partial<Painting> = {}): Painting => ({
    maps: featureMaps([1, 1, 2, 3]),
    grid: { columns: 2, scale: 1, gap: 1 },
    palette: 'grey',
    range,
    ground: 'light',
    ...more,
  });
  const shade = (pixels: Uint32Array) =>
    Array.from(pixels, pixel => (pixel === TRANSPARENT ? undefined : pixel & 0xff));

  it('has a map beside the other, then the next row, transparent in between', () => {
    const painting = grey([0, 255]);
    expect(gridSize(painting.maps, painting.grid)).toEqual([5, 3]);
    const none = undefined;
    expect(shade(paintPixels([10, 20, 30, 40, 50, 60], painting))).toEqual([
      ...[10, 40, none, 20, 50],
      ...[none, none, none, none, none],
      ...[30, 60, none, none, none],
    ]);
  });

  it('shows each value as a square', () => {
    const painting = grey([0, 255], { grid: { columns: 1, scale: 2, gap: 0 }, maps: featureMaps([1, 1, 2, 1]) });
    expect(shade(paintPixels([7, 9], painting))).toEqual([7, 7, 9, 9, 7, 7, 9, 9]);
  });

  it('takes its range from all maps, or from each', () => {
    const values = [0, 10, 100, 5, 20, 300];
    const first = (painting: Painting) => shade(paintPixels(values, painting)).slice(0, 2);
    expect(first(grey('all'))).toEqual([0, 4]);
    expect(first(grey('each'))).toEqual([0, 255]);
  });

  it('is symmetric about zero in the diverging palette', () => {
    const table = paletteTable('light');
    const pixels = paintPixels([-2, 0, 1, 0, 0, 0], grey('all', { palette: 'diverging' }));
    expect(pixels[0]).toBe(table[2 * LEVELS]);
    expect(pixels[1]).toBe(table[2 * LEVELS + 128]);
  });

  it('is at the low end where all values are one, in the middle of the diverging palette', () => {
    const maps = featureMaps([1, 1, 2, 1]);
    const shown = (palette: 'sequential' | 'diverging') => {
      const grid = { columns: 1, scale: 1, gap: 0 };
      return paintPixels([0, 0], { maps, grid, palette, range: 'each', ground: 'light' })[0];
    };
    const table = paletteTable('light');
    expect(shown('sequential')).toBe(table[PALETTES.indexOf('sequential') * LEVELS]);
    expect(shown('diverging')).toBe(table[PALETTES.indexOf('diverging') * LEVELS + LEVELS / 2]);
  });

  it('marks what is not finite, and does not let it stretch the others', () => {
    const pixels = paintPixels([0, Number.NaN, 1, 0.5, Number.POSITIVE_INFINITY, 1], grey('all'));
    expect([pixels[3], pixels[4]]).toEqual([NOT_FINITE, NOT_FINITE]);
    expect(pixels[1]! & 0xff).toBe(128);
  });
});

describe('palettes', () => {
  const lightness = (colour: number) =>
    0.2126 * (colour & 255) + 0.7152 * ((colour >> 8) & 255) + 0.0722 * ((colour >> 16) & 255);

  it.each(GROUNDS)('on a %s ground are opaque and all of one length', ground => {
    const table = paletteTable(ground);
    expect(table).toHaveLength(PALETTES.length * LEVELS);
    expect(table.every(colour => colour >>> 24 === 255)).toBe(true);
    expect(table).not.toContain(NOT_FINITE);
  });

  it('grow lighter with the value where it has no sign', () => {
    const table = paletteTable('light');
    for (const palette of [0, 1]) {
      const lights = Array.from(table.subarray(palette * LEVELS, (palette + 1) * LEVELS), lightness);
      expect(lights.every((light, i) => i === 0 || light >= lights[i - 1]!)).toBe(true);
    }
  });
});
