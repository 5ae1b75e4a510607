import { gridFor } from './grid.ts';
import { defineKernel } from './spec.ts';

/** out[i] = value. */
export const fillKernel = defineKernel<{ size: number; value: number }>({
  name: 'fill',
  tensors: { out: { role: 'out', shape: p => [p.size], rows: true } },
  slice: () => ({ param: 'size' }),
  flops: () => 0,
  reference: p => ({ out: new Float64Array(p.size).fill(p.value) }),
  sample: r => ({ size: r.int(1, 300), value: Math.fround(r.normal()) }),
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'fill/fill',
            uniform: [p.size, { f32: p.value }],
            bindings: ['out'],
            workgroups: gridFor(p.size, 64, caps),
          },
        ],
      }),
    },
  ],
});
