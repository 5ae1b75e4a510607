import { validRows } from './batch.ts';
import { defineKernel } from './spec.ts';

/** Sums that the losses of the steps are dealt to in turn. */
export const LOSS_SLOTS = 512;

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
    const rows = validRows(p.batch, step);
    const [right, seen, steps, notFinite] = counts as Uint32Array;
    const sums = Float64Array.from(losses!);
    sums[steps! % LOSS_SLOTS]! += loss![0]! * rows;
    const flag = Number.isFinite(loss![0]!) ? notFinite! : 1;
    return {
      losses: sums,
      counts: Uint32Array.of(right! + (p.correct ? correct![0]! : 0), seen! + rows, steps! + 1, flag),
    };
  },
  sample: r => ({ batch: r.int(1, 200), correct: r.int(0, 1) }),
  fill: (name, p, _, r) => {
    if (name === 'loss')
      return Float64Array.of(r.pick([Math.fround(r.normal()), Number.NaN, Number.POSITIVE_INFINITY]));
    if (name === 'correct') return Float64Array.of(r.int(0, p.batch));
    if (name === 'counts') return Uint32Array.of(r.int(0, 1e6), r.int(0, 1e6), r.int(0, 2000), r.int(0, 1));
    return undefined;
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
