/**
 * Layers as weighted sums: every value that a layer gives is a sum of inputs, each times a weight, and a bias. Values are
 * counted along the arrays of one example, row-major, channels last; `placeOf` and `coordinatesOf` translate.
 */
import { type Shape, sizeOf } from '../../kernels/spec.ts';
import { type Padding, windowAxis } from '../../kernels/window.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { HostArray } from '../arrays.ts';

/** A value that goes into a layer. */
export interface Source {
  /** Which of the layer's inputs: 0, but for an addition, whose second is 1. */
  readonly input: number;
  /** Its place in that input. */
  readonly at: number;
}

export type Inputs = readonly ArrayLike<number>[];

export interface WeightedSums {
  /** Shapes of one example. */
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  /** What an output is made of. */
  readonly sources: (output: number) => readonly Source[];
  /** The outputs that a value goes into. */
  readonly uses: (from: Source) => readonly number[];
  /** By what a source of an output is multiplied; where the largest wins, that depends on the values. */
  readonly weight: (output: number, from: Source, x: Inputs) => number;
  readonly bias: (output: number) => number;
  /** The part of the picture that an output looks at. */
  readonly window?: (output: number) => Window;
}

/** Rows and columns of a picture. What lies outside of it counts as 0 in a convolution and not at all in a pooling. */
export interface Window {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** Place of a value in an array, row-major. @throws ShapeError for coordinates outside of it. */
export function placeOf(shape: Shape, at: readonly number[]): number {
  const isInside =
    at.length === shape.length && at.every((n, axis) => Number.isInteger(n) && n >= 0 && n < shape[axis]!);
  if (!isInside) throw new ShapeError(`[${at.join(', ')}]: there is no such place in [${shape.join(', ')}]`);
  return at.reduce((place, n, axis) => place * shape[axis]! + n, 0);
}

/** Coordinates of a place. */
export function coordinatesOf(shape: Shape, place: number): number[] {
  let rest = place;
  const reversed = [...shape].reverse().map(size => {
    const n = rest % size;
    rest = (rest - n) / size;
    return n;
  });
  return reversed.reverse();
}

type Pair = readonly [number, number];

export interface WindowOptions {
  readonly window: Pair;
  readonly stride: Pair;
  readonly dilation?: Pair;
  readonly padding: Padding;
}

/** Where windows lie on a picture, along both axes. */
class Windows {
  readonly rows: number;
  readonly columns: number;
  private readonly axes;

  constructor(height: number, width: number, { window, stride, dilation = [1, 1], padding }: WindowOptions) {
    this.axes = [height, width].map((size, axis) => {
      const [span, step, spread] = [window[axis]!, stride[axis]!, dilation[axis]!];
      const { out, before } = windowAxis(size, span, step, spread, padding);
      return { size, span, step, spread, out, before };
    });
    [this.rows, this.columns] = this.axes.map(({ out }) => out) as [number, number];
  }

  /** All of a window, also what lies outside of the picture. */
  at(row: number, column: number): Window {
    const [rows, columns] = [row, column].map((index, axis) => this.along(axis, index));
    return { rows: rows!, columns: columns! };
  }

  private along(axis: number, index: number): number[] {
    const { span, step, spread, before } = this.axes[axis]!;
    return Array.from({ length: span }, (_, tap) => index * step + tap * spread - before);
  }

  /** The windows that look at a pixel. */
  over(row: number, column: number): { row: number; column: number }[] {
    const [rows, columns] = [row, column].map((pixel, axis) => this.overAlong(axis, pixel));
    return rows!.flatMap(a => columns!.map(b => ({ row: a, column: b })));
  }

  private overAlong(axis: number, pixel: number): number[] {
    const { span, step, spread, out, before } = this.axes[axis]!;
    const indices = Array.from({ length: span }, (_, tap) => (pixel + before - tap * spread) / step);
    return indices.filter(index => Number.isInteger(index) && index >= 0 && index < out);
  }

  /** Which tap of a window looks at a pixel; they must belong together. */
  tap(axis: 0 | 1, index: number, pixel: number): number {
    const { step, spread, before } = this.axes[axis]!;
    return (pixel - index * step + before) / spread;
  }

