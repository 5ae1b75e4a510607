import { padKernel, padParams } from '../../kernels/pad.ts';
import { cutParams, stridedCopyKernel } from '../../kernels/strided-copy.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';
import { compute } from './support.ts';

/**
 * The part of x from `begin`, of shape `size`; a size of -1 takes the rest of the axis.
 * @throws ShapeError when it does not lie in x.
 */
export function slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  const shape = x.shape.map((n, axis) => (size[axis] === -1 ? n - begin[axis]! : size[axis]!));
  const whole = [...begin, ...shape].every(Number.isInteger);
  const fits = x.shape.every(
    (n, axis) => whole && begin[axis]! >= 0 && shape[axis]! > 0 && begin[axis]! + shape[axis]! <= n,
  );
  if (begin.length !== x.rank || size.length !== x.rank || !fits) {
    throw new ShapeError(`slice: from [${begin.join(', ')}] of size [${size.join(', ')}] does not lie in ${x}`);
  }
  const y = compute(stridedCopyKernel, cutParams('slice', x.shape, begin, shape), { x }, shape);
  const behind = x.shape.map((n, axis) => n - begin[axis]! - shape[axis]!);
  return x.engine.record('slice', [x], y, ({ dy, into }) => [
    compute(padKernel, padParams(shape, begin, behind, 0), { x: dy }, x.shape, into[0]),
  ]);
}

export const sliceExample: OpExample = {
  name: 'slice',
  draw: r => {
    const shape = Array.from({ length: r.int(1, 4) }, () => r.int(1, 4));
    const begin = shape.map(n => r.int(0, n - 1));
    const size = shape.map((n, axis) => (r.int(0, 3) === 0 ? -1 : r.int(1, n - begin[axis]!)));
    return { inputs: [shape], apply: ([x]) => slice(x!, begin, size) };
  },
};
