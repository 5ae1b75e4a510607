/**
 * How values of a tensor become a grid of small pictures ("maps"), row by row.
 *
 *     featureMaps([N, H, W, C])             one map for each channel of an image
 *     filters([KH, KW, CI, CO])             one map for each output channel, of one input channel
 */
import type { Shape } from '../../../src/kernels/spec.ts';
import { ShapeError } from '../../../src/platform/errors.ts';

/** Where in the tensor a map's values lie, in elements: start + map * i + row * y + column * x (+ channel * c). */
export interface Maps {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly start: number;
  readonly map: number;
  readonly row: number;
  readonly column: number;
  /** Between red, green and blue of one pixel, for the palette 'rgb'. */
  readonly channel?: number;
}

/** How the maps lie on the canvas, in its pixels. */
export interface Grid {
  readonly columns: number;
  /** Pixels of a value, in both directions. */
  readonly scale: number;
  /** Pixels between two maps. */
  readonly gap: number;
}

/** Width and height of the canvas that a grid fills. */
export function gridSize({ count, height, width }: Maps, { columns, scale, gap }: Grid): [number, number] {
  const across = Math.min(columns, count);
  const down = Math.ceil(count / columns);
  return [across * (width * scale + gap) - gap, down * (height * scale + gap) - gap];
}

/**
 * The maps of one image: all channels of [N, H, W, C], or, of [N, C], each value as a map of one pixel.
 * @param channels the first and how many; default all.
 */
export function featureMaps(shape: Shape, image = 0, channels?: { first: number; count: number }): Maps {
  const [, height, width, depth] = shape.length === 2 ? [shape[0], 1, 1, shape[1]!] : shape;
  if (height === undefined || width === undefined || depth === undefined) {
    throw new ShapeError(`feature maps: [${shape.join(', ')}] is neither [N, H, W, C] nor [N, C]`);
  }
  const { first, count } = channels ?? { first: 0, count: depth };
  const start = image * height * width * depth + first;
  return { count, height, width, start, map: 1, row: width * depth, column: depth };
}

/** One map for each output channel of a kernel [KH, KW, CI, CO], as it weighs input channel `input`. */
export function filters(shape: Shape, input = 0): Maps {
  const [height, width, inputs, outputs] = kernelShape(shape);
  const column = inputs * outputs;
  return { count: outputs, height, width, start: input * outputs, map: 1, row: width * column, column };
}

/** Every slice of a kernel [KH, KW, CI, CO]: CI rows of CO maps when drawn with CO columns. */
export function filterSlices(shape: Shape): Maps {
  const [height, width, inputs, outputs] = kernelShape(shape);
  const count = inputs * outputs;
  return { count, height, width, start: 0, map: 1, row: width * count, column: count };
}

/** A picture [N, H, W, 3] in its colours, for the palette 'rgb'. */
export function colourPicture(shape: Shape, image = 0): Maps {
  return { ...featureMaps(shape, image, { first: 0, count: 1 }), channel: 1 };
}

/** One colour picture for each output channel of a kernel [KH, KW, 3, CO]. @param order of its input channels. */
export function colourFilters(shape: Shape, order: 'rgb' | 'bgr' = 'rgb'): Maps {
  const outputs = shape[3]!;
  // Backwards from the last input channel: the shaders count in u32, where this wraps around and comes out right.
  if (order === 'bgr') return { ...filters(shape, 2), channel: -outputs };
  return { ...filters(shape), channel: outputs };
}

function kernelShape(shape: Shape): [number, number, number, number] {
  if (shape.length !== 4) throw new ShapeError(`filters: [${shape.join(', ')}] is not [KH, KW, CI, CO]`);
  return shape as unknown as [number, number, number, number];
}
