import {
  type Conv2dGeometry,
  conv2dFlops,
  drawConv2d,
  forEachTap,
  inputShape,
  kernelShape,
  outputShape,
} from './conv2d_geometry.ts';
import { conv2dKernelGradStrips } from './conv2d-strip-grad.ts';
import { gridFor } from './grid.ts';
import { defineKernel, type PlannedDispatch, sizeOf, type Values } from './spec.ts';

/**
 * mask: the forward had a ReLU fused; dy counts only where its result y was positive. db: the bias gradient is wanted
 * too. accumulate: add to what `dkernel` and `db` hold.
 */
export type Conv2dKernelGradParams = Conv2dGeometry & { mask: number; db: number; accumulate: number };

function reference(p: Conv2dKernelGradParams, x: Values, dy: Values, y: Values | undefined): Record<string, Values> {
  const masked = Float64Array.from(dy, (gradient, i) => (p.mask && y![i]! <= 0 ? 0 : gradient));
  const dkernel = new Float64Array(sizeOf(kernelShape(p)));
  forEachTap(p, (xAt, kernelAt, yAt) => {
    for (let ci = 0; ci < p.cin; ci++) {
      const row = kernelAt + ci * p.cout;
      for (let co = 0; co < p.cout; co++) dkernel[row + co]! += x[xAt + ci]! * masked[yAt + co]!;
    }
  });
  if (!p.db) return { dkernel };
  const db = new Float64Array(p.cout);
  masked.forEach((gradient, i) => {
    db[i % p.cout]! += gradient;
  });
  return { dkernel, db };
}

/** Rows of the product that the shaders compute: one for each weight of an output channel, and one for the bias. */
export const gradientRows = (p: Conv2dKernelGradParams) => p.kh * p.kw * p.cin + p.db;

const common = (
  p: Conv2dKernelGradParams,
  shares = 1,
  perShare = p.n * p.oh * p.ow,
): Pick<PlannedDispatch, 'uniform' | 'bindings'> => ({
  uniform: [
    ...inputShape(p),
    ...[p.oh, p.ow, p.cout, p.kh, p.kw, p.strideH, p.strideW, p.dilationH, p.dilationW, p.padTop, p.padLeft],
    ...[p.mask, p.db, p.accumulate, shares, perShare],
  ],
  // Without a mask dy takes its place.
  bindings: ['x', 'dy', p.mask ? 'y' : 'dy', shares > 1 ? 'parts' : 'dkernel', 'db'],
});

/** dkernel, db: gradients of a convolution's kernel and bias, sums over all pixels of the batch. */
export const conv2dKernelGradKernel = defineKernel<Conv2dKernelGradParams>({
  name: 'conv2d_kernel_grad',
  tensors: {
    x: { role: 'in', shape: inputShape, rows: true },
    dy: { role: 'in', shape: outputShape, rows: true },
    y: { role: 'in', shape: p => (p.mask ? outputShape(p) : null), rows: true },
    dkernel: { role: 'out', shape: kernelShape },
    db: { role: 'out', shape: p => (p.db ? [p.cout] : null) },
  },
  slice: () => ({ param: 'n', accumulate: 'accumulate' }),
  flops: conv2dFlops,
  reference: (p, { x, dy, y }) => reference(p, x!, dy!, y),
  sample: r => ({ ...drawConv2d(r), mask: r.int(0, 1), db: r.int(0, 1), accumulate: 0 }),
  // As a fused ReLU leaves it: half zeros.
  fill: (name, _, size, r) => (name === 'y' ? r.normals(size).map(v => Math.max(v, 0)) : undefined),
  tolerance: { kind: 'dot', terms: p => p.n * p.oh * p.ow },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          { ...common(p), shader: 'conv2d/kernel_grad_plain', workgroups: gridFor(gradientRows(p) * p.cout, 64, caps) },
        ],
      }),
    },
    ...conv2dKernelGradStrips,
  ],
});
