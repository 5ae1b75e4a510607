import type { Capabilities } from '../gpu/capabilities.ts';
import { foldGrid } from './grid.ts';
import type { BindingRef, Plan } from './spec.ts';
import { planSplitSum } from './split-sum.ts';

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

export function planTransposedProduct(product: TransposedProduct, caps: Capabilities): Plan {
  const { m, n, k, bias, accumulate, from, into } = product;
  const lanes = caps.subgroupSize;
  const tiles = Math.ceil(m / (2 * lanes)) * Math.ceil(n / (4 * lanes));
  return planSplitSum(
    {
      ...{ rows: k, tiles, size: m * n, biasSize: bias * n, accumulate, from, into },
      first: (shares, perShare, add) => ({
        shader: 'matmul/grad_strip',
        constants: { SG: lanes },
        uniform: [m, n, k, shares, perShare, bias, add],
        workgroups: foldGrid(tiles * shares, caps),
      }),
    },
    caps,
  );
}
