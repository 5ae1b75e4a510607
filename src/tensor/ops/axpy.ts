import { axpyKernel } from '../../kernels/axpy.ts';
import { ShapeError, ValueError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';

/**
 * y = alpha * x + beta * y, in place and not on the tape: sums of gradients over micro-batches, averages of weights.
 * With beta = 0, y may hold anything. The factors are fixed when a step is compiled.
 * @throws ShapeError when the sizes differ; ValueError when x and y share memory.
 */
export function axpy(y: Tensor, x: Tensor, alpha: number, beta: number): void {
  if (x.size !== y.size) throw new ShapeError(`axpy: ${x} and ${y} must be of one size`);
  if (x.storage === y.storage) throw new ValueError(`axpy: ${x} and ${y} share memory; copy one of them first`);
  y.engine.run(axpyKernel, { size: y.size, alpha, beta }, { x, y });
}
