import type { Capabilities } from '../gpu/capabilities.ts';

/** Whether all subgroups of a device have one of the sizes that our subgroup kernels are written for. */
export const isSubgroup = (caps: Capabilities) => [4, 8, 16].includes(caps.subgroupSize);

/**
 * Whether tiles of several times the registers are worth compiling: their text grows with the lanes, and with 16 of them
 * lavapipe takes minutes over one shader on an AVX2 host.
 */
export const fitsLargeTiles = (caps: Capabilities) => isSubgroup(caps) && caps.subgroupSize <= 8;

/** Which part of the tiles that cover `size` things is used. */
export const fill = (size: number, tile: number) => size / (Math.ceil(size / tile) * tile);

/** Threads that keep a large GPU's cores busy (an estimate: 128 cores of 256). */
const ENOUGH_THREADS = 32768;

/**
 * Which part of a GPU `threads` keep busy, in multiples of what one thread a result does. Software adapters have a few
 * cores, which any of our dispatches fills.
 */
export function occupancy(threads: number, results: number, caps: Capabilities): number {
  if (caps.software) return 1;
  return Math.min(1, threads / ENOUGH_THREADS) / Math.min(1, results / ENOUGH_THREADS);
}
