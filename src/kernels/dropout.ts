import { gridFor } from './grid.ts';
import { randomWords } from './random-words.ts';
import { defineKernel } from './spec.ts';

/** "drop": keeps these draws apart from others with the same id. The same constant stands in the shader. */
const DOMAIN = 0x64726f70;

/** rate: probability of 0; id: which dropout of the network; base: number of the first element (slices). */
export type DropoutParams = { size: number; base: number; id: number; rate: number };

/** An element is kept when the upper 24 bits of its random word reach this. */
const threshold = (p: DropoutParams) => Math.round(p.rate * 2 ** 24);

/** out[i] = 0 with probability rate, else x[i] / (1 - rate). The mask depends on (seed, step, id, i) alone. */
export const dropoutKernel = defineKernel<DropoutParams>({
  name: 'dropout',
  tensors: {
    x: { role: 'in', shape: p => [p.size], rows: true },
    out: { role: 'out', shape: p => [p.size], rows: true },
  },
  slice: () => ({ param: 'size', base: 'base' }),
  flops: p => p.size,
  reference: (p, { x }, step) => {
    const words = randomWords(p.size, p.base, p.id, DOMAIN, step);
    return {
      out: Float64Array.from(words, (word, i) => (word >>> 8 >= threshold(p) ? x![i]! / (1 - p.rate) : 0)),
    };
  },
  sample: r => ({ size: r.int(1, 400), base: 4 * r.int(0, 1000), id: r.int(0, 9), rate: r.uniform(0, 0.9) }),
  tolerance: { kind: 'elementwise', ulps: 4 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'dropout/plain',
            uniform: [p.size, p.base, p.id, threshold(p), { f32: 1 / (1 - p.rate) }],
            bindings: ['step', 'x', 'out'],
            workgroups: gridFor(p.size, 256, caps),
          },
        ],
      }),
    },
  ],
});
