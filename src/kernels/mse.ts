import { validRows } from './batch.ts';
import { elementwise } from './elements.ts';
import { gridFor } from './grid.ts';
import { defineKernel, type StepValues } from './spec.ts';

/** rows x width numbers, rows base .. base + rows of a batch of `total`; accumulate: add to the loss (a later slice). */
export type MseParams = { rows: number; width: number; base: number; total: number; accumulate: number };
export type MseGradParams = Omit<MseParams, 'accumulate'>;

/** Elements of these rows that are not padding. */
const validSize = (p: MseGradParams, step: StepValues) =>
  Math.max(0, Math.min(validRows(p.total, step) - p.base, p.rows)) * p.width;

const sample = (r: { int: (low: number, high: number) => number }) => {
  const rows = r.int(1, 60);
  return { rows, width: r.int(1, 20), base: 0, total: rows };
};

/** loss = sum of (a - b)^2 over the valid rows of the batch, divided by their number and the width. */
export const mseKernel = defineKernel<MseParams>({
  name: 'mse',
  tensors: {
    a: { role: 'in', shape: p => [p.rows, p.width], rows: true },
    b: { role: 'in', shape: p => [p.rows, p.width], rows: true },
    loss: { role: 'out', shape: () => [1] },
  },
  slice: () => ({ param: 'rows', base: 'base', accumulate: 'accumulate' }),
  flops: p => 3 * p.rows * p.width,
  reference: (p, { a, b }, step) => {
    let sum = 0;
    for (let i = 0; i < validSize(p, step); i++) sum += (a![i]! - b![i]!) ** 2;
    return { loss: Float64Array.of(sum / (validRows(p.total, step) * p.width)) };
  },
  sample: r => ({ ...sample(r), accumulate: 0 }),
  // All terms are positive: as good as the worst of them.
  tolerance: { kind: 'elementwise', ulps: 128 },
  variants: [
    {
      name: 'parts',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => {
        const parts = Math.min(1024, Math.ceil((p.rows * p.width) / 16));
        return {
          dispatches: [
            {
              shader: 'mse/partial',
              uniform: [p.rows, p.width, p.base, p.total, parts],
              bindings: ['step', 'a', 'b', 'partial'],
              workgroups: gridFor(parts, 64, caps),
            },
            {
              shader: 'reduce/sum',
              uniform: [1, parts, 1, 1, parts, { f32: 1 }, p.accumulate],
              bindings: [{ name: 'partial', as: 'read' }, 'loss'],
              workgroups: [1, 1, 1],
            },
          ],
          scratch: { partial: 4 * parts },
        };
      },
    },
  ],
});

/** Gradient of `mse` with respect to a; with the operands exchanged, to b. */
export const mseGradKernel = defineKernel<MseGradParams>({
  name: 'mse_grad',
  tensors: {
    a: { role: 'in', shape: p => [p.rows, p.width], rows: true },
    b: { role: 'in', shape: p => [p.rows, p.width], rows: true },
    dy: { role: 'in', shape: () => [1] },
    out: { role: 'out', shape: p => [p.rows, p.width], rows: true },
  },
  slice: () => ({ param: 'rows', base: 'base' }),
  flops: p => 4 * p.rows * p.width,
  reference: (p, { a, b, dy }, step) => {
    const scale = (2 * dy![0]!) / (validRows(p.total, step) * p.width);
    const end = validSize(p, step);
    return {
      out: Float64Array.from({ length: p.rows * p.width }, (_, i) => (i < end ? scale * (a![i]! - b![i]!) : 0)),
    };
  },
  sample,
  tolerance: { kind: 'elementwise', ulps: 32 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(p.rows * p.width, caps, {
            shader: 'mse/gradient',
            uniform: [p.width, p.base, p.total],
            bindings: ['step', 'a', 'b', 'dy', 'out'],
          }),
        ],
      }),
    },
  ],
});
