import { gridFor } from './grid.ts';
import type { ShaderName } from './shaders.generated.ts';
import { defineKernel, type StepValues, type Variant } from './spec.ts';

/** size: elements of the flat gradient; batch: rows when the step does not say how many are real. */
export type MicroBatchParams = { size: number; batch: number };

const rowsOf = (p: MicroBatchParams, step: StepValues) => step.rows || p.batch;

const plain = (shader: ShaderName, bindings: readonly string[]): readonly Variant<MicroBatchParams>[] => [
  {
    name: 'plain',
    supports: () => true,
    speed: () => 1,
    plan: (p, caps) => ({
      dispatches: [
        { shader, uniform: [p.size, p.batch], bindings: [...bindings, 'step'], workgroups: gridFor(p.size, 64, caps) },
      ],
    }),
  },
];

/** sum += rows * gradient, after each micro-batch. */
export const addGradientKernel = defineKernel<MicroBatchParams>({
  name: 'add_gradient',
  tensors: {
    gradient: { role: 'in', shape: p => [p.size], rows: true },
    sum: { role: 'inout', shape: p => [p.size], rows: true },
  },
  slice: () => ({ param: 'size' }),
  flops: p => 2 * p.size,
  reference: (p, { gradient, sum }, step) => ({
    sum: sum!.map((value: number, i: number) => value + rowsOf(p, step) * gradient![i]!),
  }),
  sample: r => ({ size: r.int(1, 300), batch: r.int(1, 64) }),
  tolerance: { kind: 'dot', terms: () => 2 },
  variants: plain('micro_batch/add_gradient', ['gradient', 'sum']),
});

/** gradient = sum / rows and sum = 0, before the update. */
export const takeMeanKernel = defineKernel<MicroBatchParams>({
  name: 'take_mean',
  tensors: {
    sum: { role: 'inout', shape: p => [p.size], rows: true },
    gradient: { role: 'out', shape: p => [p.size], rows: true },
  },
  slice: () => ({ param: 'size' }),
  flops: p => p.size,
  reference: (p, { sum }, step) => ({
    sum: sum!.map(() => 0),
    gradient: sum!.map((value: number) => value / rowsOf(p, step)),
  }),
  sample: r => ({ size: r.int(1, 300), batch: r.int(1, 64) }),
  tolerance: { kind: 'elementwise', ulps: 8 },
  variants: plain('micro_batch/take_mean', ['sum', 'gradient']),
});
