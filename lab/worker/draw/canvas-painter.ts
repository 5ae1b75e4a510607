import type { Tensor } from '../../../src/tensor/tensor.ts';
import { gridSize } from './grid.ts';
import type { Painter, Painting } from './painter.ts';
import { LEVELS, NOT_FINITE, PALETTES, paletteTable } from './palettes.ts';

/** Draws the same pictures where there is no WebGPU, from values on the host. */
export class CanvasPainter implements Painter {
  async paint(canvas: OffscreenCanvas, tensor: Tensor, painting: Painting): Promise<void> {
    const context = canvas.getContext('2d');
    // A canvas that a GPU has drawn on belongs to it for ever, also when the GPU is gone.
    if (!context) return;
    const values = await tensor.data();
    const [width, height] = gridSize(painting.maps, painting.grid);
    canvas.width = width;
    canvas.height = height;
    const pixels = new Uint8ClampedArray(paintPixels(values, painting).buffer);
    context.putImageData(new ImageData(pixels, width, height), 0, 0);
  }

  [Symbol.dispose](): void {}
}

/** What both painters draw: the colour of each pixel as 0xAABBGGRR, row by row; transparent between the maps. */
export function paintPixels(values: ArrayLike<number>, painting: Painting): Uint32Array<ArrayBuffer> {
  const { maps, grid, palette, ground } = painting;
  const { start, map, row, column, channel = 0, count } = maps;
  const { columns, scale, gap } = grid;
  const [width, height] = gridSize(maps, grid);
  const table = paletteTable(ground);
  const base = palette === 'rgb' ? 0 : PALETTES.indexOf(palette) * LEVELS;
  const even = palette === 'diverging' ? 0.5 : 0;
  const pixels = new Uint32Array(width * height);
  const rangeOf = ranges(values, painting);
  const [pitchX, pitchY] = [maps.width * scale + gap, maps.height * scale + gap];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = Math.floor(y / pitchY) * columns + Math.floor(x / pitchX);
      const [inX, inY] = [Math.floor((x % pitchX) / scale), Math.floor((y % pitchY) / scale)];
      if (inX >= maps.width || inY >= maps.height || at >= count) continue;
      const range = rangeOf(at);
      const index = start + at * map + inY * row + inX * column;
      if (palette === 'rgb') {
        const [red, green, blue] = [0, 1, 2].map(part => level(values[index + part * channel]!, range, even));
        pixels[y * width + x] = (0xff000000 | (blue! << 16) | (green! << 8) | red!) >>> 0;
      } else {
        const value = values[index]!;
        pixels[y * width + x] = Number.isFinite(value) ? table[base + level(value, range, even)]! : NOT_FINITE;
      }
    }
  }
  return pixels;
}

/** As in maps.wgsl, in its precision. */
function level(value: number, [low, high]: readonly [number, number], even: number): number {
  const share = high > low ? Math.fround(Math.fround(value - low) / Math.fround(high - low)) : even;
  return Math.floor(Math.min(Math.max(share, 0), 1) * (LEVELS - 1) + 0.5);
}

/** The range of each map, by its number. */
function ranges(values: ArrayLike<number>, painting: Painting): (map: number) => readonly [number, number] {
  const { maps, range } = painting;
  if (typeof range !== 'string') return () => range.map(Math.fround) as [number, number];
  if (range === 'all') {
    const all = rangeOver(values, painting, 0, maps.count);
    return () => all;
  }
  const each = Array.from({ length: maps.count }, (_, i) => rangeOver(values, painting, i, i + 1));
  return map => each[map]!;
}

/** As in range.wgsl. */
function rangeOver(values: ArrayLike<number>, { maps, palette }: Painting, from: number, to: number): [number, number] {
  const { start, map, row, column, channel = 0, width, height } = maps;
  let low = 3.4e38;
  let high = -3.4e38;
  for (let c = 0; c < (palette === 'rgb' ? 3 : 1); c++) {
    for (let i = from; i < to; i++) {
      for (let pixel = 0; pixel < width * height; pixel++) {
        const [y, x] = [Math.floor(pixel / width), pixel % width];
        const value = values[start + i * map + y * row + x * column + c * channel]!;
        if (!Number.isFinite(value)) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  }
  if (palette === 'diverging') {
    high = Math.max(Math.abs(low), Math.abs(high));
    low = -high;
  }
  return [low, high];
}
