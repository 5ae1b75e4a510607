import { mseGradKernel, mseKernel } from '../../kernels/mse.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';
import { compute } from './support.ts';

/**
 * Mean squared error, a scalar: the mean of (prediction - target)^2 over all elements of the valid rows. Only the first
 * step.rows rows count (0: all): the others are padding, with loss and gradient 0.
 * @throws ShapeError when the shapes differ or are scalars.
 */
export function mse(prediction: Tensor, target: Tensor): Tensor {
  if (prediction.rank === 0 || prediction.shape.join() !== target.shape.join()) {
    throw new ShapeError(`mse: prediction and target must be of one shape [N, ...], got ${prediction} and ${target}`);
  }
  const rows = prediction.shape[0]!;
  const p = { rows, width: prediction.size / rows, base: 0, total: rows };
  const { engine } = prediction;
  const loss = engine.empty([], 'f32', 'mse');
  engine.run(mseKernel, { ...p, accumulate: 0 }, { a: prediction, b: target }, { loss });
  return engine.record('mse', [prediction, target], loss, ({ dy, needs, into }) => {
    // The error is the same from either side.
    const gradient = (a: Tensor, b: Tensor, into?: Tensor) => compute(mseGradKernel, p, { a, b, dy }, a.shape, into);
    return [needs[0] && gradient(prediction, target, into[0]), needs[1] && gradient(target, prediction, into[1])];
  });
}

export const mseExample: OpExample = {
  name: 'mse',
  draw: r => {
    const shape = Array.from({ length: r.int(1, 3) }, () => r.int(1, 4));
    return { inputs: [shape, shape], apply: ([prediction, target]) => mse(prediction!, target!) };
  },
};
