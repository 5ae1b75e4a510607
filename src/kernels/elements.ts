import type { Capabilities } from '../gpu/capabilities.ts';
import { gridFor } from './grid.ts';
import type { PlannedDispatch } from './spec.ts';

/**
 * Blocks of 64 elements for one workgroup. A GPU starts workgroups for nothing; a software adapter pays more for one
 * than for the loads and stores of its 64 elements, so it gets several blocks, but still enough workgroups for its cores.
 */
function blocksEach(size: number, caps: Capabilities): number {
  return caps.software ? Math.min(32, Math.ceil(size / (64 * 64))) : 1;
}

/** A dispatch of a shader that uses shaders/lib/elements.wgsl; its Params start with `size: u32, each: u32`. */
export function elementwise(
  size: number,
  caps: Capabilities,
  { uniform, ...rest }: Omit<PlannedDispatch, 'workgroups'>,
): PlannedDispatch {
  const each = blocksEach(size, caps);
  return { ...rest, uniform: [size, each, ...uniform], workgroups: gridFor(Math.ceil(size / each), 64, caps) };
}
