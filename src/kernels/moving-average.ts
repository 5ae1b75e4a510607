import { BLOCK } from './flat.ts';
import { gridFor } from './grid.ts';
import { defineKernel } from './spec.ts';

/** average = decay average + (1 - decay) x, on flat buffers. */
export const movingAverageKernel = defineKernel<{ blocks: number; decay: number }>({
  name: 'moving_average',
  tensors: {
    x: { role: 'in', shape: p => [p.blocks, BLOCK], rows: true },
    average: { role: 'inout', shape: p => [p.blocks, BLOCK], rows: true },
  },
  slice: () => ({ param: 'blocks' }),
  flops: p => 3 * p.blocks * BLOCK,
  reference: (p, { x, average }) => ({
    average: Float64Array.from(average!, (value, i) => value + (1 - p.decay) * (x![i]! - value)),
  }),
  sample: r => ({ blocks: r.int(1, 12), decay: r.uniform(0.5, 1) }),
  tolerance: { kind: 'elementwise', ulps: 8, floor: 1 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'optimizer/average',
            uniform: [(p.blocks * BLOCK) / 4, { f32: 1 - p.decay }],
            bindings: ['x', 'average'],
            workgroups: gridFor((p.blocks * BLOCK) / 4, 64, caps),
          },
        ],
      }),
    },
  ],
});
