import {
  batchNormInputGradKernel,
  batchNormKernel,
  batchNormScaleGradKernel,
  batchNormStatisticsKernel,
} from '../../kernels/batch-norm.ts';
import { sizeOf } from '../../kernels/spec.ts';
import { ShapeError, ValueError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { FusedActivation } from './activation-grad.ts';
import type { OpExample } from './registry.ts';

export interface BatchNorm2dOptions {
  /** Running mean and variance [C]: moved in place in training, used at inference. */
  running: { readonly mean: Tensor; readonly variance: Tensor };
  training: boolean;
  /** Share of the old running statistics that a step keeps. Default 0.99. */
  momentum?: number;
  /** Added to the variance. Default 1e-3. */
  epsilon?: number;
  /** Added behind the normalisation, of the shape of x: the other branch of a residual block. */
  residual?: Tensor;
  /** Fused behind that, in the same kernels. */
  activation?: FusedActivation;
}

/**
 * Batch normalisation over all axes but the last (Ioffe and Szegedy, 2015): gamma (x - mean) / sqrt(variance + epsilon) +
 * beta, for x [N, H, W, C] or [N, C] and gamma, beta [C].
 *
 * In training mean and variance are those of the batch, over its step.rows valid rows only (padded rows come out as 0),
 * and running = momentum running + (1 - momentum) batch, with the biased variance, as in Keras. At inference they are
 * the running ones, and every row counts.
 *
 * With `residual` and `activation` the same values come out as from act(add(batchNorm2d(x), residual)), for which memory
 * would be passed over up to twice more in each direction.
 *
 * @throws ShapeError when the shapes do not fit; ValueError for momentum or epsilon out of range.
 */
export function batchNorm2d(x: Tensor, gamma: Tensor, beta: Tensor, options: BatchNorm2dOptions): Tensor {
  const { running, training, momentum = 0.99, epsilon = 1e-3, residual, activation } = options;
  const [rows, c] = [x.shape[0], x.shape[x.rank - 1]];
  if (rows === undefined || c === undefined || x.rank < 2) {
    throw new ShapeError(`batchNorm2d: x must be [N, H, W, C] or [N, C], got ${x}`);
  }
  const perChannel = { gamma, beta, 'running mean': running.mean, 'running variance': running.variance };
  for (const [name, tensor] of Object.entries(perChannel)) {
    if (tensor.size !== c) throw new ShapeError(`batchNorm2d: ${name} must be [${c}] for x ${x}, got ${tensor}`);
  }
  if (residual && residual.shape.join() !== x.shape.join()) {
    throw new ShapeError(`batchNorm2d: the residual must have the shape of x ${x}, got ${residual}`);
  }
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new ValueError(`batchNorm2d: momentum is ${momentum}, it must be from 0 to 1`);
  }
  if (!(epsilon > 0)) throw new ValueError(`batchNorm2d: epsilon is ${epsilon}, it must be positive`);

  const { engine } = x;
  const inner = sizeOf(x.shape) / rows / c;
  const p = {
    rows,
    inner,
    c,
    base: 0,
    total: rows,
    training: Number(training),
    momentum,
    epsilon,
    residual: 0,
    relu: 0,
  };
  const behind = { ...p, residual: Number(!!residual), relu: Number(activation === 'relu') };
  const { mean, variance } = running;
  const { statistics } = engine.run(batchNormStatisticsKernel, p, { ...(training && { x }), mean, variance });
  const y = engine.alias(engine.run(batchNormKernel, behind, { x, statistics, gamma, beta, residual }).y!, x.shape);
  const inputs = residual ? [x, gamma, beta, residual] : [x, gamma, beta];
  return engine.record('batchNorm2d', inputs, y, ({ dy, needs, into }) => {
    const places = { dgamma: into[1], dbeta: into[2] };
    const mask = activation && y;
    const grads = engine.run(
      batchNormScaleGradKernel,
      { ...behind, residual: 0 },
      { x, dy, y: mask, statistics },
      places,
    );
    const { dgamma, dbeta } = grads;
    // What was added gets the gradient as it is before the ReLU.
    const dz = activation ? engine.alias(grads.dz!, x.shape) : dy;
    if (!needs[0]) return [undefined, dgamma, dbeta, dz];
    const { dx } = engine.run(
      batchNormInputGradKernel,
      p,
      { x, dy: dz, statistics, gamma, dgamma, dbeta },
      { dx: into[0] },
    );
    return [into[0] ?? engine.alias(dx!, x.shape), dgamma, dbeta, dz];
  });
}

export const batchNorm2dExample: OpExample = {
  name: 'batchNorm2d',
  draw: r => {
    const c = r.int(1, 4);
    const shape = r.int(0, 1) ? [r.int(2, 5), c] : [r.int(1, 3), r.int(2, 4), r.int(1, 3), c];
    const training = r.int(0, 2) > 0;
    const added = r.int(0, 1) === 1;
    const options = r.int(0, 1) ? { training, activation: 'relu' as const } : { training };
    return {
      inputs: [shape, [c], [c], ...(added ? [shape] : [])],
      constants: [
        { shape: [c], dtype: 'f32', values: r.normals(c) },
        { shape: [c], dtype: 'f32', values: Float64Array.from({ length: c }, () => r.uniform(0.5, 2)) },
      ],
      apply: ([x, gamma, beta, residual], [mean, variance]) =>
        batchNorm2d(x!, gamma!, beta!, {
          ...options,
          ...(residual && { residual }),
          running: { mean: mean!, variance: variance! },
        }),
    };
  },
};
