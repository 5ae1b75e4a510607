import { padKernel, padParams } from '../../kernels/pad.ts';
import { cutParams, stridedCopyKernel } from '../../kernels/strided-copy.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';
import { compute } from './support.ts';

/**
 * x with a constant around it.
 *
 * @param paddings for each axis how many elements in front and behind, e.g. [[0, 0], [1, 2]].
 * @throws ShapeError when there is not one whole, non-negative pair for each axis.
 */
export function pad(x: Tensor, paddings: readonly (readonly [number, number])[], value = 0): Tensor {
  if (paddings.length !== x.rank || !paddings.flat().every(n => Number.isInteger(n) && n >= 0)) {
    throw new ShapeError(`pad: ${x} needs ${x.rank} pairs of whole numbers from 0, got ${JSON.stringify(paddings)}`);
  }
  const [before, after] = [paddings.map(pair => pair[0]), paddings.map(pair => pair[1])];
  const shape = x.shape.map((n, axis) => before[axis]! + n + after[axis]!);
  const y = compute(padKernel, padParams(x.shape, before, after, value), { x }, shape);
  return x.engine.record('pad', [x], y, ({ dy, into }) => [
    compute(stridedCopyKernel, cutParams('pad', shape, before, x.shape), { x: dy }, x.shape, into[0]),
  ]);
}

export const padExample: OpExample = {
  name: 'pad',
  draw: r => {
    const shape = Array.from({ length: r.int(1, 4) }, () => r.int(1, 3));
    const paddings = shape.map((): [number, number] => [r.int(0, 2), r.int(0, 2)]);
    const value = r.normal();
    return { inputs: [shape], apply: ([x]) => pad(x!, paddings, value) };
  },
};
