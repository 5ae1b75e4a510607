import { ALIGNMENT, alignUp } from '../gpu/capabilities.ts';
import type { Dispatch, Memory } from '../gpu/dispatch.ts';

export interface MemoryPlan {
  /** Which buffer each memory gets, as an index into `slotBytes`. */
  readonly slots: ReadonlyMap<Memory, number>;
  readonly slotBytes: readonly number[];
  /** Sum of the slots: what the step's intermediates take. */
  readonly peakBytes: number;
  /** Largest sum of tensors alive at one dispatch: no plan can take less. */
  readonly liveBytes: number;
}

interface Lifetime {
  readonly memory: Memory;
  readonly bytes: number;
  first: number;
  last: number;
}

/**
 * Gives intermediates of a step their buffers: two share one when their lifetimes do not overlap. Whole buffers are
 * shared, not ranges of one, because WebGPU judges usage by buffer: a dispatch must not read and write the same one.
 *
 * Greedy by size: the largest tensor first, into the smallest slot that is free during its life (Pisarchyk and Lee,
 * "Efficient Memory Management for Deep Neural Net Inference", 2020).
 *
 * @param pinned memories read after the step: alive from their first use to the end.
 */
export function planMemory(
  dispatches: readonly Dispatch[],
  memories: ReadonlySet<Memory>,
  pinned: ReadonlySet<Memory>,
): MemoryPlan {
  const lifetimes = findLifetimes(dispatches, memories, pinned);
  const slots = new Map<Memory, number>();
  const slotBytes: number[] = [];
  const tenants: Lifetime[][] = [];
  const bySize = [...lifetimes.values()].sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const life of bySize) {
    let slot = -1;
    tenants.forEach((others, i) => {
      const free = others.every(other => other.last < life.first || life.last < other.first);
      // Slots are opened in order of falling size, so the last free one is the smallest.
      if (free) slot = i;
    });
    if (slot < 0) {
      slot = slotBytes.push(life.bytes) - 1;
      tenants.push([]);
    }
    tenants[slot]!.push(life);
    slots.set(life.memory, slot);
  }
  return {
    slots,
    slotBytes,
    peakBytes: slotBytes.reduce((a, b) => a + b, 0),
    liveBytes: largestLiveSum(lifetimes, dispatches.length),
  };
}

function findLifetimes(
  dispatches: readonly Dispatch[],
  memories: ReadonlySet<Memory>,
  pinned: ReadonlySet<Memory>,
): Map<Memory, Lifetime> {
  const lifetimes = new Map<Memory, Lifetime>();
  dispatches.forEach((dispatch, i) => {
    for (const { memory } of dispatch.bindings) {
      if (!memories.has(memory)) continue;
      const life = lifetimes.get(memory);
      if (life) life.last = i;
      else lifetimes.set(memory, { memory, bytes: alignUp(memory.bytes, ALIGNMENT), first: i, last: i });
    }
  });
  for (const memory of pinned) {
    const life = lifetimes.get(memory);
    if (life) life.last = dispatches.length;
  }
  return lifetimes;
}

function largestLiveSum(lifetimes: ReadonlyMap<Memory, Lifetime>, steps: number): number {
  const change = new Array<number>(steps + 2).fill(0);
  for (const { bytes, first, last } of lifetimes.values()) {
    change[first]! += bytes;
    change[last + 1]! -= bytes;
  }
  let live = 0;
  let largest = 0;
  for (const delta of change) largest = Math.max(largest, (live += delta));
  return largest;
}
