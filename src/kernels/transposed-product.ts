import type { Capabilities } from '../gpu/capabilities.ts';
import { foldGrid } from './grid.ts';
import type { BindingRef, Plan } from './spec.ts';
import { planSplitSum } from './split-sum.ts';
import { fill, fitsLargeTiles } from './subgroup.ts';

/** What a^T b is to its shader, which also serves the gradients of dense layers. */
export interface TransposedProduct {
  /** Rows and columns of the result, and what is summed over. */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** 1: the columns' sums of b are wanted too. */
  readonly bias: number;
  readonly accumulate: number;
  readonly from: readonly [string, string];
  readonly into: readonly [BindingRef, BindingRef];
}

/** Rows and columns of the result that one subgroup of 8 lanes takes; the larger tile loads half as much. */
const NARROW = { m: 2, n: 4 };
const WIDE = { m: 4, n: 8 };
/** How much faster the larger tile is where both are full: 1.2 to 1.5 on lavapipe. */
const WIDE_GAIN = 1.3;

export function planTransposedProduct(product: TransposedProduct, caps: Capabilities): Plan {
  const { m, n, k, bias, accumulate, from, into } = product;
  const lanes = caps.subgroupSize;
  const filled = (tile: { m: number; n: number }) => fill(m, tile.m * lanes) * fill(n, tile.n * lanes);
  const wide = fitsLargeTiles(caps) && m % 4 === 0 && WIDE_GAIN * filled(WIDE) > filled(NARROW);
  const tile = wide ? WIDE : NARROW;
  const tiles = Math.ceil(m / (tile.m * lanes)) * Math.ceil(n / (tile.n * lanes));
  return planSplitSum(
    {
      ...{ rows: k, tiles, size: m * n, biasSize: bias * n, accumulate, adds: !wide, from, into },
      first: (shares, perShare, add) => ({
        shader: wide ? 'matmul/grad_wide' : 'matmul/grad_strip',
        constants: { SG: lanes },
        uniform: [m, n, k, shares, perShare, bias, ...(wide ? [] : [add])],
        workgroups: foldGrid(tiles * shares, caps),
      }),
    },
    caps,
  );
}
