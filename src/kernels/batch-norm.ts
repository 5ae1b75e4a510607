import { validRows } from './batch.ts';
import { gridFor } from './grid.ts';
import type { Sampler } from './sampler.ts';
import {
  defineKernel,
  type Plan,
  type PlannedDispatch,
  type StepValues,
  type TensorSpec,
  type Values,
} from './spec.ts';

/**
 * x is [rows, inner, c]: rows of the batch, places within a row, channels; rows base .. base + rows of a batch of `total`.
 * training: statistics of the batch, over its valid rows; else the running ones. residual, relu: what is fused behind the
 * normalisation, another tensor added and a ReLU behind that; only kernels that see x or dy whole heed them.
 */
export type BatchNormParams = {
  rows: number;
  inner: number;
  c: number;
  base: number;
  total: number;
  training: number;
  momentum: number;
  epsilon: number;
  residual: number;
  relu: number;
};

/** Positions that a thread of the first pass takes at least, and shares at most: what one thread can join in turn. */
const MIN_SHARE = 32;
const MAX_PARTS = 256;
/** Positions that a thread takes where each value is worked on by itself; the same constant stands in the shaders. */
const POSITIONS = 8;

const shares = (p: BatchNormParams) => {
  const positions = p.rows * p.inner;
  const per = Math.ceil(positions / Math.min(MAX_PARTS, Math.ceil(positions / MIN_SHARE)));
  return { parts: Math.ceil(positions / per), per };
};

const uniform = (p: BatchNormParams): PlannedDispatch['uniform'] => {
  const { parts, per } = shares(p);
  const { rows, inner, c, base, total, training, momentum, epsilon, residual, relu } = p;
  return [rows, inner, c, base, total, training, parts, per, { f32: momentum }, { f32: epsilon }, residual, relu];
};

const image: TensorSpec<BatchNormParams> = { role: 'in', shape: p => [p.rows, p.inner, p.c], rows: true };
const result: TensorSpec<BatchNormParams> = { ...image, role: 'out' };
const channels = (role: TensorSpec<BatchNormParams>['role'], lines = 1): TensorSpec<BatchNormParams> => ({
  role,
  shape: p => (lines === 1 ? [p.c] : [lines, p.c]),
});

/** Number of positions that count. */
const validPositions = (p: BatchNormParams, step: StepValues) =>
  (p.training ? validRows(p.total, step) : p.rows) * p.inner;

const sample = (r: Sampler): BatchNormParams => {
  const rows = r.int(1, 40);
  const [inner, c] = [r.pick([1, r.int(1, 30)]), r.pick([r.int(1, 9), r.int(60, 130)])];
  return {
    ...{ rows, inner, c, base: 0, total: rows, training: r.int(0, 2) ? 1 : 0, momentum: 0.9, epsilon: 1e-3 },
    ...{ residual: r.int(0, 1), relu: r.int(0, 1) },
  };
};

const positive = (size: number, r: Sampler) =>
  Float64Array.from({ length: size }, () => Math.fround(r.uniform(0.5, 2)));

/** A mean and an inverse deviation for each channel. */
const fill = (name: string, p: BatchNormParams, size: number, r: Sampler): Values | undefined => {
  if (name === 'variance') return positive(size, r);
  if (name === 'statistics') return Float64Array.of(...r.normals(p.c), ...positive(p.c, r));
  // As a fused ReLU leaves it: half zeros.
  if (name === 'y') return r.normals(size).map(v => Math.max(v, 0));
  return undefined;
};

/**
 * Mean and 1 / sqrt(variance + epsilon) of each channel, and the running statistics moved towards them:
 * running = momentum running + (1 - momentum) batch, the variance divided by n (biased), as in Keras.
 */
export const batchNormStatisticsKernel = defineKernel<BatchNormParams>({
  name: 'batch_norm_statistics',
  tensors: {
    x: { ...image, shape: p => (p.training ? [p.rows, p.inner, p.c] : null) },
    mean: channels('inout'),
    variance: channels('inout'),
    statistics: channels('out', 2),
  },
  slice: p => (p.training ? { param: 'rows', base: 'base' } : undefined),
  flops: p => (p.training ? 5 * p.rows * p.inner * p.c : 0),
  reference: (p, { x, mean, variance }, step) => {
    const running = { mean: Float64Array.from(mean!), variance: Float64Array.from(variance!) };
    const statistics = new Float64Array(2 * p.c);
    const n = validPositions(p, step);
    for (let c = 0; c < p.c; c++) {
      let [m, v] = [running.mean[c]!, running.variance[c]!];
      if (p.training) {
        m = 0;
        for (let i = 0; i < n; i++) m += x![i * p.c + c]! / n;
        v = 0;
        for (let i = 0; i < n; i++) v += (x![i * p.c + c]! - m) ** 2 / n;
        running.mean[c]! += (1 - p.momentum) * (m - running.mean[c]!);
        running.variance[c]! += (1 - p.momentum) * (v - running.variance[c]!);
      }
      statistics[c] = m;
      statistics[p.c + c] = 1 / Math.sqrt(v + p.epsilon);
    }
    return { ...running, statistics };
  },
  sample,
  fill,
  tolerance: { kind: 'elementwise', ulps: 64, floor: 1 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps): Plan => {
        const { parts } = shares(p);
        const first: PlannedDispatch = {
          shader: 'batch_norm/statistics_parts',
          uniform: uniform(p),
          bindings: ['step', 'x', 'shares'],
          workgroups: gridFor(parts * p.c, 64, caps),
        };
        const second: PlannedDispatch = {
          shader: 'batch_norm/statistics_combine',
          uniform: uniform(p),
          bindings: ['step', { name: 'shares', as: 'read' }, 'statistics', 'mean', 'variance'],
          workgroups: gridFor(p.c, 64, caps),
        };
        return { dispatches: p.training ? [first, second] : [second], scratch: { shares: 8 * parts * p.c } };
      },
    },
  ],
});

