import type { Capabilities } from '../gpu/capabilities.ts';

/**
 * Workgroups for `count` of them in a row, folded into two dimensions when one does not hold them. A shader gets its
 * number back as `wid.x + wid.y * num_workgroups.x` and must check it against the count.
 */
export function foldGrid(count: number, caps: Capabilities): [number, number, number] {
  const x = Math.min(count, caps.maxWorkgroupsPerDimension);
  return [Math.max(1, x), Math.max(1, Math.ceil(count / Math.max(1, x))), 1];
}

/** Workgroups of `size` threads that cover `threads` threads, folded. */
export function gridFor(threads: number, size: number, caps: Capabilities): [number, number, number] {
  return foldGrid(Math.ceil(threads / size), caps);
}
