import type { Capabilities } from '../gpu/capabilities.ts';

/** Whether all subgroups of a device have one of the sizes that our subgroup kernels are written for. */
export const isSubgroup = (caps: Capabilities) => [4, 8, 16].includes(caps.subgroupSize);

/** Which part of the tiles that cover `size` things is used. */
export const fill = (size: number, tile: number) => size / (Math.ceil(size / tile) * tile);
