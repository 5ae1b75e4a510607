/** How a station's maps lie on a canvas, and which value lies where. */
import type { Station } from '../../../station.ts';

export interface Layout {
  /** Maps, and values of each. */
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** The first channel that is drawn. */
  readonly first: number;
  readonly columns: number;
  readonly scale: number;
  readonly gap: number;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A picture in colours is one map. */
function sizesOf({ type, shape }: Station): { count: number; height: number; width: number } {
  if (shape.length !== 3) return { count: shape[0]!, height: 1, width: 1 };
  const [height, width, depth] = shape as [number, number, number];
  return { count: type === 'picture' && depth === 3 ? 1 : depth, height, width };
}

/** Side of a map that is looked at one by one, in pixels, and how tall all of them together should stay. */
const [SIDE, TALL] = [104, 620];

/** All maps, as large as they can be looked at one by one, in rows that are full if that can be. */
export function fullLayout(station: Station, room: number): Layout {
  const sizes = sizesOf(station);
  const { count, height, width } = sizes;
  if (width === 1) {
    const [scale, gap] = [count > 200 ? 14 : 22, 3];
    return { ...sizes, first: 0, columns: Math.min(count, Math.floor((room + gap) / (scale + gap))), scale, gap };
  }
  const gap = 6;
  const candidates = Array.from({ length: Math.min(count, 20) }, (_, i) => {
    const columns = i + 1;
    const scale = Math.max(
      1,
      Math.min(Math.floor((1.6 * SIDE) / width), Math.floor(((room + gap) / columns - gap) / width)),
    );
    const rows = Math.ceil(count / columns);
    const tooTall = Math.max(0, Math.log((rows * (height * scale + gap)) / TALL));
    const cost = Math.abs(Math.log((width * scale) / SIDE)) + (count % columns > 0 ? 0.15 : 0) + tooTall;
    return { columns, scale, cost: columns * (width * scale + gap) - gap > room ? Number.POSITIVE_INFINITY : cost };
  });
  const { columns, scale } = candidates.reduce((best, one) => (one.cost < best.cost ? one : best));
  return { ...sizes, first: 0, columns, scale, gap };
}

/** Maps in a square of this side, so that it is full and few are left out. */
export function thumbnail(station: Station, side: number): Layout {
  const { count, height, width } = sizesOf(station);
  const most = Math.max(1, Math.min(Math.ceil(Math.sqrt(count)), Math.floor((side + 1) / (width + 1))));
  const candidates = Array.from({ length: most }, (_, i) => {
    const columns = most - i;
    const scale = Math.max(1, Math.floor(((side + 1) / columns - 1) / width));
    const rows = Math.max(1, Math.floor((side + 1) / (height * scale + 1)));
    const shown = Math.min(count, columns * rows);
    return { columns, scale, shown, worth: columns * (width * scale + 1) * (shown / count) ** 0.15 };
  });
  const { columns, scale, shown } = candidates.reduce((best, one) => (one.worth > best.worth ? one : best));
  return { count: shown, height, width, first: 0, columns, scale, gap: 1 };
}

/** One map, this large. */
export function single(station: Station, channel: number, side: number): Layout {
  const { count, height, width } = sizesOf(station);
  const scale = Math.max(1, Math.floor(side / Math.max(height, width)));
  return { count: 1, height, width, first: count === 1 ? 0 : channel, columns: 1, scale, gap: 0 };
}

export function canvasSize({ count, height, width, columns, scale, gap }: Layout): { width: number; height: number } {
  const across = Math.min(columns, count);
  const down = Math.ceil(count / columns);
  return { width: across * (width * scale + gap) - gap, height: down * (height * scale + gap) - gap };
}

/** Where some rows and columns of a channel lie; undefined where they are not drawn. */
export function boxOf(
  layout: Layout,
  channel: number,
  rows: readonly number[],
  columns: readonly number[],
): Box | undefined {
  const map = channel - layout.first;
  if (map < 0 || map >= layout.count) return undefined;
  const { height, width, scale, gap } = layout;
  const [top, bottom] = clip(rows, height);
  const [left, right] = clip(columns, width);
  const x = (map % layout.columns) * (width * scale + gap) + left * scale;
  const y = Math.floor(map / layout.columns) * (height * scale + gap) + top * scale;
  return { x, y, width: (right - left) * scale, height: (bottom - top) * scale };
}

const clip = (indices: readonly number[], size: number): [number, number] => [
  Math.max(0, Math.min(...indices)),
  Math.min(size, Math.max(...indices) + 1),
];

/** The box of one value, by its coordinates. */
export function boxAt(layout: Layout, at: readonly number[]): Box | undefined {
  const [row, column, channel] = at.length === 3 ? (at as [number, number, number]) : [0, 0, at[0]!];
  return boxOf(layout, layout.count === 1 && layout.first === 0 ? 0 : channel, [row], [column]);
}

/** Coordinates of the value at a point of the canvas; undefined between the maps. */
export function valueAt(layout: Layout, isVector: boolean, x: number, y: number): number[] | undefined {
  const { count, height, width, columns, scale, gap, first } = layout;
  const [pitchX, pitchY] = [width * scale + gap, height * scale + gap];
  const [mapX, mapY] = [Math.floor(x / pitchX), Math.floor(y / pitchY)];
  const map = mapY * columns + mapX;
  const [column, row] = [Math.floor((x - mapX * pitchX) / scale), Math.floor((y - mapY * pitchY) / scale)];
  if (x < 0 || y < 0 || mapX >= columns || map >= count || column >= width || row >= height) return undefined;
  return isVector ? [first + map] : [row, column, first + map];
}

/** The value that a key leads to. Arrows go to the neighbours, page keys to the same place of the maps beside. */
export function step(layout: Layout, at: readonly number[], key: string): number[] | undefined {
  const { first, count, columns } = layout;
  const clamp = (value: number, size: number) => Math.max(0, Math.min(size - 1, value));
  const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key] ?? [0, 0];
  const page = { PageUp: -1, PageDown: 1 }[key] ?? 0;
  if (down === 0 && right === 0 && page === 0) return undefined;
  if (at.length === 1) return [first + clamp(at[0]! - first + down! * columns + right! + page, count)];
  const [row, column, channel] = at as [number, number, number];
  return [
    clamp(row + down!, layout.height),
    clamp(column + right!, layout.width),
    first + clamp(channel - first + page, count),
  ];
}
