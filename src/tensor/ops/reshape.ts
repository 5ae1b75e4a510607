import { type Shape, sizeOf } from '../../kernels/spec.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';

/**
 * The same elements, row-major, in another shape; shares memory with x. One extent may be -1: whatever is left.
 * @throws ShapeError when the number of elements differs.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter(n => n !== -1));
  const full = shape.map(n => (n === -1 ? x.size / known : n));
  if (
    shape.filter(n => n === -1).length > 1 ||
    sizeOf(full) !== x.size ||
    !full.every(n => Number.isInteger(n) && n > 0)
  ) {
    throw new ShapeError(`reshape: ${x} has ${x.size} elements, they do not fit [${shape.join(', ')}]`);
  }
  const y = x.engine.alias(x, full);
  return x.engine.record('reshape', [x], y, ({ dy }) => [dy.engine.alias(dy, x.shape)]);
}

export const reshapeExample: OpExample = {
  name: 'reshape',
  draw: r => {
    const [a, b, c] = [r.int(1, 4), r.int(1, 4), r.int(1, 4)];
    const shape = r.pick([[a * b, c], [-1], [c, -1, a], [a, 1, b * c]]);
    return { inputs: [[a, b, c]], apply: ([x]) => reshape(x!, shape) };
  },
};
