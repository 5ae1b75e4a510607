import { elementwise } from './elements.ts';
import { defineKernel } from './spec.ts';

export type AxpyParams = { size: number; alpha: number; beta: number };

/** y = alpha * x + beta * y in place; with beta = 0 whatever y held is forgotten, NaN too. */
export const axpyKernel = defineKernel<AxpyParams>({
  name: 'axpy',
  tensors: {
    x: { role: 'in', shape: p => [p.size], rows: true },
    y: { role: 'inout', shape: p => [p.size], rows: true },
  },
  slice: () => ({ param: 'size' }),
  flops: p => 3 * p.size,
  reference: (p, { x, y }) => ({
    y: Float64Array.from(y!, (value, i) => p.alpha * x![i]! + (p.beta === 0 ? 0 : p.beta * value)),
  }),
  // Factors that are not negative: the tolerance is relative to the sum of the terms' magnitudes.
  sample: r => ({
    size: r.int(1, 300),
    alpha: Math.fround(r.uniform()),
    beta: r.pick([0, 1, Math.fround(r.uniform())]),
  }),
  tolerance: { kind: 'dot', terms: () => 2 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(p.size, caps, {
            shader: 'axpy/axpy',
            uniform: [{ f32: p.alpha }, { f32: p.beta }],
            bindings: ['x', 'y'],
          }),
        ],
      }),
    },
  ],
});
