import type { Capabilities } from '../gpu/capabilities.ts';
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
import { foldGrid, gridFor } from './grid.ts';
import type { Shader } from './shader.ts';
import { defineKernel, type Plan, sizeOf, type Values, type Variant } from './spec.ts';

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

/** The pixels of the batch, cut into shares that are summed one by one and then added up in order. */
interface Split {
  readonly shares: number;
  readonly perShare: number;
}

/** Bytes of partial sums beyond which more shares cost more than they bring. */
const LARGEST_PARTS = 64 << 20;

/**
 * As many shares as give the device enough workgroups: a small layer's gradient is one or two tiles, summed over a
 * hundred thousand pixels. The numbers depend on the device alone, so that the sums are the same each time.
 */
function splitPixels(p: Conv2dKernelGradParams, tiles: number, caps: Capabilities): Split {
  const pixels = p.n * p.oh * p.ow;
  const [workgroups, fewest] = caps.software ? [32, 64] : [512, 256];
  const room = Math.min(LARGEST_PARTS, caps.maxBindingBytes) / (4 * gradientRows(p) * p.cout);
  const wanted = Math.floor(Math.min(workgroups / tiles, pixels / fewest, room));
  const perShare = Math.ceil(pixels / Math.max(1, wanted));
  return { shares: Math.ceil(pixels / perShare), perShare };
}

const uniform = (p: Conv2dKernelGradParams, { shares, perShare }: Split, accumulate: number) => [
  ...inputShape(p),
  ...[p.oh, p.ow, p.cout, p.kh, p.kw, p.strideH, p.strideW, p.dilationH, p.dilationW, p.padTop, p.padLeft],
  ...[p.mask, p.db, accumulate, shares, perShare],
];

/** Without a mask dy takes y's place. */
const operands = (p: Conv2dKernelGradParams) => ['x', 'dy', p.mask ? 'y' : 'dy'];

/** The pass that adds up what shares have left in the scratch buffers `dkernelShares` and `dbShares`. */
export function sumShares(p: Conv2dKernelGradParams, shares: number, caps: Capabilities): Required<Plan> {
  const size = sizeOf(kernelShape(p));
  const biasSize = p.db * p.cout;
  return {
    dispatches: [
      {
        shader: 'conv2d/sum_shares',
        uniform: [size, biasSize, shares, p.accumulate],
        bindings: [
          { name: 'dkernelShares', as: 'read' },
          { name: p.db ? 'dbShares' : 'dkernelShares', as: 'read' },
          ...['dkernel', 'db'],
        ],
        workgroups: gridFor(size + biasSize, 64, caps),
      },
    ],
    scratch: { dkernelShares: shares * size * 4, ...(p.db ? { dbShares: shares * biasSize * 4 } : {}) },
  };
}

/**
 * Tiles of rows and channels for each share, and the pass that adds up the shares.
 * @param speeds where tiles are full: on lavapipe as measured for 64x28x28 32->64 3x3 and smaller layers; on GPUs
 * estimates, of which only the order matters until a tuner has measured.
 */
function tiled(
  name: string,
  shader: Shader,
  constants: Readonly<Record<string, number>>,
  [rows, channels]: readonly [number, number],
  speeds: { readonly software: number; readonly gpu: number },
): Variant<Conv2dKernelGradParams> {
  const tilesOf = (p: Conv2dKernelGradParams) => Math.ceil(gradientRows(p) / rows) * Math.ceil(p.cout / channels);
  return {
    name,
    supports: (_, caps) => caps.maxWorkgroupInvocations >= 256,
    speed: (p, caps) =>
      ((caps.software ? speeds.software : speeds.gpu) * gradientRows(p) * p.cout) / (tilesOf(p) * rows * channels),
    plan: (p, caps) => {
      const tiles = tilesOf(p);
      const split = splitPixels(p, tiles, caps);
      const several = split.shares > 1;
      const sums = {
        shader,
        constants,
        uniform: uniform(p, split, several ? 0 : p.accumulate),
        bindings: [...operands(p), ...(several ? ['dkernelShares', p.db ? 'dbShares' : 'db'] : ['dkernel', 'db'])],
        workgroups: foldGrid(tiles * split.shares, caps),
      };
      if (!several) return { dispatches: [sums] };
      const { dispatches, scratch } = sumShares(p, split.shares, caps);
      return { dispatches: [sums, ...dispatches], scratch };
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
        uniform: uniform(p, { shares: 1, perShare: p.n * p.oh * p.ow }, p.accumulate),
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
    tiled('register_8x4', 'conv2d/kernel_grad_register', { TM: 8, TN: 4 }, [64, 32], { software: 4.2, gpu: 8 }),
    tiled('workgroup_64x64', 'conv2d/kernel_grad_tile', {}, [64, 64], { software: 2, gpu: 40 }),
    ...conv2dKernelGradStrips,
  ],
});
