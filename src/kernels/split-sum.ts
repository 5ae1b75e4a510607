import type { Capabilities } from '../gpu/capabilities.ts';
import { gridFor } from './grid.ts';
import type { BindingRef, Plan, PlannedDispatch } from './spec.ts';

/**
 * Workgroups that keep all cores busy to the end: those of a CPU, or (an estimate) the several each of a large GPU's.
 * Each further share is one more pass over all gradients.
 */
export const enoughWorkgroups = (caps: Capabilities) => (caps.software ? 32 : 512);

/** Bytes of partial sums beyond which a share costs more than an idle core. */
export const LARGEST_PARTS = 32 << 20;

/** What a split sum is made of: the first pass, given its shares, and the tensors it ends in. */
export interface SplitSum {
  /** Rows that are summed over, and workgroups that one share of them takes. */
  readonly rows: number;
  readonly tiles: number;
  /** Numbers in the result, and in the bias's gradient (0: not wanted). */
  readonly size: number;
  readonly biasSize: number;
  readonly accumulate: number;
  /** Whether the first pass can add to what its results hold (default); else what is to be added to takes two passes. */
  readonly adds?: boolean;
  /** Names of the result and of the bias's gradient. */
  readonly into: readonly [BindingRef, BindingRef];
  readonly first: (shares: number, perShare: number, accumulate: number) => Omit<PlannedDispatch, 'bindings'>;
  /** Names of the inputs. */
  readonly from: readonly string[];
  /** Inputs that the shader binds once more, behind the results. */
  readonly again?: readonly string[];
}

/**
 * One share of the rows goes straight into the results. Where that leaves cores idle, several go to scratch, and a
 * second pass adds them up in fixed order.
 */
export function planSplitSum(sum: SplitSum, caps: Capabilities): Plan {
  const { rows, tiles, size, biasSize, accumulate, adds = true, into, first, from, again = [] } = sum;
  const bytes = (size + biasSize) * 4;
  const room = Math.floor(Math.min(LARGEST_PARTS, caps.maxBindingBytes) / bytes);
  const perShare = Math.ceil(rows / Math.max(1, Math.min(Math.ceil(enoughWorkgroups(caps) / tiles), room)));
  const shares = Math.ceil(rows / perShare);
  if (shares === 1 && (adds || !accumulate))
    return { dispatches: [{ ...first(1, perShare, accumulate), bindings: [...from, ...into, ...again] }] };
  const dbShares = biasSize ? 'dbShares' : into[1];
  return {
    dispatches: [
      { ...first(shares, perShare, 0), bindings: [...from, 'dwShares', dbShares, ...again] },
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