/**
 * y = act(gamma (x - mean) / sqrt(variance + epsilon) + beta + residual), where the normalisation of padded rows is 0 in
 * training.
 */
export const batchNormKernel = defineKernel<BatchNormParams>({
  name: 'batch_norm',
  tensors: {
    x: image,
    statistics: channels('in', 2),
    gamma: channels('in'),
    beta: channels('in'),
    residual: { ...image, shape: p => (p.residual ? [p.rows, p.inner, p.c] : null) },
    y: result,
  },
  slice: () => ({ param: 'rows', base: 'base' }),
  flops: p => 3 * p.rows * p.inner * p.c,
  reference: (p, { x, statistics, gamma, beta, residual }, step) => {
    const y = new Float64Array(x!.length);
    for (let i = 0; i < validPositions(p, step) * p.c; i++) {
      const c = i % p.c;
      y[i] = (x![i]! - statistics![c]!) * statistics![p.c + c]! * gamma![c]! + beta![c]!;
    }
    if (p.residual) for (let i = 0; i < y.length; i++) y[i]! += residual![i]!;
    return { y: p.relu ? y.map(value => (value <= 0 ? 0 : value)) : y };
  },
  sample,
  fill,
  tolerance: { kind: 'elementwise', ulps: 16, floor: 1 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'batch_norm/apply',
            constants: { POSITIONS },
            uniform: uniform(p),
            bindings: ['step', 'x', 'statistics', 'gamma', 'beta', 'residual', 'y'],
            workgroups: gridFor(Math.ceil((p.rows * p.inner) / POSITIONS) * p.c, 64, caps),
          },
        ],
      }),
    },
  ],
});

/**
 * Gradients of gamma and beta: sums of dz times the normalised x, and of dz; and dz itself, dy before a fused ReLU, where
 * there is one (else dy is it).
 */
export const batchNormScaleGradKernel = defineKernel<BatchNormParams>({
  name: 'batch_norm_scale_grad',
  tensors: {
    x: image,
    dy: image,
    y: { ...image, shape: p => (p.relu ? [p.rows, p.inner, p.c] : null) },
    statistics: channels('in', 2),
    dz: { ...result, shape: p => (p.relu ? [p.rows, p.inner, p.c] : null) },
    dgamma: channels('out'),
    dbeta: channels('out'),
  },
  slice: () => ({ param: 'rows', base: 'base' }),
  flops: p => 4 * p.rows * p.inner * p.c,
  reference: (p, { x, dy, y, statistics }, step) => {
    const [dgamma, dbeta] = [new Float64Array(p.c), new Float64Array(p.c)];
    const dz = p.relu ? Float64Array.from(dy!, (gradient, i) => (y![i]! <= 0 ? 0 : gradient)) : dy!;
    for (let i = 0; i < validPositions(p, step) * p.c; i++) {
      const c = i % p.c;
      dgamma[c]! += dz[i]! * (x![i]! - statistics![c]!) * statistics![p.c + c]!;
      dbeta[c]! += dz[i]!;
    }
    return { dgamma, dbeta, ...(p.relu && { dz }) };
  },
  sample,
  fill,
  tolerance: { kind: 'elementwise', ulps: 64, floor: 16 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => {
        const { parts } = shares(p);
        return {
          dispatches: [
            {
              shader: 'batch_norm/grad_parts',
              uniform: uniform(p),
              bindings: ['step', 'x', 'dy', 'y', 'statistics', 'dz', 'shares'],
              workgroups: gridFor(parts * p.c, 64, caps),
            },
            {
              shader: 'batch_norm/grad_combine',
              uniform: uniform(p),
              bindings: [{ name: 'shares', as: 'read' }, 'dgamma', 'dbeta'],
              workgroups: gridFor(p.c, 64, caps),
            },
          ],
          scratch: { shares: 8 * parts * p.c },
        };
      },
    },
  ],
});

/** Gradient of x, from those of gamma and beta, and from dy as it is before a fused ReLU. */
export const batchNormInputGradKernel = defineKernel<BatchNormParams>({
  name: 'batch_norm_input_grad',
  tensors: {
    x: image,
    dy: image,
    statistics: channels('in', 2),
    gamma: channels('in'),
    dgamma: channels('in'),
    dbeta: channels('in'),
    dx: result,
  },
  slice: () => ({ param: 'rows', base: 'base' }),
  flops: p => 6 * p.rows * p.inner * p.c,
  reference: (p, { x, dy, statistics, gamma, dgamma, dbeta }, step) => {
    const dx = new Float64Array(x!.length);
    const n = validPositions(p, step);
    for (let i = 0; i < n * p.c; i++) {
      const c = i % p.c;
      const s = statistics![p.c + c]!;
      const through = (dbeta![c]! + (x![i]! - statistics![c]!) * s * dgamma![c]!) / n;
      dx[i] = gamma![c]! * s * (dy![i]! - (p.training ? through : 0));
    }
    return { dx };
  },
  sample,
  fill,
  tolerance: { kind: 'elementwise', ulps: 64, floor: 1 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'batch_norm/grad_input',
            constants: { POSITIONS },
            uniform: uniform(p),
            bindings: ['step', 'x', 'dy', 'statistics', 'gamma', 'dgamma', 'dbeta', 'dx'],
            workgroups: gridFor(Math.ceil((p.rows * p.inner) / POSITIONS) * p.c, 64, caps),
          },
        ],
      }),
    },
  ],
});
