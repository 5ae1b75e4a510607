import type { Capabilities } from '../gpu/capabilities.ts';
import type { Conv2dGeometry } from './conv2d-geometry.ts';
import { forwardProblem, inputGradProblem, type StrideOneProblem, stepsByOne } from './conv2d-stride-one.ts';
import { foldGrid } from './grid.ts';
import { afterRepacking, channelsPerSlice, countSlices, MOST_DISPATCHES, repackUniform } from './repack-uniform.ts';
import type { Plan, Variant } from './spec.ts';
import { fill, isSubgroup } from './subgroup.ts';

// Convolutions for software adapters: one subgroup a workgroup, weights through uniform buffers. Their shaders say how
// and why; docs/rejected-optimizations.md says what was tried besides.

type Forward = Conv2dGeometry & { bias: number; relu: number };
type InputGrad = Conv2dGeometry & { mask: number };

interface Tile {
  /** Rows, and pixels of each row, that a subgroup accumulates in registers. */
  readonly rows: number;
  readonly columns: number;
  /** Multiples of the plain variant's speed where the tile is full, on lavapipe with 8 lanes. */
  readonly speed: number;
}

/** Price of repacking a weight in uses of it by the plain kernel. */
const REPACKING = 6;

function planStrip(s: StrideOneProblem, tile: Tile, caps: Capabilities): Plan {
  const weights = { kh: s.kh, kw: s.kw, summed: s.cin, out: s.cout, flip: s.flip, tensor: 'kernel' };
  const { dispatch, scratchBytes, slices } = repackUniform(weights, caps);
  const workgroups = foldGrid(Math.ceil((s.n * s.oh) / tile.rows) * Math.ceil(s.ow / tile.columns), caps);
  const constants = { SG: caps.subgroupSize, SEGS: tile.rows, COLS: tile.columns, KW: s.kw };
  const strips = slices.map(slice => ({
    shader: 'conv2d/strip' as const,
    constants,
    uniform: [
      ...[s.n, s.h, s.w, s.cin, s.oh, s.ow, s.cout, s.kh, s.padTop, s.padLeft],
      ...[slice.firstSummed, slice.blocks, slice.firstOut],
      ...[Number(!slice.isFirst), slice.isLast ? s.bias : 0, slice.isLast ? s.relu : 0],
    ],
    bindings: [s.from, slice.binding, s.bias ? 'bias' : s.from, s.to],
    workgroups,
  }));
  return { dispatches: [dispatch, ...strips], scratch: { packed: scratchBytes } };
}

function strip<P extends Conv2dGeometry>(
  tile: Tile,
  problem: (p: P) => StrideOneProblem,
  fits: (p: P) => boolean,
): Variant<P> {
  return {
    name: tile.rows === 1 ? `strip_${tile.columns}` : `strip_${tile.rows}x${tile.columns}`,
    supports: (p, caps) => {
      if (!isSubgroup(caps) || !stepsByOne(p) || !fits(p) || caps.maxUniformBytes < 64 << 10) return false;
      const s = problem(p);
      return (
        s.cout % 4 === 0 &&
        channelsPerSlice(s, caps.subgroupSize) > 0 &&
        countSlices({ ...s, summed: s.cin, out: s.cout }, caps.subgroupSize) <= MOST_DISPATCHES
      );
    },
    speed: (p, caps) => {
      if (!caps.software) return 0.5;
      const s = problem(p);
      const lanes = fill(s.cin, caps.subgroupSize) * fill(s.cout, 4 * caps.subgroupSize);
      const full = tile.speed * fill(s.ow, tile.columns) * fill(s.n * s.oh, tile.rows) * lanes;
      return afterRepacking(full, s.n * s.oh * s.ow, REPACKING);
    },
    plan: (p, caps) => planStrip(problem(p), tile, caps),
  };
}

/** Wide pictures want long strips; narrow ones would leave them half empty and take two rows at once. */
const TILES: readonly Tile[] = [
  { rows: 1, columns: 14, speed: 24 },
  { rows: 2, columns: 7, speed: 18 },
];

/** A first layer's few input channels would leave most lanes of a strip idle. */
const firstLayer: Variant<Forward> = {
  name: 'first_layer',
  supports: (p, caps) => isSubgroup(caps) && stepsByOne(p) && isFirstLayer(p),
  speed: (p, caps) => (caps.software ? 12 * fill(p.cout, 4 * caps.subgroupSize) * fill(p.ow, 7) : 0.5),
  plan: (p, caps) => ({
    dispatches: [
      {
        shader: 'conv2d/first_layer',
        constants: { SG: caps.subgroupSize, CIN: p.cin, KH: p.kh, KW: p.kw },
        uniform: [p.n, p.h, p.w, p.oh, p.ow, p.cout, p.padTop, p.padLeft, p.bias, p.relu],
        bindings: ['x', 'kernel', p.bias ? 'bias' : 'kernel', 'y'],
        workgroups: foldGrid(Math.ceil(p.cout / (4 * caps.subgroupSize)) * Math.ceil((p.n * p.oh) / 4), caps),
      },
    ],
  }),
};

/** All weights of an output channel must fit a lane's registers. */
export function isFirstLayer(p: Conv2dGeometry): boolean {
  return p.cin <= 4 && p.cout % 4 === 0 && p.kh * p.kw * p.cin <= 28;
}

export const conv2dStrips: readonly Variant<Forward>[] = [
  ...TILES.map(tile => strip<Forward>(tile, forwardProblem, () => true)),
  firstLayer,
];

export const conv2dInputGradStrips: readonly Variant<InputGrad>[] = TILES.map(tile =>
  strip<InputGrad>(tile, inputGradProblem, p => !p.mask),
);
