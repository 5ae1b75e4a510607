import { ALIGNMENT, alignUp, type Capabilities } from '../gpu/capabilities.ts';
import { gridFor } from './grid.ts';
import type { BindingRef, PlannedDispatch } from './spec.ts';

/** Bytes of one uniform binding. Strip kernels always bind that much, whatever they use: one pipeline for every size. */
export const WINDOW_BYTES = 64 << 10;

/** Weights [kh, kw, summed, out] (flipped: [kh, kw, out, summed]) on their way into uniform buffers. */
export interface Weights {
  readonly kh: number;
  readonly kw: number;
  /** Channels that are summed over. */
  readonly summed: number;
  /** Channels that come out. */
  readonly out: number;
  /** For the input gradient: the kernel turned by half a turn, its two channel axes exchanged. */
  readonly flip: boolean;
  /** Name of the kernel's tensor. */
  readonly tensor: string;
  /** Summed channels of every slice, filled up with zero weights. Default: as many as 64 KiB hold, evenly. */
  readonly perSlice?: number;
  /** Summed channels are filled up with zeros to a multiple of this. Default: the subgroup's lanes. */
  readonly grain?: number;
}

/** The part of the weights that one dispatch sees: a block of output channels, a slice of the summed ones. */
export interface WeightSlice {
  readonly binding: BindingRef;
  readonly firstOut: number;
  readonly firstSummed: number;
  /** Summed channels in units of the grain, rounded up; beyond the last channel weights are zero. */
  readonly blocks: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Summed channels that 64 KiB hold for one block of output channels; 0 when even one subgroup of them is too many. */
export function channelsPerSlice({ kh, kw }: { kh: number; kw: number }, subgroup: number): number {
  const bytesPerChannel = kh * kw * subgroup * 16;
  return Math.floor(WINDOW_BYTES / bytesPerChannel / subgroup) * subgroup;
}

/**
 * What is left of an expected speed when weights are repacked for one call.
 * @param uses of each weight: rows of a product, pixels of a convolution.
 * @param price of repacking a weight, in uses of it by the plain kernel.
 */
export const afterRepacking = (speed: number, uses: number, price: number) => 1 / (1 / speed + price / uses);

/** More dispatches than this for one call are no longer cheap against the work they do. */
export const MOST_DISPATCHES = 512;

/** Dispatches that a strip kernel takes for these weights, without the repacking. */
export function countSlices(weights: { kh: number; kw: number; summed: number; out: number }, subgroup: number) {
  const perSlice = channelsPerSlice(weights, subgroup);
  return Math.ceil(weights.out / (4 * subgroup)) * Math.ceil(alignUp(weights.summed, subgroup) / perSlice);
}

/**
 * Cuts weights into the slices that strip kernels read through uniform buffers, the cheapest load a software adapter
 * has, and plans the dispatch that repacks them (shaders/conv2d/repack_uniform.wgsl, which describes the layout) into
 * the scratch buffer 'packed'.
 */
export function repackUniform(
  weights: Weights,
  caps: Capabilities,
): { dispatch: PlannedDispatch; scratchBytes: number; slices: WeightSlice[]; sliceBytes: number } {
  const subgroup = caps.subgroupSize;
  const { kh, kw, summed, out, flip, tensor, grain = subgroup } = weights;
  const width = 4 * subgroup;
  const padded = alignUp(summed, weights.perSlice ?? grain);
  const count = Math.ceil(padded / (weights.perSlice ?? channelsPerSlice(weights, subgroup)));
  const perSlice = alignUp(Math.ceil(padded / count), grain);
  const stride = alignUp(perSlice * kh * kw * width, Math.max(ALIGNMENT / 4, width));
  const outBlocks = Math.ceil(out / width);
  const total = outBlocks * count * stride;
  const slices: WeightSlice[] = [];
  for (let block = 0; block < outBlocks; block++) {
    for (let slice = 0; slice < count; slice++) {
      const offset = (block * count + slice) * stride * 4;
      slices.push({
        binding: { name: 'packed', as: 'uniform', offset, bytes: WINDOW_BYTES },
        firstOut: block * width,
        firstSummed: slice * perSlice,
        blocks: Math.min(perSlice, padded - slice * perSlice) / grain,
        isFirst: slice === 0,
        isLast: slice === count - 1,
      });
    }
  }
  return {
    dispatch: {
      shader: 'conv2d/repack_uniform',
      constants: { FLIP: Number(flip), CB: width },
      uniform: [kh, kw, summed, out, perSlice, stride, count, total],
      bindings: [tensor, { name: 'packed', as: 'write', bytes: total * 4 }],
      workgroups: gridFor(total / width, 64, caps),
      work: 0,
    },
    // The last slice's window reaches beyond what is written.
    scratchBytes: total * 4 + WINDOW_BYTES,
    slices,
    sliceBytes: stride * 4,
  };
}
