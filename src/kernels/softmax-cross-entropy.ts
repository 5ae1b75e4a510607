import { NAN_BITS, validRows } from './batch.ts';
import { foldGrid, gridFor } from './grid.ts';
import { addToTotals, drawTotals, LOSS_SLOTS } from './metrics.ts';
import { defineKernel, type Plan, type PlannedDispatch, type StepValues, type Values } from './spec.ts';

/**
 * rows x n logits, rows base .. base + rows of a batch of `total`. weighted: class weights are given; smoothing: label
 * smoothing; gradient: whether dlogits is wanted; accumulate: add to loss and correct (a later slice); totals: add the step
 * to running totals, with the slice that ends the batch.
 */
export type SoftmaxCrossEntropyParams = {
  rows: number;
  n: number;
  base: number;
  total: number;
  weighted: number;
  gradient: number;
  accumulate: number;
  totals: number;
  smoothing: number;
};

function reference(p: SoftmaxCrossEntropyParams, inputs: Readonly<Record<string, Values>>, step: StepValues) {
  const { logits, labels, weights } = inputs as Record<'logits' | 'labels' | 'weights', Values>;
  const valid = validRows(p.total, step);
  const dlogits = new Float64Array(p.rows * p.n);
  let loss = 0;
  let correct = 0;
  for (let row = 0; row < p.rows && p.base + row < valid; row++) {
    const z = Float64Array.from(logits.subarray(row * p.n, (row + 1) * p.n));
    const label = labels[row]!;
    const best = z.reduce((a, b) => Math.max(a, b));
    const logSum = best + Math.log(z.reduce((sum, value) => sum + Math.exp(value - best), 0));
    const weight = (label < p.n ? (p.weighted ? weights[label]! : 1) : Number.NaN) / valid;
    for (let c = 0; c < p.n; c++) {
      const goal = p.smoothing / p.n + (c === label ? 1 - p.smoothing : 0);
      if (goal !== 0 || Number.isNaN(weight)) loss += weight * goal * (logSum - z[c]!);
      dlogits[row * p.n + c] = weight * (Math.exp(z[c]! - logSum) - goal);
    }
    if (z.indexOf(best) === label) correct++;
  }
  return {
    ...{ loss: Float64Array.of(loss), correct: Float64Array.of(correct), ...(p.gradient && { dlogits }) },
    ...(p.totals && addToTotals(inputs.losses!, inputs.counts!, { loss, correct, rows: valid })),
  };
}

/** What the last dispatch of a variant writes. */
const RESULTS = ['loss', 'correct', 'losses', 'counts'];

const rowsPart = (
  p: SoftmaxCrossEntropyParams,
  last: readonly string[],
): Pick<PlannedDispatch, 'uniform' | 'bindings'> => ({
  uniform: [
    ...[p.rows, p.n, p.base, p.total, p.weighted, p.accumulate, p.gradient, p.totals, NAN_BITS],
    { f32: p.smoothing },
  ],
  bindings: ['step', 'logits', 'labels', 'weights', 'dlogits', ...last],
});

/** A dispatch over the rows that leaves (loss, correct) of each in `parts`, and one that adds them up. */
const inTwo = (p: SoftmaxCrossEntropyParams, first: PlannedDispatch): Plan => ({
  dispatches: [
    first,
    {
      shader: 'softmax_cross_entropy/sum_parts',
      constants: { SLOTS: LOSS_SLOTS },
      uniform: [p.rows, p.accumulate, p.base, p.total, p.totals],
      bindings: ['step', { name: 'parts', as: 'read' }, ...RESULTS],
      workgroups: [1, 1, 1],
    },
  ],
  scratch: { parts: 8 * p.rows },
});

/**
 * Softmax, cross-entropy from integer labels, its gradient and the count of right rows:
 *
 * loss = sum over valid rows of w[label] * -(sum_c goal_c log softmax(z)_c) / valid rows, goal = (1 - s) onehot + s / n.
 */
export const softmaxCrossEntropyKernel = defineKernel<SoftmaxCrossEntropyParams>({
  name: 'softmax_cross_entropy',
  tensors: {
    logits: { role: 'in', shape: p => [p.rows, p.n], rows: true },
    labels: { role: 'in', shape: p => [p.rows], dtype: 'u32', rows: true },
    weights: { role: 'in', shape: p => (p.weighted ? [p.n] : null) },
    dlogits: { role: 'out', shape: p => (p.gradient ? [p.rows, p.n] : null), rows: true },
    loss: { role: 'out', shape: () => [1] },
    correct: { role: 'out', shape: () => [1] },
    losses: { role: 'inout', shape: p => (p.totals ? [LOSS_SLOTS] : null) },
    counts: { role: 'inout', shape: p => (p.totals ? [4] : null), dtype: 'u32' },
  },
  slice: () => ({ param: 'rows', base: 'base', accumulate: 'accumulate' }),
  flops: p => 8 * p.rows * p.n,
  reference,
  sample: r => {
    const rows = r.int(1, 300);
    return {
      rows,
      n: r.pick([1, 2, 10, r.int(1, 40), r.int(250, 530)]),
      base: 0,
      total: rows,
      weighted: r.int(0, 1),
      gradient: r.int(0, 3) > 0 ? 1 : 0,
      accumulate: 0,
      totals: r.int(0, 1),
      smoothing: r.pick([0, 0.1]),
    };
  },
  fill: (name, p, size, r) => {
    // The last class is often the label and the largest, so that a reduction that misses it is seen.
    if (name === 'labels') return Uint32Array.from({ length: size }, () => r.pick([r.int(0, p.n - 1), p.n - 1]));
    if (name === 'logits') return r.normals(size).map((z, i) => (i % p.n === p.n - 1 ? Math.fround(z + 3) : z));
    if (name === 'weights') return Float64Array.from({ length: size }, () => Math.fround(r.uniform(0.2, 2)));
    return drawTotals(name, size, r);
  },
  tolerance: { kind: 'elementwise', ulps: 256 },
  variants: [
    {
      name: 'rows',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) =>
        inTwo(p, {
          ...rowsPart(p, ['parts']),
          shader: 'softmax_cross_entropy/rows',
          workgroups: gridFor(p.rows, 64, caps),
        }),
    },
    {
      name: 'row_workgroup',
      supports: () => true,
      // On a CPU adapter a thread a row keeps all cores busy, without barriers.
      speed: (p, caps) => (p.n >= 256 && !caps.software ? 4 : 0.5),
      plan: (p, caps) =>
        inTwo(p, {
          ...rowsPart(p, ['parts']),
          shader: 'softmax_cross_entropy/row_workgroup',
          workgroups: foldGrid(p.rows, caps),
        }),
    },
    {
      name: 'one_workgroup',
      supports: () => true,
      speed: p => (p.rows <= 1024 && p.rows * p.n <= 32768 ? 2 : 0.5),
      plan: p => ({
        dispatches: [
          {
            ...rowsPart(p, RESULTS),
            constants: { SLOTS: LOSS_SLOTS },
            shader: 'softmax_cross_entropy/one_workgroup',
            workgroups: [1, 1, 1],
          },
        ],
      }),
    },
  ],
});
