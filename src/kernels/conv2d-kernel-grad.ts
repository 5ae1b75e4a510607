import {
  type Conv2dGeometry,
  conv2dFlops,
  drawConv2d,
  forEachTap,
  inputShape,
  kernelShape,
  outputShape,
} from './conv2d-geometry.ts';
import { conv2dKernelGradPatches } from './conv2d-patches.ts';
import { conv2dKernelGradProduct } from './conv2d-product.ts';
import { conv2dKernelGradStrips } from './conv2d-strip-grad.ts';
import { foldGrid, gridFor } from './grid.ts';
import type { Shader } from './shader.ts';
import { defineKernel, sizeOf, type Values, type Variant } from './spec.ts';
import { planSplitSum, type SplitSum } from './split-sum.ts';
import { fill } from './subgroup.ts';

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
const gradientRows = (p: Conv2dKernelGradParams) => p.kh * p.kw * p.cin + p.db;

const uniform = (p: Conv2dKernelGradParams, shares: number, perShare: number, accumulate: number) => [
  ...inputShape(p),
  ...[p.oh, p.ow, p.cout, p.kh, p.kw, p.strideH, p.strideW, p.dilationH, p.dilationW, p.padTop, p.padLeft],
  ...[p.mask, p.db, accumulate, shares, perShare],
];

/** Values in the smaller of x and dy. */
const smallest = (p: Conv2dKernelGradParams) => Math.min(sizeOf(inputShape(p)), sizeOf(outputShape(p)));

/** Without a mask dy takes y's place. */
const operands = (p: Conv2dKernelGradParams) => ['x', 'dy', p.mask ? 'y' : 'dy'];

/**
 * Tiles of rows and channels for each share, and the pass that adds up the shares.
 * @param speeds where tiles are full: on lavapipe as measured for 64x28x28 32->64 3x3 and smaller layers; on GPUs
 * estimates, of which only the order matters until a tuner has measured.
 * @param byQuads the shader loads vec4s where channels come in fours, and binds its operands by quads too.
 */
function tiled(
  name: string,
  shader: Shader,
  constants: Readonly<Record<string, number>>,
  [rows, channels]: readonly [number, number],
  speeds: { readonly software: number; readonly gpu: number },
  byQuads = false,
): Variant<Conv2dKernelGradParams> {
  const tilesOf = (p: Conv2dKernelGradParams) => Math.ceil(gradientRows(p) / rows) * Math.ceil(p.cout / channels);
  return {
    name,
    supports: (p, caps) => caps.maxWorkgroupInvocations >= 256 && (!byQuads || smallest(p) >= 4),
    speed: (p, caps) =>
      (caps.software ? speeds.software : speeds.gpu) * fill(gradientRows(p), rows) * fill(p.cout, channels),
    plan: (p, caps) => {
      const tiles = tilesOf(p);
      const first: SplitSum['first'] = (shares, perShare, accumulate) => ({
        shader,
        constants: byQuads ? { ...constants, QUADS: p.cin % 4 === 0 && p.cout % 4 === 0 } : constants,
        uniform: uniform(p, shares, perShare, accumulate),
        workgroups: foldGrid(tiles * shares, caps),
      });
      const [size, biasSize] = [sizeOf(kernelShape(p)), p.db * p.cout];
      const sum = { rows: p.n * p.oh * p.ow, tiles, size, biasSize, accumulate: p.accumulate, first };
      return planSplitSum(
        { ...sum, from: operands(p), into: ['dkernel', 'db'], again: byQuads ? operands(p) : [] },
        caps,
      );
    },
  };
}

const plain: Variant<Conv2dKernelGradParams> = {
  name: 'plain',
  supports: () => true,
  speed: () => 1,
  plan: (p, caps) => ({
    dispatches: [
      {
        shader: 'conv2d/kernel_grad_plain',
        uniform: uniform(p, 1, p.n * p.oh * p.ow, p.accumulate),
        bindings: [...operands(p), 'dkernel', 'db'],
        workgroups: gridFor(gradientRows(p) * p.cout, 64, caps),
      },
    ],
  }),
};

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
    plain,
    tiled('register_4x4', 'conv2d/kernel_grad_register', { TM: 4, TN: 4 }, [32, 32], { software: 4, gpu: 8 }),
    tiled('workgroup_64x64', 'conv2d/kernel_grad_tile', {}, [64, 64], { software: 2, gpu: 40 }, true),
    conv2dKernelGradProduct,
    ...conv2dKernelGradStrips,
    conv2dKernelGradPatches,
  ],
});
