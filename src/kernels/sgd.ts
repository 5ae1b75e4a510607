import { BLOCK, drawFlat, FLAT_TENSORS, type FlatParams, fillFlat, flat, updateReference } from './flat.ts';
import { gridFor } from './grid.ts';
import { defineKernel } from './spec.ts';

/** momentum 0: no velocity is kept. */
export type SgdParams = FlatParams & { momentum: number; nesterov: number };

/** Gradient descent with momentum on flat buffers, all parameters in one dispatch, as Keras computes it. */
export const sgdKernel = defineKernel<SgdParams>({
  name: 'sgd',
  tensors: { ...FLAT_TENSORS, velocity: flat('inout', p => p.momentum > 0) },
  slice: () => ({ param: 'blocks' }),
  flops: p => 6 * p.blocks * BLOCK,
  reference: (p, inputs, { learningRate }) => {
    const velocity = inputs.velocity && Float64Array.from(inputs.velocity);
    const updated = updateReference(p, inputs, learningRate, ({ i, gradient, scale }) => {
      const descent = -learningRate * scale * gradient;
      if (!velocity) return descent;
      velocity[i] = p.momentum * velocity[i]! + descent;
      return p.nesterov ? p.momentum * velocity[i]! + descent : velocity[i]!;
    });
    return { ...updated, ...(velocity && { velocity }) };
  },
  sample: r => ({ ...drawFlat(r), momentum: r.pick([0, 0.9]), nesterov: r.int(0, 1) }),
  fill: (name, _, size, r) => fillFlat(name, size, r),
  tolerance: { kind: 'elementwise', ulps: 16, floor: 1 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'optimizer/sgd',
            uniform: [(p.blocks * BLOCK) / 4, p.nesterov, { f32: p.momentum }, { f32: p.decay }, { f32: p.maxNorm }],
            bindings: ['step', 'gradients', 'segments', 'squaredNorm', 'parameters', 'velocity', 'notFinite'],
            workgroups: gridFor((p.blocks * BLOCK) / 4, 64, caps),
          },
        ],
      }),
    },
  ],
});
