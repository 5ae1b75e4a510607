import { BLOCK, drawFlat, FLAT_TENSORS, type FlatParams, fillFlat, flat, updateReference } from './flat.ts';
import { gridFor } from './grid.ts';
import { defineKernel } from './spec.ts';

/** momentum 0: none is kept. */
export type RmspropParams = FlatParams & { rho: number; epsilon: number; momentum: number };

/** RMSprop on flat buffers, all parameters in one dispatch, as Keras computes it: epsilon inside the root. */
export const rmspropKernel = defineKernel<RmspropParams>({
  name: 'rmsprop',
  tensors: { ...FLAT_TENSORS, v: flat('inout'), momentumBuffer: flat('inout', p => p.momentum > 0) },
  slice: () => ({ param: 'blocks' }),
  flops: p => 10 * p.blocks * BLOCK,
  reference: (p, inputs, { learningRate }) => {
    const v = Float64Array.from(inputs.v!);
    const momentumBuffer = inputs.momentumBuffer && Float64Array.from(inputs.momentumBuffer);
    const updated = updateReference(p, inputs, learningRate, ({ i, gradient, scale }) => {
      v[i]! += (1 - p.rho) * (gradient ** 2 - v[i]!);
      const step = (learningRate * scale * gradient) / Math.sqrt(v[i]! + p.epsilon);
      if (!momentumBuffer) return -step;
      momentumBuffer[i] = p.momentum * momentumBuffer[i]! + step;
      return -momentumBuffer[i]!;
    });
    return { ...updated, v, ...(momentumBuffer && { momentumBuffer }) };
  },
  sample: r => ({ ...drawFlat(r), rho: 0.9, epsilon: 1e-7, momentum: r.pick([0, 0.9]) }),
  fill: (name, _, size, r) =>
    name === 'v' ? Float64Array.from({ length: size }, () => Math.fround(r.uniform(0.01, 4))) : fillFlat(name, size, r),
  tolerance: { kind: 'elementwise', ulps: 32, floor: 1 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'optimizer/rmsprop',
            uniform: [
              (p.blocks * BLOCK) / 4,
              ...[1 - p.rho, p.epsilon, p.momentum, p.decay, p.maxNorm].map(f32 => ({ f32 })),
            ],
            bindings: [
              ...['step', 'gradients', 'segments', 'squaredNorm', 'parameters'],
              ...['v', 'momentumBuffer', 'notFinite'],
            ],
            workgroups: gridFor((p.blocks * BLOCK) / 4, 64, caps),
          },
        ],
      }),
    },
  ],
});
