import { gridFor } from './grid.ts';
import { philox4x32 } from './philox.ts';
import { defineKernel, type StepValues } from './spec.ts';

/**
 * `count` words of a random stream, the same as the shaders draw: word i is word i % 4 of Philox at the counter
 * (i / 4, step, id, domain) under the key (seed, 0). `base`, the number of the first word, is a multiple of 4.
 */
export function randomWords(count: number, base: number, id: number, domain: number, step: StepValues): Uint32Array {
  const words = new Uint32Array(Math.ceil(count / 4) * 4);
  for (let i = 0; i < count; i += 4) philox4x32((base + i) / 4, step.step, id, domain, step.seed, 0, words, i);
  return words.subarray(0, count);
}

/** out[i] = random word base + i of the stream (seed, step, id). */
export const randomWordsKernel = defineKernel<{ size: number; base: number; id: number }>({
  name: 'random_words',
  tensors: { out: { role: 'out', shape: p => [p.size], dtype: 'u32', rows: true } },
  slice: () => ({ param: 'size', base: 'base' }),
  flops: () => 0,
  reference: (p, _, step) => ({ out: randomWords(p.size, p.base, p.id, 0, step) }),
  sample: r => ({ size: r.int(1, 300), base: 4 * r.int(0, 2 ** 28), id: r.int(0, 2 ** 32 - 1) }),
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'philox/words',
            uniform: [p.size, p.base, p.id],
            bindings: ['step', 'out'],
            workgroups: gridFor(p.size, 256, caps),
          },
        ],
      }),
    },
  ],
});
