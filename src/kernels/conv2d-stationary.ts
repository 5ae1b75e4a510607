import type { Capabilities } from '../gpu/capabilities.ts';
import type { Conv2dGeometry } from './conv2d-geometry.ts';
import { forwardProblem, inputGradProblem, type StrideOneProblem, stepsByOne } from './conv2d-stride-one.ts';
import { foldGrid } from './grid.ts';
import { afterRepacking, channelsPerSlice, MOST_DISPATCHES, repackUniform } from './repack-uniform.ts';
import type { Plan, Variant } from './spec.ts';
import { fill, isSubgroup } from './subgroup.ts';

// Convolutions for software adapters with the weights held still (shaders/conv2d/stationary.wgsl says how and why).

type Forward = Conv2dGeometry & { bias: number; relu: number };
type InputGrad = Conv2dGeometry & { mask: number };

/** More weights than those of nine taps do not stay in the first-level cache; fewer than four do not pay for a column's loads. */
const [FEWEST_TAPS, MOST_TAPS] = [4, 9];
/** Input channels that a workgroup sums over: two for each lane. */
const summedChannels = (caps: Capabilities) => 2 * caps.subgroupSize;
/** Output channels of a workgroup: a vec4 for each lane. */
const outChannels = (caps: Capabilities) => 4 * caps.subgroupSize;

const countDispatches = (s: StrideOneProblem, caps: Capabilities) =>
  Math.ceil(s.cin / summedChannels(caps)) * Math.ceil(s.cout / outChannels(caps));

/** Columns that a workgroup should walk: loading its weights is as dear as some ten of them. */
const COLUMNS_PER_GROUP = 128;
/** Workgroups enough to keep a few cores busy, however small the pictures, and many cores, however large. */
const [FEWEST_GROUPS, MOST_GROUPS] = [4, 64];

/** Price of repacking a weight, its many small dispatches included, in uses of it by the plain kernel. */
const REPACKING = 8;

function planStationary(s: StrideOneProblem, caps: Capabilities): Plan {
  const perSlice = summedChannels(caps);
  const weights = { kh: s.kh, kw: s.kw, summed: s.cin, out: s.cout, flip: s.flip, tensor: 'kernel', perSlice };
  const { dispatch, scratchBytes, slices } = repackUniform(weights, caps);
  const rows = s.n * s.oh;
  const groups = Math.min(MOST_GROUPS, Math.max(FEWEST_GROUPS, Math.floor((rows * s.w) / COLUMNS_PER_GROUP)));
  const rowsPerGroup = Math.ceil(rows / groups);
  const passes = slices.map(slice => ({
    shader: 'conv2d/stationary' as const,
    constants: { SG: caps.subgroupSize, KH: s.kh, KW: s.kw },
    uniform: [
      ...[s.n, s.h, s.w, s.cin, s.oh, s.ow, s.cout, s.padTop, s.padLeft],
      ...[slice.firstSummed, slice.firstOut, rowsPerGroup],
      ...[Number(!slice.isFirst), slice.isFirst ? s.bias : 0, slice.isLast ? s.relu : 0],
    ],
    bindings: [s.from, slice.binding, s.bias ? 'bias' : s.from, s.to],
    workgroups: foldGrid(Math.ceil(rows / rowsPerGroup), caps),
  }));
  return { dispatches: [dispatch, ...passes], scratch: { packed: scratchBytes } };
}

function stationary<P extends Conv2dGeometry>(
  problem: (p: P) => StrideOneProblem,
  fits: (p: P) => boolean,
): Variant<P> {
  return {
    name: 'stationary',
    supports: (p, caps) => {
      if (!isSubgroup(caps) || !stepsByOne(p) || !fits(p)) return false;
      if (p.kh * p.kw < FEWEST_TAPS || p.kh * p.kw > MOST_TAPS) return false;
      if (caps.maxUniformBytes < 64 << 10 || channelsPerSlice(p, caps.subgroupSize) < summedChannels(caps))
        return false;
      const s = problem(p);
      const reached = s.padLeft < s.kw && s.ow <= s.w + s.padLeft;
      return reached && s.cin % 2 === 0 && s.cout % 4 === 0 && countDispatches(s, caps) <= MOST_DISPATCHES;
    },
    speed: (p, caps) => {
      if (!caps.software) return 0.5;
      const s = problem(p);
      const lanes = fill(s.cin, summedChannels(caps)) * fill(s.cout, outChannels(caps));
      // Where lanes have no channel to sum over, adding up what all lanes have costs as much as before, for less.
      const summed = Math.min(1, s.cin / summedChannels(caps));
      // A column costs the same loads and stores however few its taps are; with valid padding some give nothing. The ends
      // of a row, with their stores that are masked out, take as long as two columns.
      const columns = Math.min(s.w, s.ow) / (s.w + 2);
      return afterRepacking(60 * lanes * summed * ((s.kh * s.kw) / MOST_TAPS) * columns, s.n * s.oh * s.ow, REPACKING);
    },
    plan: (p, caps) => planStationary(problem(p), caps),
  };
}

export const conv2dStationary: Variant<Forward> = stationary(forwardProblem, () => true);

export const conv2dInputGradStationary: Variant<InputGrad> = stationary(inputGradProblem, p => !p.mask);
