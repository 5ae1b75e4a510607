import { type Padding, windowAxis } from '../../kernels/window.ts';
import { ShapeError, ValueError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';

/** A size for height and width: one number for both, or [height, width]. */
export type Pair = number | readonly [number, number];

export interface WindowOptions {
  readonly window: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly padding: Padding;
}

/** Both values of a pair. @throws ValueError unless they are positive integers. */
export function pair(op: string, name: string, value: Pair): readonly [number, number] {
  const both: readonly [number, number] = typeof value === 'number' ? [value, value] : value;
  if (both.length !== 2 || !both.every(n => Number.isInteger(n) && n > 0)) {
    throw new ValueError(`${op}: ${name} must be a positive integer or [height, width], got ${JSON.stringify(value)}`);
  }
  return both;
}

/**
 * Windows of an op over x [N, H, W, C], as kernel parameters.
 * @throws ShapeError when x is no batch of pictures or no window fits; ValueError for an unknown padding.
 */
export function placeWindows(
  op: string,
  x: Pick<Tensor, 'rank' | 'shape'>,
  { window, stride, dilation = [1, 1], padding }: WindowOptions,
) {
  if (x.rank !== 4) throw new ShapeError(`${op}: input must be [N, H, W, C], got ${x}`);
  if (padding !== 'valid' && padding !== 'same') {
    throw new ValueError(`${op}: padding must be 'valid' or 'same', got '${String(padding)}'`);
  }
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [kh, kw] = window;
  const [strideH, strideW] = stride;
  const [dilationH, dilationW] = dilation;
  const rows = windowAxis(h, kh, strideH, dilationH, padding);
  const columns = windowAxis(w, kw, strideW, dilationW, padding);
  if (rows.out < 1 || columns.out < 1) {
    const span = [(kh - 1) * dilationH + 1, (kw - 1) * dilationW + 1];
    throw new ShapeError(
      `${op}: a window of ${span.join(' x ')} does not fit into pictures of ${h} x ${w}; use padding 'same', or pool less before`,
    );
  }
  return {
    ...{ n, h, w, c, oh: rows.out, ow: columns.out, kh, kw, strideH, strideW, dilationH, dilationW },
    ...{ padTop: rows.before, padLeft: columns.before },
  };
}
