import type { Capabilities } from '../gpu/capabilities.ts';
import { foldGrid, gridFor } from './grid.ts';
import type { MatmulParams } from './matmul.ts';
import type { Plan, Variant } from './spec.ts';
import { enoughWorkgroups, LARGEST_PARTS } from './split-sum.ts';
import { fill, occupancy } from './subgroup.ts';

// Matrix products for real GPUs: tiles of both operands in workgroup memory, and k split where the result is too small
// to occupy the device.

interface Tile {
  /** Rows and quads of columns that a thread accumulates. */
  readonly threadRows: 4 | 8;
  readonly threadQuads: 1 | 2;
  /** Threads along columns and rows. */
  readonly across: number;
  readonly down: number;
  /** Values of k in workgroup memory at a time. */
  readonly depth: 16 | 32;
  /**
   * Multiples of the plain variant's speed where tiles are full and the device is: on lavapipe as measured for
   * 512 x 512 x 512; on GPUs an estimate, from the reads of workgroup memory for each multiply-add, until a tuner has
   * measured.
   */
  readonly speed: { readonly software: number; readonly gpu: number };
}

const rowsOf = (tile: Tile) => tile.threadRows * tile.down;
const columnsOf = (tile: Tile) => 4 * tile.threadQuads * tile.across;

/** Turns of a tile that a share of k must have at least: each share writes and reads the whole result once more. */
const FEWEST_TURNS = 4;

/** How many sums k is split into, and how long each is. One unless tiles leave half of the device idle. */
function splitK(p: MatmulParams, tile: Tile, caps: Capabilities) {
  const tiles = Math.ceil(p.m / rowsOf(tile)) * Math.ceil(p.n / columnsOf(tile));
  const room = Math.floor(Math.min(LARGEST_PARTS, caps.maxBindingBytes) / (p.m * p.n * 4));
  const most = Math.max(1, Math.min(Math.floor(enoughWorkgroups(caps) / tiles), room));
  const turns = Math.ceil(p.k / tile.depth);
  const perShare = Math.max(FEWEST_TURNS, Math.ceil(turns / most)) * tile.depth;
  const shares = Math.ceil(p.k / perShare);
  return { tiles, shares, perShare };
}

function planTile(p: MatmulParams, tile: Tile, f16: boolean, caps: Capabilities): Plan {
  const { tiles, shares, perShare } = splitK(p, tile, caps);
  const whole = shares === 1;
  const product = {
    shader: f16 ? ('matmul/workgroup_tile_f16' as const) : ('matmul/workgroup_tile' as const),
    constants: {
      ...{ TM: tile.threadRows, TQ: tile.threadQuads, TX: tile.across, TY: tile.down, BK: tile.depth },
      QUADS: (p.ta ? p.m : p.k) % 4 === 0 && (p.tb ? p.k : p.n) % 4 === 0,
    },
    uniform: [
      ...[p.m, p.n, p.k],
      ...(p.ta ? [1, p.m] : [p.k, 1]),
      ...(p.tb ? [p.k, 1] : [1, p.n]),
      ...(whole ? [p.bias, p.relu, p.accumulate] : [0, 0, 0]),
      ...[shares, perShare],
    ],
    bindings: ['a', 'b', 'bias', whole ? 'out' : 'shares', 'a', 'b'],
    workgroups: foldGrid(tiles * shares, caps),
  };
  if (whole) return { dispatches: [product] };
  const size = p.m * p.n;
  const sum = {
    shader: 'matmul/sum_shares' as const,
    uniform: [size, p.n, shares, p.bias, p.relu, p.accumulate],
    bindings: [{ name: 'shares', as: 'read' as const }, 'bias', 'out'],
    workgroups: gridFor(size, 64, caps),
    work: 0,
  };
  return { dispatches: [product, sum], scratch: { shares: shares * size * 4 } };
}

function workgroupTile(tile: Tile): Variant<MatmulParams> {
  const [rows, columns, threads] = [rowsOf(tile), columnsOf(tile), tile.across * tile.down];
  return {
    name: `workgroup_${rows}x${columns}`,
    // Both operands are bound by quads too, even where they are loaded by scalars.
    supports: (p, caps) =>
      caps.maxWorkgroupInvocations >= threads &&
      caps.workgroupBytes >= 4 * tile.depth * (rows + columns + 8) &&
      Math.min(p.m, p.n) * p.k >= 4,
    speed: (p, caps) => {
      const { tiles, shares } = splitK(p, tile, caps);
      const used = fill(p.m, rows) * fill(p.n, columns);
      const full = caps.software ? tile.speed.software : tile.speed.gpu;
      return full * used * occupancy(tiles * shares * threads, p.m * p.n, caps);
    },
    plan: (p, caps) => planTile(p, tile, false, caps),
  };
}

const TILE_32: Tile = {
  threadRows: 4,
  threadQuads: 1,
  across: 8,
  down: 8,
  depth: 32,
  speed: { software: 2.6, gpu: 12 },
};
const TILE_64: Tile = { threadRows: 8, threadQuads: 2, across: 8, down: 8, depth: 16, speed: { software: 4, gpu: 18 } };
const TILE_128: Tile = {
  threadRows: 8,
  threadQuads: 2,
  across: 8,
  down: 16,
  depth: 16,
  speed: { software: 4, gpu: 20 },
};

/** The middle tile in half the width, for products of activations and weights: gradients may be too small for f16. */
const f16Tile: Variant<MatmulParams> = {
  ...workgroupTile(TILE_64),
  name: 'workgroup_64x64_f16',
  trades: 'f16',
  // Each factor is rounded to 11 bits, so a product is off by up to 2^-10; the bound of a single product is 8 * 2^-24.
  slack: 2 ** 11,
  supports: (p, caps) => caps.f16 && !p.ta && !p.tb && p.k >= 16 && workgroupTile(TILE_64).supports(p, caps),
  speed: (p, caps) => (caps.software ? 0.9 : 1.1) * workgroupTile(TILE_64).speed(p, caps),
  plan: (p, caps) => planTile(p, TILE_64, true, caps),
};

export const matmulTiles: readonly Variant<MatmulParams>[] = [
  ...[TILE_32, TILE_64, TILE_128].map(workgroupTile),
  f16Tile,
];
