import { elementwise } from './elements.ts';
import { defineKernel } from './spec.ts';

/** out[i] = x[i]: into a place that is fixed, such as a segment of the flat gradients. */
export const copyKernel = defineKernel<{ size: number }>({
  name: 'copy',
  tensors: {
    x: { role: 'in', shape: p => [p.size], rows: true },
    out: { role: 'out', shape: p => [p.size], rows: true },
  },
  slice: () => ({ param: 'size' }),
  flops: () => 0,
  reference: (_, { x }) => ({ out: x!.slice() }),
  sample: r => ({ size: r.pick([r.int(1, 300), r.int(4000, 9000)]) }),
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [elementwise(p.size, caps, { shader: 'copy/copy', uniform: [], bindings: ['x', 'out'] })],
      }),
    },
  ],
});
