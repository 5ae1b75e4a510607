/**
 * The part of the input picture that one value of a layer's output depends on: its size in pixels, how far apart the
 * fields of two neighbours lie, and where that of the first value starts (rows, columns). Padding counts as picture, so
 * it may start before it. See A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of Convolutional Neural Networks"
 * (Distill, 2019).
 */
export interface ReceptiveField {
  readonly size: readonly [number, number];
  /** Not whole where a picture is stretched. */
  readonly step: readonly [number, number];
  readonly start: readonly [number, number];
  /** True once every value depends on the whole picture, whatever `size` says: behind a dense layer or a global pooling. */
  readonly whole: boolean;
}

/** What a layer looks at: a window of its input, or all of it. A stride that is not whole belongs to a layer that stretches. */
export type Reach =
  | {
      readonly window: readonly [number, number];
      readonly stride: readonly [number, number];
      readonly dilation?: readonly [number, number];
      /** Positions of the first window that lie before the input. Default 0. */
      readonly before?: readonly [number, number];
    }
  | 'everything';

export const ONE_PIXEL: ReceptiveField = { size: [1, 1], step: [1, 1], start: [0, 0], whole: false };

/** The field behind a layer whose input has the field `field`. */
export function widen(field: ReceptiveField, reach: Reach | undefined): ReceptiveField {
  if (reach === undefined || field.whole) return field;
  if (reach === 'everything') return { ...field, whole: true };
  const { window, stride, dilation = [1, 1], before = [0, 0] } = reach;
  const size = (axis: 0 | 1) => field.size[axis] + (window[axis] - 1) * dilation[axis] * field.step[axis];
  const step = (axis: 0 | 1) => field.step[axis] * stride[axis];
  const start = (axis: 0 | 1) => field.start[axis] - before[axis] * field.step[axis];
  return { size: [size(0), size(1)], step: [step(0), step(1)], start: [start(0), start(1)], whole: false };
}

/** Of two branches that are added: what lies in either. */
export function unite(a: ReceptiveField, b: ReceptiveField): ReceptiveField {
  const start = (axis: 0 | 1) => Math.min(a.start[axis], b.start[axis]);
  const size = (axis: 0 | 1) => Math.max(a.start[axis] + a.size[axis], b.start[axis] + b.size[axis]) - start(axis);
  const whole = a.whole || b.whole;
  return { size: [size(0), size(1)], step: a.step, start: [start(0), start(1)], whole };
}

/** Pixels [top, bottom) x [left, right) of a picture. */
export interface PixelBox {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** The pixels that the value at (row, column) of an output depends on, of a picture [height, width, ...]; without its padding. */
export function fieldBox(
  { size, step, start, whole }: ReceptiveField,
  row: number,
  column: number,
  [height = 0, width = 0]: readonly number[],
): PixelBox {
  if (whole) return { top: 0, bottom: height, left: 0, right: width };
  const [y, x] = [start[0] + row * step[0], start[1] + column * step[1]];
  const within = (value: number, most: number) => Math.min(most, Math.max(0, value));
  return {
    top: within(Math.floor(y), height),
    bottom: within(Math.ceil(y + size[0]), height),
    left: within(Math.floor(x), width),
    right: within(Math.ceil(x + size[1]), width),
  };
}

/** `3 x 3`, or `all` where everything is seen. */
export function describeField({ size, whole }: ReceptiveField): string {
  return whole ? 'all' : size.map(Math.ceil).join(' x ');
}
