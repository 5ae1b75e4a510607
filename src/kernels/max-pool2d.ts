import type { Capabilities } from '../gpu/capabilities.ts';
import { foldGrid, gridFor } from './grid.ts';
import {
  drawPool2d,
  forEachWindow,
  type Pool2dParams,
  pooledFrom,
  pooledTo,
  poolUniform,
  tapPlace,
  tapsShape,
} from './pool2d-geometry.ts';
import type { Sampler } from './sampler.ts';
import { defineKernel, sizeOf, type Values } from './spec.ts';
import { fill } from './subgroup.ts';

function forward(p: Pool2dParams, x: Values): { y: Float64Array; taps: Uint32Array } {
  const y = new Float64Array(sizeOf(pooledTo(p)));
  const taps = new Uint32Array(sizeOf(tapsShape(p)));
  forEachWindow(p, ({ at, image, inImage }, pixels) => {
    let best = pixels[0]!;
    for (const pixel of pixels) {
      const [value, largest] = [x[pixel.at]!, x[best.at]!];
      if (value > largest || (Number.isNaN(value) && !Number.isNaN(largest))) best = pixel;
    }
    y[at] = x[best.at]!;
    const { word, shift } = tapPlace(p, image, inImage);
    taps[word]! |= best.tap << shift;
  });
  return { y, taps };
}

function backward(p: Pool2dParams, dy: Values, taps: Values): Float64Array {
  const dx = new Float64Array(sizeOf(pooledFrom(p)));
  forEachWindow(p, ({ at, image, inImage }, pixels) => {
    const { word, shift, bits } = tapPlace(p, image, inImage);
    const tap = ((taps[word]! >>> shift) & bits) >>> 0;
    const winner = pixels.find(pixel => pixel.tap === tap);
    if (winner) dx[winner.at]! += dy[at]!;
  });
  return dx;
}

/** Few different values, so that windows have equal maxima; and now and then a NaN. */
const tied = (size: number, r: Sampler) =>
  Float64Array.from({ length: size }, () => (r.int(0, 60) === 0 ? Number.NaN : r.int(-2, 2)));

/** Four channels a lane, a row of windows a workgroup: what software adapters want, and GPUs do not. */
const rowsVariant = {
  name: 'rows',
  supports: (p: Pool2dParams) => p.c % 4 === 0 && p.kh * p.kw <= 256,
  speed: (p: Pool2dParams, caps: Capabilities) => (caps.software ? 8 * fill(p.c, 32) : 0.5),
};

/** y = the largest value of each window; taps: which one it was, packed (see tapsShape). The first of equal ones, or the first NaN. */
export const maxPool2dKernel = defineKernel<Pool2dParams>({
  name: 'max_pool2d',
  tensors: {
    x: { role: 'in', shape: pooledFrom, rows: true },
    y: { role: 'out', shape: pooledTo, rows: true },
    taps: { role: 'out', shape: tapsShape, dtype: 'u32', rows: true },
  },
  slice: () => ({ param: 'n' }),
  flops: p => sizeOf(pooledTo(p)) * p.kh * p.kw,
  reference: (p, { x }) => forward(p, x!),
  sample: drawPool2d,
  fill: (_, __, size, r) => tied(size, r),
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'pool/max',
            uniform: poolUniform(p),
            bindings: ['x', 'y', 'taps'],
            workgroups: gridFor(sizeOf(tapsShape(p)), 64, caps),
          },
        ],
      }),
    },
    {
      ...rowsVariant,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'pool/max_rows',
            uniform: poolUniform(p),
            bindings: ['x', 'y', 'taps'],
            workgroups: foldGrid(p.n * p.oh, caps),
          },
        ],
      }),
    },
  ],
});

/** dx: each dy goes to the pixel that was its window's maximum. */
export const maxPool2dGradKernel = defineKernel<Pool2dParams>({
  name: 'max_pool2d_grad',
  tensors: {
    dy: { role: 'in', shape: pooledTo, rows: true },
    taps: { role: 'in', shape: tapsShape, dtype: 'u32', rows: true },
    dx: { role: 'out', shape: pooledFrom, rows: true },
  },
  slice: () => ({ param: 'n' }),
  flops: p => sizeOf(pooledTo(p)),
  reference: (p, { dy, taps }) => ({ dx: backward(p, dy!, taps!) }),
  sample: drawPool2d,
  // Taps as the forward leaves them.
  fill: (name, p, _, r) => (name === 'taps' ? forward(p, tied(sizeOf(pooledFrom(p)), r)).taps : undefined),
  tolerance: { kind: 'dot', terms: p => p.kh * p.kw },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'pool/max_grad',
            uniform: poolUniform(p),
            bindings: ['dy', 'taps', 'dx'],
            workgroups: gridFor(sizeOf(pooledFrom(p)), 64, caps),
          },
        ],
      }),
    },
    {
      name: 'cells',
      supports: p => p.strideH >= p.kh && p.strideW >= p.kw,
      speed: () => 2,
      plan: (p, caps) => {
        const cells = Math.ceil((p.h + p.padTop) / p.strideH) * Math.ceil((p.w + p.padLeft) / p.strideW);
        return {
          dispatches: [
            {
              shader: 'pool/max_grad_cells',
              uniform: poolUniform(p),
              bindings: ['dy', 'taps', 'dx'],
              workgroups: gridFor(p.n * cells * p.c, 64, caps),
            },
          ],
        };
      },
    },
    {
      ...rowsVariant,
      supports: p => rowsVariant.supports(p) && p.strideH >= p.kh && p.strideW >= p.kw,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'pool/max_grad_rows',
            uniform: poolUniform(p),
            bindings: ['dy', 'taps', 'dx'],
            workgroups: foldGrid(p.n * Math.ceil((p.h + p.padTop) / p.strideH), caps),
          },
        ],
      }),
    },
  ],
});
