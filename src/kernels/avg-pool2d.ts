import { gridFor } from './grid.ts';
import {
  drawPool2d,
  forEachWindow,
  NOTHING_BEHIND,
  type Pool2dParams,
  pooledFrom,
  pooledTo,
  poolUniform,
} from './pool2d-geometry.ts';
import { defineKernel, sizeOf, type Values } from './spec.ts';

function forward(p: Pool2dParams, x: Values): Float64Array {
  const y = new Float64Array(sizeOf(pooledTo(p)));
  forEachWindow(p, ({ at }, pixels) => {
    y[at] = pixels.reduce((sum, pixel) => sum + x[pixel.at]!, 0) / pixels.length;
  });
  return y;
}

function backward(p: Pool2dParams, dy: Values): Float64Array {
  const dx = new Float64Array(sizeOf(pooledFrom(p)));
  forEachWindow(p, ({ at }, pixels) => {
    for (const pixel of pixels) dx[pixel.at]! += dy[at]! / pixels.length;
  });
  return dx;
}

/** y = the mean of each window, over its pixels inside the picture. */
export const avgPool2dKernel = defineKernel<Pool2dParams>({
  name: 'avg_pool2d',
  tensors: {
    x: { role: 'in', shape: pooledFrom, rows: true },
    y: { role: 'out', shape: pooledTo, rows: true },
  },
  slice: () => ({ param: 'n' }),
  flops: p => sizeOf(pooledTo(p)) * p.kh * p.kw,
  reference: (p, { x }) => ({ y: forward(p, x!) }),
  sample: drawPool2d,
  tolerance: { kind: 'dot', terms: p => p.kh * p.kw },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'pool/average',
            uniform: [...poolUniform(p), ...NOTHING_BEHIND],
            bindings: ['x', 'y'],
            workgroups: gridFor(sizeOf(pooledTo(p)), 64, caps),
          },
        ],
      }),
    },
  ],
});

/** dx: each dy is shared out evenly among the pixels of its window. */
export const avgPool2dGradKernel = defineKernel<Pool2dParams>({
  name: 'avg_pool2d_grad',
  tensors: {
    dy: { role: 'in', shape: pooledTo, rows: true },
    dx: { role: 'out', shape: pooledFrom, rows: true },
  },
  slice: () => ({ param: 'n' }),
  flops: p => sizeOf(pooledTo(p)) * p.kh * p.kw,
  reference: (p, { dy }) => ({ dx: backward(p, dy!) }),
  sample: drawPool2d,
  tolerance: { kind: 'dot', terms: p => p.kh * p.kw },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'pool/average_grad',
            uniform: [...poolUniform(p), ...NOTHING_BEHIND],
            bindings: ['dy', 'dx'],
            workgroups: gridFor(sizeOf(pooledFrom(p)), 64, caps),
          },
        ],
      }),
    },
  ],
});
