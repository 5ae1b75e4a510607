import { elementwise } from './elements.ts';
import { defineKernel } from './spec.ts';

/** out[i] = value. */
export const fillKernel = defineKernel<{ size: number; value: number }>({
  name: 'fill',
  tensors: { out: { role: 'out', shape: p => [p.size], rows: true } },
  slice: () => ({ param: 'size' }),
  flops: () => 0,
  reference: p => ({ out: new Float64Array(p.size).fill(p.value) }),
  sample: r => ({ size: r.pick([r.int(1, 300), r.int(4000, 9000)]), value: Math.fround(r.normal()) }),
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(p.size, caps, { shader: 'fill/fill', uniform: [{ f32: p.value }], bindings: ['out'] }),
        ],
      }),
    },
  ],
});