  /** The pixels of a window that lie in the picture. */
  inside(row: number, column: number): { row: number; column: number }[] {
    const { rows, columns } = this.at(row, column);
    const [height, width] = this.axes.map(({ size }) => size) as [number, number];
    const pixels = rows.flatMap(y => columns.map(x => ({ row: y, column: x })));
    return pixels.filter(pixel => pixel.row >= 0 && pixel.row < height && pixel.column >= 0 && pixel.column < width);
  }
}

const source = (at: number): Source => ({ input: 0, at });

/** @param kernel [rows, columns, C, filters]; @param bias [filters]; @param input [H, W, C]. */
export function convolution(
  input: Shape,
  kernel: HostArray,
  bias: ArrayLike<number> | undefined,
  options: WindowOptions,
): WeightedSums {
  const [height, width, channels] = input as [number, number, number];
  const filters = kernel.shape[3]!;
  const windows = new Windows(height, width, options);
  const output = [windows.rows, windows.columns, filters];
  return {
    inputs: [input],
    output,
    sources: place => {
      const [row, column] = coordinatesOf(output, place);
      return windows.inside(row!, column!).flatMap(pixel => {
        const first = (pixel.row * width + pixel.column) * channels;
        return Array.from({ length: channels }, (_, c) => source(first + c));
      });
    },
    uses: ({ at }) => {
      const [row, column] = coordinatesOf(input, at);
      return windows.over(row!, column!).flatMap(window => {
        const first = (window.row * windows.columns + window.column) * filters;
        return Array.from({ length: filters }, (_, f) => first + f);
      });
    },
    weight: (place, { at }) => {
      const [row, column, filter] = coordinatesOf(output, place) as [number, number, number];
      const [y, x, channel] = coordinatesOf(input, at) as [number, number, number];
      const tap = windows.tap(0, row, y) * kernel.shape[1]! + windows.tap(1, column, x);
      return kernel.values[(tap * channels + channel) * filters + filter]!;
    },
    bias: place => bias?.[place % filters] ?? 0,
    window: place => windows.at(...(coordinatesOf(output, place).slice(0, 2) as [number, number])),
  };
}

/** @param kernel [K, units]; @param bias [units]. */
export function product(kernel: HostArray, bias: ArrayLike<number> | undefined): WeightedSums {
  const [features, units] = kernel.shape as [number, number];
  return {
    inputs: [[features]],
    output: [units],
    sources: () => Array.from({ length: features }, (_, k) => source(k)),
    uses: () => Array.from({ length: units }, (_, unit) => unit),
    weight: (unit, { at }) => kernel.values[at * units + unit]!,
    bias: unit => bias?.[unit] ?? 0,
  };
}

/** What poolings have in common: windows of one channel. @param weight of a pixel among all of its window. */
function pooling(
  input: Shape,
  options: WindowOptions,
  weight: (from: Source, pixels: readonly Source[], x: Inputs) => number,
): WeightedSums {
  const [height, width, channels] = input as [number, number, number];
  const windows = new Windows(height, width, options);
  const output = [windows.rows, windows.columns, channels];
  const sources = (place: number) => {
    const [row, column, channel] = coordinatesOf(output, place) as [number, number, number];
    return windows.inside(row, column).map(pixel => source((pixel.row * width + pixel.column) * channels + channel));
  };
  return {
    inputs: [input],
    output,
    sources,
    uses: ({ at }) => {
      const [row, column, channel] = coordinatesOf(input, at) as [number, number, number];
      return windows
        .over(row, column)
        .map(window => (window.row * windows.columns + window.column) * channels + channel);
    },
    weight: (place, from, x) => weight(from, sources(place), x),
    bias: () => 0,
    window: place => windows.at(...(coordinatesOf(output, place).slice(0, 2) as [number, number])),
  };
}

/** The largest of each window has weight 1, the first of equal ones; all others 0. */
export function maximum(input: Shape, options: WindowOptions): WeightedSums {
  return pooling(input, options, ({ at }, pixels, [x]) => {
    const winner = pixels.reduce((best, pixel) => (x![pixel.at]! > x![best.at]! ? pixel : best));
    return Number(winner.at === at);
  });
}

/** The mean of each window, over what lies in the picture. */
export function mean(input: Shape, options: WindowOptions): WeightedSums {
  return pooling(input, options, (_, pixels) => 1 / pixels.length);
}

/** The mean of each channel: [H, W, C] to [C]. */
export function meanOfChannels(input: Shape): WeightedSums {
  const channels = input[2]!;
  const pixels = sizeOf(input) / channels;
  return {
    inputs: [input],
    output: [channels],
    sources: channel => Array.from({ length: pixels }, (_, pixel) => source(pixel * channels + channel)),
    uses: ({ at }) => [at % channels],
    weight: () => 1 / pixels,
    bias: () => 0,
  };
}

/** Each value by itself, times a factor of its channel, plus a shift of its channel; 1 and 0 where nothing is said. */
export function scaling(
  input: Shape,
  { scale, shift }: { readonly scale?: ArrayLike<number>; readonly shift?: ArrayLike<number> } = {},
  output = input,
): WeightedSums {
  return {
    inputs: [input],
    output,
    sources: place => [source(place)],
    uses: ({ at }) => [at],
    weight: place => scale?.[place % scale.length] ?? 1,
    bias: place => shift?.[place % shift.length] ?? 0,
  };
}

/** The sum of two inputs of one shape. */
export function addition(shape: Shape): WeightedSums {
  return {
    inputs: [shape, shape],
    output: shape,
    sources: place => [source(place), { input: 1, at: place }],
    uses: ({ at }) => [at],
    weight: () => 1,
    bias: () => 0,
  };
}
