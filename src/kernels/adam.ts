import { BLOCK, drawFlat, FLAT_TENSORS, type FlatParams, fillFlat, flat, updateReference } from './flat.ts';
import { gridFor } from './grid.ts';
import { defineKernel } from './spec.ts';

export type AdamParams = FlatParams & { amsgrad: number; beta1: number; beta2: number; epsilon: number };

/**
 * Adam on flat buffers, all parameters in one dispatch (Kingma and Ba, 2015), as Keras computes it: epsilon outside the
 * root, decay decoupled (AdamW). Learning rate and step number come from the step.
 */
export const adamKernel = defineKernel<AdamParams>({
  name: 'adam',
  tensors: {
    ...FLAT_TENSORS,
    m: flat('inout'),
    v: flat('inout'),
    vmax: flat('inout', p => p.amsgrad === 1),
  },
  slice: () => ({ param: 'blocks' }),
  flops: p => 16 * p.blocks * BLOCK,
  reference: (p, inputs, { step, learningRate }) => {
    const [m, v] = [Float64Array.from(inputs.m!), Float64Array.from(inputs.v!)];
    const vmax = inputs.vmax && Float64Array.from(inputs.vmax);
    const correction = Math.sqrt(1 - p.beta2 ** step) / (1 - p.beta1 ** step);
    const updated = updateReference(p, inputs, learningRate, ({ i, gradient, scale }) => {
      m[i]! += (1 - p.beta1) * (gradient - m[i]!);
      v[i]! += (1 - p.beta2) * (gradient ** 2 - v[i]!);
      if (vmax) vmax[i] = Math.max(vmax[i]!, v[i]!);
      return (-learningRate * scale * correction * m[i]!) / (Math.sqrt((vmax ?? v)[i]!) + p.epsilon);
    });
    return { ...updated, m, v, ...(vmax && { vmax }) };
  },
  sample: r => ({ ...drawFlat(r), amsgrad: r.int(0, 1), beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }),
  fill: (name, _, size, r) =>
    name === 'v' || name === 'vmax'
      ? Float64Array.from({ length: size }, () => Math.fround(r.uniform(0.01, 4)))
      : fillFlat(name, size, r),
  tolerance: { kind: 'elementwise', ulps: 32, floor: 1 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'optimizer/adam',
            uniform: [
              ...[(p.blocks * BLOCK) / 4, p.amsgrad],
              ...[1 - p.beta1, 1 - p.beta2, p.epsilon, Math.log(p.beta1), Math.log(p.beta2), p.decay, p.maxNorm].map(
                f32 => ({
                  f32,
                }),
              ),
            ],
            bindings: ['step', 'gradients', 'segments', 'squaredNorm', 'parameters', 'm', 'v', 'vmax', 'notFinite'],
            workgroups: gridFor((p.blocks * BLOCK) / 4, 64, caps),
          },
        ],
      }),
    },
  ],
});
