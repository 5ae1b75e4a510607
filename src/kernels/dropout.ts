import { gridFor } from './grid.ts';
import { randomWords } from './random-words.ts';
import { defineKernel, type StepValues } from './spec.ts';

/** "drop": keeps these draws apart from others with the same id. The same constant stands in shaders/lib/dropout.wgsl. */
const DOMAIN = 0x64726f70;

/** rate: probability of 0; id: which dropout of the network; base: number of the first element (slices). */
export type DropoutParams = { size: number; base: number; id: number; rate: number };

/** An element is kept when the upper 24 bits of its random word reach this. */
export const dropThreshold = (rate: number) => Math.round(rate * 2 ** 24);

/** What each of `count` elements from number `base` on is multiplied by: 0, or 1 / (1 - rate) in float32. */
export function dropoutFactors(
  { base, id, rate }: Pick<DropoutParams, 'base' | 'id' | 'rate'>,
  count: number,
  step: StepValues,
): Float64Array {
  // Draws come in fours, and a slice of a tensor may start amid one.
  const before = base % 4;
  const words = randomWords(before + count, base - before, id, DOMAIN, step).subarray(before);
  // The scale as a device gets it: what is scaled behind an exact maximum is then exact, too.
  const scale = Math.fround(1 / (1 - rate));
  return Float64Array.from(words, word => (word >>> 8 >= dropThreshold(rate) ? scale : 0));
}

/** out[i] = 0 with probability rate, else x[i] / (1 - rate). The mask depends on (seed, step, id, i) alone. */
export const dropoutKernel = defineKernel<DropoutParams>({
  name: 'dropout',
  tensors: {
    x: { role: 'in', shape: p => [p.size], rows: true },
    out: { role: 'out', shape: p => [p.size], rows: true },
  },
  slice: () => ({ param: 'size', base: 'base' }),
  flops: p => p.size,
  reference: (p, { x }, step) => ({
    out: dropoutFactors(p, p.size, step).map((factor, i) => (factor === 0 ? 0 : x![i]! * factor)),
  }),
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
            uniform: [p.size, p.base, p.id, dropThreshold(p.rate), { f32: 1 / (1 - p.rate) }],
            bindings: ['step', 'x', 'out'],
            workgroups: gridFor(p.size, 256, caps),
          },
        ],
      }),
    },
  ],
});
