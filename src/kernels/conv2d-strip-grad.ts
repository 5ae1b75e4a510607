import type { Conv2dGeometry } from './conv2d-geometry.ts';
import { stepsByOne } from './conv2d-stride-one.ts';
import { isFirstLayer } from './conv2d-strip.ts';
import { foldGrid } from './grid.ts';
import type { Variant } from './spec.ts';
import { planSplitSum, type SplitSum } from './split-sum.ts';
import { fill, fitsLargeTiles, isSubgroup } from './subgroup.ts';
import { planTransposedProduct } from './transposed-product.ts';

// Kernel gradients for software adapters, of convolutions and of dense layers: one subgroup a workgroup, inputs
// broadcast from lane to lane.

type KernelGrad = Conv2dGeometry & { mask: number; db: number; accumulate: number };

const results = (p: KernelGrad) => ({
  size: p.kh * p.kw * p.cin * p.cout,
  biasSize: p.db * p.cout,
  accumulate: p.accumulate,
  from: ['x', 'dy'] as const,
  into: ['dkernel', 'db'] as const,
});

const shapeOf = (p: KernelGrad) => [p.n, p.h, p.w, p.cin, p.oh, p.ow, p.cout, p.kh];

/** One input channel a lane, in steps of two pixels. */
const strip: Variant<KernelGrad> = {
  name: 'strip_2',
  supports: (p, caps) => isSubgroup(caps) && stepsByOne(p) && !p.mask && p.cout % 4 === 0,
  speed: (p, caps) => {
    if (!caps.software) return 0.5;
    // Half empty steps cost more than their empty half: measured on rows of 3, 5, 7 and 11 pixels.
    return 24 * fill(p.ow, 2) ** 2 * fill(p.cin, caps.subgroupSize) * fill(p.cout, 4 * caps.subgroupSize);
  },
  plan: (p, caps) => {
    const lanes = caps.subgroupSize;
    const tiles = Math.ceil(p.cin / lanes) * Math.ceil(p.cout / (4 * lanes)) * p.kh;
    const first: SplitSum['first'] = (shares, perShare, accumulate) => ({
      shader: 'conv2d/kernel_grad_strip',
      constants: { SG: lanes, KW: p.kw, PX: 2 },
      uniform: [...shapeOf(p), p.padTop, p.padLeft, shares, perShare, p.db, accumulate],
      workgroups: foldGrid(tiles * shares, caps),
    });
    return planSplitSum({ ...results(p), rows: p.n * p.oh, tiles, first }, caps);
  },
};

/**
 * Two input channels a lane, pixel after pixel, of any stride.
 * @param perLane output channels a lane.
 * @param speeds where the tile is full, with several taps a row and with one: there a loaded value serves a third of the sums.
 */
function walk(
  name: 'wide' | 'narrow',
  perLane: 2 | 4,
  speeds: { readonly taps: number; readonly tap: number },
): Variant<KernelGrad> {
  return {
    name,
    supports: (p, caps) =>
      fitsLargeTiles(caps) && p.dilationH * p.dilationW === 1 && !p.mask && p.cin % 2 === 0 && p.cout % perLane === 0,
    speed: (p, caps) =>
      caps.software
        ? (p.kw > 1 ? speeds.taps : speeds.tap) *
          fill(p.cin, 2 * caps.subgroupSize) *
          fill(p.cout, perLane * caps.subgroupSize)
        : 0.5,
    plan: (p, caps) => {
      const lanes = caps.subgroupSize;
      const tiles = Math.ceil(p.cin / (2 * lanes)) * Math.ceil(p.cout / (perLane * lanes)) * p.kh;
      const first: SplitSum['first'] = (shares, perShare) => ({
        shader: `conv2d/kernel_grad_${name}`,
        constants: { SG: lanes, KW: p.kw, STEP: p.strideW },
        uniform: [...shapeOf(p), p.strideH, p.padTop, p.padLeft, shares, perShare, p.db],
        workgroups: foldGrid(tiles * shares, caps),
      });
      return planSplitSum({ ...results(p), rows: p.n * p.oh, tiles, adds: false, first }, caps);
    },
  };
}

const wide = walk('wide', 4, { taps: 30, tap: 18 });
const narrow = walk('narrow', 2, { taps: 24, tap: 13 });

/** All weights of 32 output channels in the registers of one subgroup. */
const firstLayer: Variant<KernelGrad> = {
  name: 'first_layer',
  supports: (p, caps) => isSubgroup(caps) && stepsByOne(p) && !p.mask && isFirstLayer(p),
  speed: (p, caps) => (caps.software ? 12 * fill(p.ow, 4) * fill(p.cout, 4 * caps.subgroupSize) : 0.5),
  plan: (p, caps) => {
    const lanes = caps.subgroupSize;
    const tiles = Math.ceil(p.cout / (4 * lanes));
    const constants = { SG: lanes, CIN: p.cin, KH: p.kh, KW: p.kw };
    const first: SplitSum['first'] = (shares, perShare, accumulate) => ({
      shader: 'conv2d/kernel_grad_first',
      constants,
      uniform: [p.n, p.h, p.w, p.oh, p.ow, p.cout, p.padTop, p.padLeft, shares, perShare, p.db, accumulate],
      workgroups: foldGrid(tiles * shares, caps),
    });
    return planSplitSum({ ...results(p), rows: p.n * p.oh, tiles, first }, caps);
  },
};

/** With one tap at every pixel, as dense layers have it, the gradient is the product x^T dy. */
const product: Variant<KernelGrad> = {
  name: 'product',
  supports: (p, caps) =>
    isSubgroup(caps) &&
    stepsByOne(p) &&
    !p.mask &&
    p.cout % 4 === 0 &&
    p.kh * p.kw === 1 &&
    p.oh === p.h &&
    p.ow === p.w,
  speed: (p, caps) =>
    caps.software ? 24 * fill(p.cin, 2 * caps.subgroupSize) * fill(p.cout, 4 * caps.subgroupSize) : 0.5,
  plan: (p, caps) => {
    const { from, into, accumulate } = results(p);
    const shape = { m: p.cin, n: p.cout, k: p.n * p.h * p.w };
    return planTransposedProduct({ ...shape, bias: p.db, accumulate, from, into }, caps);
  },
};

export const conv2dKernelGradStrips: readonly Variant<KernelGrad>[] = [strip, wide, narrow, firstLayer, product];
