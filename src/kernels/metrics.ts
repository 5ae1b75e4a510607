import { validRows } from './batch.ts';
import type { Sampler } from './sampler.ts';
import { defineKernel, type Values } from './spec.ts';

/** Sums that the losses of the steps are dealt to in turn. */
export const LOSS_SLOTS = 512;

/** What one step adds to running totals: its mean loss, its count of right rows, and how many rows there were. */
export interface StepTotals {
  readonly loss: number;
  readonly correct: number;
  readonly rows: number;
}

/** Totals as shaders/lib/totals.wgsl leaves them: losses f32 [512], counts u32 [4] (right rows, rows, steps, not finite). */
export function addToTotals(losses: Values, counts: Values, { loss, correct, rows }: StepTotals) {
  const [right, seen, steps, notFinite] = counts as Uint32Array;
  const sums = Float64Array.from(losses);
  sums[steps! % LOSS_SLOTS]! += loss * rows;
  const flag = Number.isFinite(loss) ? notFinite! : 1;
  return { losses: sums, counts: Uint32Array.of(right! + correct, seen! + rows, steps! + 1, flag) };
}

/** Totals of some steps, for tests. */
export function drawTotals(name: string, size: number, r: Sampler): Values | undefined {
  if (name === 'losses') return Float64Array.from({ length: size }, () => Math.fround(r.uniform(0, 100)));
  if (name === 'counts') return Uint32Array.of(r.int(0, 1e6), r.int(0, 1e6), r.int(0, 2000), r.int(0, 1));
  return undefined;
}

/** Running totals of an epoch: adds one step's loss (weighted by its rows), right rows, rows, and a not-finite flag. */
export const metricsKernel = defineKernel<{ batch: number; correct: number }>({
  name: 'metrics',
  tensors: {
    loss: { role: 'in', shape: () => [1] },
    correct: { role: 'in', shape: p => (p.correct ? [1] : null) },
    losses: { role: 'inout', shape: () => [LOSS_SLOTS] },
    counts: { role: 'inout', shape: () => [4], dtype: 'u32' },
  },
  flops: () => 2,
  reference: (p, { loss, correct, losses, counts }, step) => {
    const right = p.correct ? correct![0]! : 0;
    return addToTotals(losses!, counts!, { loss: loss![0]!, correct: right, rows: validRows(p.batch, step) });
  },
  sample: r => ({ batch: r.int(1, 200), correct: r.int(0, 1) }),
  fill: (name, p, size, r) => {
    if (name === 'loss')
      return Float64Array.of(r.pick([Math.fround(r.normal()), Number.NaN, Number.POSITIVE_INFINITY]));
    if (name === 'correct') return Float64Array.of(r.int(0, p.batch));
    return drawTotals(name, size, r);
  },
  tolerance: { kind: 'elementwise', ulps: 8, floor: 1 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: p => ({
        dispatches: [
          {
            shader: 'metrics/add',
            constants: { SLOTS: LOSS_SLOTS },
            uniform: [p.batch, p.correct],
            bindings: ['step', 'loss', 'correct', 'losses', 'counts'],
            workgroups: [1, 1, 1],
          },
        ],
      }),
    },
  ],
});
