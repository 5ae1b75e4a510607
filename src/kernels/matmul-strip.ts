import { foldGrid } from './grid.ts';
import type { MatmulParams } from './matmul.ts';
import {
  afterRepacking,
  channelsPerSlice,
  countSlices,
  MOST_DISPATCHES,
  repackUniform,
  WINDOW_BYTES,
} from './repack-uniform.ts';
import type { PlannedDispatch, Variant } from './spec.ts';
import { fill, fitsLargeTiles, isSubgroup } from './subgroup.ts';
import { planTransposedProduct } from './transposed-product.ts';

// Matrix products for software adapters: one subgroup a workgroup, the values of one operand broadcast from lane to lane.

/** Rows of the result that a subgroup accumulates in registers. */
const ROWS = 16;

const onePixel = { kh: 1, kw: 1 };

/** a b and a b^T: b goes through uniform buffers, as weights do. */
const strip: Variant<MatmulParams> = {
  name: `strip_${ROWS}`,
  supports: (p, caps) =>
    isSubgroup(caps) &&
    caps.maxUniformBytes >= 64 << 10 &&
    !p.ta &&
    !p.accumulate &&
    channelsPerSlice(onePixel, caps.subgroupSize) > 0 &&
    countSlices({ ...onePixel, summed: p.k, out: p.n }, caps.subgroupSize) <= MOST_DISPATCHES,
  speed: (p, caps) =>
    caps.software
      ? afterRepacking(14 * fill(p.m, ROWS) * fill(p.n, 4 * caps.subgroupSize) * fill(p.k, caps.subgroupSize), p.m, 3)
      : 0.5,
  plan: (p, caps) => {
    const weights = { ...onePixel, summed: p.k, out: p.n, flip: !!p.tb, tensor: 'b' };
    const { dispatch, scratchBytes, slices } = repackUniform(weights, caps);
    const strips = slices.map(slice => ({
      shader: 'matmul/strip' as const,
      constants: { SG: caps.subgroupSize, TM: ROWS },
      uniform: [
        ...[p.m, p.n, p.k, slice.firstSummed, slice.blocks, slice.firstOut],
        ...[Number(!slice.isFirst), slice.isLast ? p.bias : 0, slice.isLast ? p.relu : 0],
      ],
      bindings: ['a', slice.binding, p.bias ? 'bias' : 'a', 'out'],
      workgroups: foldGrid(Math.ceil(p.m / ROWS), caps),
    }));
    return { dispatches: [dispatch, ...strips], scratch: { packed: scratchBytes } };
  },
};

/** The same for k and n in fours, which a lane loads and stores at once, and two windows on b a dispatch. */
const stripPair: Variant<MatmulParams> = {
  name: 'strip_pair',
  supports: (p, caps) => strip.supports(p, caps) && fitsLargeTiles(caps) && p.k % 4 === 0 && p.n % 4 === 0,
  speed: (p, caps) =>
    caps.software
      ? afterRepacking(
          24 * fill(p.m, ROWS) * fill(p.n, 8 * caps.subgroupSize) * fill(p.k, 4 * caps.subgroupSize),
          p.m,
          3,
        )
      : 0.5,
  plan: (p, caps) => {
    const lanes = caps.subgroupSize;
    const weights = { ...onePixel, summed: p.k, out: p.n, flip: !!p.tb, tensor: 'b', grain: 4 * lanes };
    const { dispatch, scratchBytes, slices, sliceBytes } = repackUniform(weights, caps);
    const slicesPerBlock = slices.findIndex(slice => slice.isLast) + 1;
    const blocks = slices.length / slicesPerBlock;
    // Where blocks of columns are whole, a window shows several.
    const perWindow = slicesPerBlock === 1 ? Math.floor(WINDOW_BYTES / sliceBytes) : 1;
    const strips: PlannedDispatch[] = [];
    for (let first = 0; first < blocks; first += 2 * perWindow) {
      const each = Math.min(perWindow, Math.ceil((blocks - first) / 2));
      for (let i = 0; i < slicesPerBlock; i++) {
        const left = slices[first * slicesPerBlock + i]!;
        const right = slices[(first + each) * slicesPerBlock + i] ?? left;
        strips.push({
          shader: 'matmul/strip_pair',
          constants: { SG: lanes, TM: ROWS },
          uniform: [
            ...[p.m, p.n, p.k, left.firstSummed, left.blocks, left.firstOut, each, sliceBytes / 16],
            ...[Number(!left.isFirst), left.isLast ? p.bias : 0, left.isLast ? p.relu : 0],
          ],
          bindings: ['a', left.binding, right.binding, p.bias ? 'bias' : 'a', 'out'],
          workgroups: foldGrid(Math.ceil(p.m / ROWS) * each, caps),
        });
      }
    }
    return { dispatches: [dispatch, ...strips], scratch: { packed: scratchBytes } };
  },
};

/** The shader binds a gradient of the bias, which this kernel does not have. */
const noBias = { name: 'bias', as: 'write' } as const;

/** a^T b: rows of a and b as they lie in memory, nothing repacked. */
const gradStrip: Variant<MatmulParams> = {
  name: 'grad_strip',
  supports: (p, caps) => isSubgroup(caps) && !!p.ta && !p.tb && !p.bias && !p.relu && p.n % 4 === 0,
  speed: (p, caps) => (caps.software ? 14 * fill(p.m, 2 * caps.subgroupSize) * fill(p.n, 4 * caps.subgroupSize) : 0.5),
  plan: (p, caps) =>
    planTransposedProduct(
      { m: p.m, n: p.n, k: p.k, bias: 0, accumulate: p.accumulate, from: ['a', 'b'], into: ['out', noBias] },
      caps,
    ),
};

export const matmulStrips: readonly Variant<MatmulParams>[] = [strip, stripPair, gradStrip];
