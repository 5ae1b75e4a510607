import type { KernelSpec, Params, Shape } from '../../kernels/spec.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';

/** Runs a kernel whose one result is `out`, into `into` or a new tensor of this shape. Not on the tape. */
export function compute<P extends Params>(
  spec: KernelSpec<P>,
  p: P,
  inputs: Readonly<Record<string, Tensor>>,
  shape: Shape,
  into?: Tensor,
): Tensor {
  const { engine } = Object.values(inputs)[0]!;
  const out = into ?? engine.empty(shape, 'f32', spec.name);
  engine.run(spec, p, inputs, { out });
  return out;
}

/**
 * Axes as sorted numbers from 0; negative ones count from the end, undefined means all.
 * @throws ShapeError naming `op` when an axis does not exist or stands twice.
 */
export function normalAxes(op: string, x: Tensor, axes: number | readonly number[] | undefined): number[] {
  if (axes === undefined) return x.shape.map((_, axis) => axis);
  const list = (typeof axes === 'number' ? [axes] : axes).map(axis => (axis < 0 ? axis + x.rank : axis));
  for (const axis of list) {
    if (!Number.isInteger(axis) || axis < 0 || axis >= x.rank) {
      throw new ShapeError(`${op}: ${x} has axes 0 to ${x.rank - 1}, got [${[axes].flat().join(', ')}]`);
    }
  }
  if (new Set(list).size !== list.length)
    throw new ShapeError(`${op}: an axis stands twice in [${[axes].flat().join(', ')}]`);
  return list.sort((a, b) => a - b);
}
