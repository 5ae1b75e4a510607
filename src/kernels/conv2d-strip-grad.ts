import type { Capabilities } from '../gpu/capabilities.ts';
import type { Conv2dGeometry } from './conv2d_geometry.ts';
import { fill, isFirstLayer, isSubgroup, stepsByOne } from './conv2d-strip.ts';
import { foldGrid, gridFor } from './grid.ts';
import type { Plan, PlannedDispatch, Variant } from './spec.ts';

// Kernel gradients for software adapters, of convolutions and of dense layers: one subgroup a workgroup, inputs
// broadcast from lane to lane.

type KernelGrad = Conv2dGeometry & { mask: number; db: number; accumulate: number };

/** Workgroups that keep all cores busy to the end. Each further share is one more pass over all gradients. */
const ENOUGH_WORKGROUPS = 32;

/** Bytes of partial sums beyond which a share costs more than an idle core. */
const LARGEST_PARTS = 32 << 20;

/** What a split sum is made of: the first pass, given its shares, and the tensors it ends in. */
interface SplitSum {
  /** Rows that are summed over, and workgroups that one share of them takes. */
  readonly rows: number;
  readonly tiles: number;
  /** Numbers in the result, and in the bias's gradient (0: not wanted). */
  readonly size: number;
  readonly biasSize: number;
  readonly accumulate: number;
  /** Names of the result and of the bias's gradient. */
  readonly into: readonly [string, string];
  readonly first: (shares: number, perShare: number, accumulate: number) => Omit<PlannedDispatch, 'bindings'>;
  /** Names of the two inputs. */
  readonly from: readonly [string, string];
}

/**
 * One share of the rows goes straight into the results. Where that leaves cores idle, several go to scratch, and a
 * second pass adds them up in fixed order.
 */
export function planSplitSum(sum: SplitSum, caps: Capabilities): Plan {
  const { rows, tiles, size, biasSize, accumulate, into, first, from } = sum;
  const bytes = (size + biasSize) * 4;
  const room = Math.floor(Math.min(LARGEST_PARTS, caps.maxBindingBytes) / bytes);
  const perShare = Math.ceil(rows / Math.max(1, Math.min(Math.ceil(ENOUGH_WORKGROUPS / tiles), room)));
  const shares = Math.ceil(rows / perShare);
  if (shares === 1) return { dispatches: [{ ...first(1, perShare, accumulate), bindings: [...from, ...into] }] };
  const dbShares = biasSize ? 'dbShares' : into[1];
  return {
    dispatches: [
      { ...first(shares, perShare, 0), bindings: [...from, 'dwShares', dbShares] },
      {
        shader: 'conv2d/sum_shares',
        uniform: [size, biasSize, shares, accumulate],
        bindings: [{ name: 'dwShares', as: 'read' }, { name: biasSize ? 'dbShares' : 'dwShares', as: 'read' }, ...into],
        workgroups: gridFor(size + biasSize, 64, caps),
        work: 0,
      },
    ],
    scratch: { dwShares: shares * size * 4, ...(biasSize ? { dbShares: shares * biasSize * 4 } : {}) },
  };
}

const results = (p: KernelGrad) => ({
  size: p.kh * p.kw * p.cin * p.cout,
  biasSize: p.db * p.cout,
  accumulate: p.accumulate,
  from: ['x', 'dy'] as const,
  into: ['dkernel', 'db'] as const,
});

/** Steps of two pixels; of one where pictures are so narrow that a step would often be half empty. */
function strip(pixels: number, full: number): Variant<KernelGrad> {
  return {
    name: `strip_${pixels}`,
    supports: (p, caps) => isSubgroup(caps) && stepsByOne(p) && !p.mask && p.cout % 4 === 0,
    speed: (p, caps) => {
      if (!caps.software) return 0.5;
      return full * fill(p.ow, pixels) * fill(p.cin, caps.subgroupSize) * fill(p.cout, 4 * caps.subgroupSize);
    },
    plan: (p, caps) => {
      const lanes = caps.subgroupSize;
      const tiles = Math.ceil(p.cin / lanes) * Math.ceil(p.cout / (4 * lanes)) * p.kh;
      const constants = { SG: lanes, KW: p.kw, PX: pixels };
      const sum = { ...results(p), rows: p.n * p.oh, tiles };
      const shape = [p.n, p.h, p.w, p.cin, p.oh, p.ow, p.cout, p.kh, p.padTop, p.padLeft];
      const first: SplitSum['first'] = (shares, perShare, accumulate) => ({
        shader: 'conv2d/kernel_grad_strip',
        constants,
        uniform: [...shape, shares, perShare, p.db, accumulate],
        workgroups: foldGrid(tiles * shares, caps),
      });
      return planSplitSum({ ...sum, first }, caps);
    },
  };
}

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

export const conv2dKernelGradStrips: readonly Variant<KernelGrad>[] = [strip(2, 24), strip(1, 19), firstLayer];
