/**
 * The part of the input picture that one value of a layer's output depends on: its size in pixels, and how far apart the
 * fields of two neighbours lie (rows, columns). Padding counts as picture. See A. Araujo, W. Norris, J. Sim, "Computing
 * Receptive Fields of Convolutional Neural Networks" (Distill, 2019).
 */
export interface ReceptiveField {
  readonly size: readonly [number, number];
  readonly step: readonly [number, number];
  /** True once every value depends on the whole picture, whatever `size` says: behind a dense layer or a global pooling. */
  readonly whole: boolean;
}

/** What a layer looks at: a window of its input, or all of it. */
export type Reach =
  | {
      readonly window: readonly [number, number];
      readonly stride: readonly [number, number];
      readonly dilation?: readonly [number, number];
    }
  | 'everything';

export const ONE_PIXEL: ReceptiveField = { size: [1, 1], step: [1, 1], whole: false };

/** The field behind a layer whose input has the field `field`. */
export function widen(field: ReceptiveField, reach: Reach | undefined): ReceptiveField {
  if (reach === undefined || field.whole) return field;
  if (reach === 'everything') return { ...field, whole: true };
  const { window, stride, dilation = [1, 1] } = reach;
  const size = (axis: 0 | 1) => field.size[axis] + (window[axis] - 1) * dilation[axis] * field.step[axis];
  const step = (axis: 0 | 1) => field.step[axis] * stride[axis];
  return { size: [size(0), size(1)], step: [step(0), step(1)], whole: false };
}

/** Of two branches that are added: the larger. */
export function unite(a: ReceptiveField, b: ReceptiveField): ReceptiveField {
  const larger = (axis: 0 | 1) => Math.max(a.size[axis], b.size[axis]);
  return { size: [larger(0), larger(1)], step: a.step, whole: a.whole || b.whole };
}

/** `3 x 3`, or `all` where everything is seen. */
export function describeField({ size, whole }: ReceptiveField): string {
  return whole ? 'all' : size.join(' x ');
}
