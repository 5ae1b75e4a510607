import { BLOCK, FLAT_TENSORS, fillFlat } from './flat.ts';
import { defineKernel } from './spec.ts';

/** accumulate: add to what is there (a later slice). */
export type SquaredNormParams = { blocks: number; accumulate: number };

/** vec4 that a workgroup of the first pass takes at least: its barriers must not cost more than its loads. */
const MIN_PART = 4096;
/** Its workgroups at most: enough for a GPU, few enough for one workgroup to add up. */
const MAX_PARTS = 1024;

/** Sum of the squares of all gradients that are not frozen, for clipping by the global norm. */
export const squaredNormKernel = defineKernel<SquaredNormParams>({
  name: 'squared_norm',
  tensors: {
    gradients: FLAT_TENSORS.gradients,
    segments: FLAT_TENSORS.segments,
    squaredNorm: { role: 'out', shape: () => [1] },
  },
  slice: () => ({ param: 'blocks', accumulate: 'accumulate' }),
  flops: p => 2 * p.blocks * BLOCK,
  reference: (_, { gradients, segments }) => {
    let sum = 0;
    for (const [i, g] of gradients!.entries()) if (segments![2 * Math.floor(i / BLOCK)] !== 0) sum += g * g;
    return { squaredNorm: Float64Array.of(sum) };
  },
  sample: r => ({ blocks: r.pick([r.int(1, 20), r.int(200, 700)]), accumulate: 0 }),
  fill: (name, _, size, r) => fillFlat(name, size, r),
  tolerance: { kind: 'dot', terms: p => p.blocks * BLOCK },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: p => {
        const vectors = (p.blocks * BLOCK) / 4;
        const parts = Math.min(MAX_PARTS, Math.ceil(vectors / MIN_PART));
        return {
          dispatches: [
            {
              shader: 'optimizer/norm_parts',
              uniform: [vectors, parts],
              bindings: ['gradients', 'segments', 'partial'],
              workgroups: [parts, 1, 1],
            },
            {
              shader: 'optimizer/norm_sum',
              uniform: [parts, p.accumulate],
              bindings: [{ name: 'partial', as: 'read' }, 'squaredNorm'],
              workgroups: [1, 1, 1],
            },
          ],
          scratch: { partial: 4 * parts },
        };
      },
    },
  ],
});
