import { stridedCopyKernel, stridedCopyParams } from '../../kernels/strided-copy.ts';
import { rowMajor } from '../../kernels/strides.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';
import { compute } from './support.ts';

/**
 * x with its axes in another order: axis i of the result is axis order[i] of x. Default: reversed.
 * @throws ShapeError when `order` does not name every axis once.
 */
export function transpose(x: Tensor, order: readonly number[] = x.shape.map((_, axis) => x.rank - 1 - axis)): Tensor {
  if (order.length !== x.rank || x.shape.some((_, axis) => !order.includes(axis))) {
    throw new ShapeError(`transpose: [${order.join(', ')}] must name each of the ${x.rank} axes of ${x} once`);
  }
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return x.engine.record('transpose', [x], permuted(x, order), ({ dy, into }) => [permuted(dy, inverse, into[0])]);
}

function permuted(x: Tensor, order: readonly number[], into?: Tensor): Tensor {
  const steps = rowMajor(x.shape);
  const shape = order.map(axis => x.shape[axis]!);
  const walk = order.map(axis => steps[axis]!);
  return compute(stridedCopyKernel, stridedCopyParams('transpose', x.shape, shape, walk), { x }, shape, into);
}

export const transposeExample: OpExample = {
  name: 'transpose',
  draw: r => {
    const shape = Array.from({ length: r.int(2, 4) }, () => r.int(1, 4));
    const order = shape.map((_, axis) => axis);
    for (let i = order.length - 1; i > 0; i--) {
      const j = r.int(0, i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return { inputs: [shape], apply: ([x]) => transpose(x!, order) };
  },
};
