import { ALIGNMENT, alignUp } from '../gpu/capabilities.ts';
import type { Dispatch, Memory } from '../gpu/dispatch.ts';
import { bestPacking, type Place, type Tenant } from './pack.ts';

export interface MemoryPlan {
  /** Where each memory lies. */
  readonly places: ReadonlyMap<Memory, Place>;
  /** Size of each buffer; a place names it by its index. */
  readonly bufferBytes: readonly number[];
  /** Sum of the buffers: what the step's intermediates take. */
  readonly peakBytes: number;
  /** Largest sum of tensors alive at one dispatch: no plan can take less. */
  readonly liveBytes: number;
}

export interface PlanOptions {
  /**
   * Memories read after the step: alive from their first use to the end, each in a buffer that no other of them is in, so
   * that whatever reads one and writes another works.
   */
  readonly pinned?: ReadonlySet<Memory>;
  /** Others that are alive from their first use to the end. */
  readonly lasting?: ReadonlySet<Memory>;
  /** Bytes of the largest buffer there can be. */
  readonly largest: number;
}

const NONE: ReadonlySet<Memory> = new Set();

/**
 * Gives intermediates of a step their places: ranges of a few buffers, the same range for two whose lifetimes do not
 * overlap. WebGPU judges usage by buffer, so what a dispatch reads and what it writes are kept in different ones.
 *
 * @param memories those to be placed; what else the dispatches bind has its place already.
 * @throws LimitError when one is larger than a buffer can be.
 */
export function planMemory(
  dispatches: readonly Dispatch[],
  memories: ReadonlySet<Memory>,
  { pinned = NONE, lasting = NONE, largest }: PlanOptions,
): MemoryPlan {
  const tenants = findTenants(dispatches, memories, pinned);
  for (const memory of [...pinned, ...lasting]) {
    const tenant = tenants.get(memory);
    if (tenant) tenant.last = dispatches.length;
  }
  const liveBytes = largestLiveSum([...tenants.values()], dispatches.length);
  const { places, bufferBytes, peakBytes } = bestPacking([...tenants.values()], { enough: liveBytes, largest });
  const placed = [...tenants].map(([memory, tenant]) => [memory, places.get(tenant)!] as const);
  return { places: new Map(placed), bufferBytes, peakBytes, liveBytes };
}

/** Every intermediate with its lifetime in dispatches, and with those it must not share a buffer with. */
function findTenants(
  dispatches: readonly Dispatch[],
  memories: ReadonlySet<Memory>,
  pinned: ReadonlySet<Memory>,
): Map<Memory, Tenant> {
  const tenants = new Map<Memory, Tenant>();
  const separate = (one: Tenant, others: readonly Tenant[]) => {
    for (const other of others) {
      if (other === one) continue;
      one.rivals.add(other);
      other.rivals.add(one);
    }
  };
  dispatches.forEach((dispatch, i) => {
    const sides: Record<'read' | 'write', Tenant[]> = { read: [], write: [] };
    for (const { memory, access } of dispatch.bindings) {
      if (!memories.has(memory)) continue;
      let tenant = tenants.get(memory);
      if (!tenant) {
        tenant = { bytes: alignUp(memory.bytes, ALIGNMENT), first: i, last: i, rivals: new Set() };
        tenants.set(memory, tenant);
      }
      tenant.last = i;
      sides[access === 'write' ? 'write' : 'read'].push(tenant);
    }
    for (const written of sides.write) separate(written, sides.read);
  });
  const kept = [...tenants].filter(([memory]) => pinned.has(memory)).map(([, tenant]) => tenant);
  for (const tenant of kept) separate(tenant, kept);
  return tenants;
}

function largestLiveSum(tenants: readonly Tenant[], steps: number): number {
  const change = new Array<number>(steps + 2).fill(0);
  for (const { bytes, first, last } of tenants) {
    change[first]! += bytes;
    change[last + 1]! -= bytes;
  }
  let live = 0;
  let largest = 0;
  for (const delta of change) largest = Math.max(largest, (live += delta));
  return largest;
}
