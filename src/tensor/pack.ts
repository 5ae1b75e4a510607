import { Sampler } from '../kernels/sampler.ts';
import { LimitError } from '../platform/errors.ts';

/** Something that wants bytes of a buffer for a while. */
export interface Tenant {
  /** A multiple of the alignment of binding offsets, so that whatever is put behind another one is aligned too. */
  readonly bytes: number;
  /** First and last moment of its life, both included. */
  readonly first: number;
  last: number;
  /** Those that must not be in the same buffer at any time. */
  readonly rivals: Set<Tenant>;
}

export interface Place {
  /** Index of the buffer. */
  readonly buffer: number;
  /** Bytes from its start. */
  readonly offset: number;
}

export interface Packing {
  readonly places: ReadonlyMap<Tenant, Place>;
  readonly bufferBytes: readonly number[];
  /** Sum of the buffers. */
  readonly peakBytes: number;
}

export interface PackOptions {
  /** A sum of buffers below which it is not worth looking further: the most that is alive at once. */
  readonly enough: number;
  /** Bytes of the largest buffer there can be. */
  readonly largest: number;
}

/** Comparisons of two tenants that the search may take: some tens of milliseconds. */
const PATIENCE = 4_000_000;

const byFirst = (a: Tenant, b: Tenant) => a.first - b.first || a.last - b.last;
const length = ({ first, last }: Tenant) => last - first + 1;

/** What to place first: the large ones, the large and long-lived ones, or as they come. None of them is always best. */
const ORDERS: readonly ((a: Tenant, b: Tenant) => number)[] = [
  (a, b) => b.bytes - a.bytes || byFirst(a, b),
  (a, b) => b.bytes * length(b) - a.bytes * length(a) || byFirst(a, b),
  (a, b) => length(b) - length(a) || b.bytes - a.bytes || byFirst(a, b),
  byFirst,
];

/**
 * Packs tenants into buffers so that the sum of the buffers is small: greedily in several orders, then by moving tenants
 * of the best order about and keeping what is no worse. The same tenants always give the same packing.
 *
 * Placing the large ones first, each where it fits tightest, follows Pisarchyk and Lee, "Efficient Memory Management
 * for Deep Neural Net Inference" (2020); theirs shares whole buffers or ranges of one, here ranges of several are shared.
 * @throws LimitError when a tenant is larger than a buffer can be.
 */
export function bestPacking(tenants: readonly Tenant[], { enough, largest }: PackOptions): Packing {
  const tooLarge = tenants.find(({ bytes }) => bytes > largest);
  if (tooLarge) {
    throw new LimitError(
      `memory plan: a tensor of ${tooLarge.bytes} bytes exceeds the device's largest buffer (${largest}); use a smaller batch`,
    );
  }
  let order: Tenant[] = [];
  let best: Packing | undefined;
  const tryOrder = (candidate: Tenant[]) => {
    const packing = pack(candidate, largest);
    if (best && packing.peakBytes > best.peakBytes) return;
    best = packing;
    order = candidate;
  };
  for (const compare of ORDERS) tryOrder([...tenants].sort(compare));
  const random = new Sampler(1);
  const rounds = Math.min(1000, Math.floor(PATIENCE / (tenants.length ** 2 + 1)));
  for (let round = 0; round < rounds && best!.peakBytes > enough; round++) {
    const candidate = [...order];
    const [moved] = candidate.splice(random.int(0, order.length - 1), 1);
    candidate.splice(random.int(0, candidate.length), 0, moved!);
    tryOrder(candidate);
  }
  return best!;
}

/** A buffer while it fills. */
interface Buffer {
  bytes: number;
  readonly inside: { readonly tenant: Tenant; readonly offset: number }[];
}

/** Places one after the other where the sum of the buffers grows least, and of such places where it fits tightest. */
function pack(order: readonly Tenant[], largest: number): Packing {
  const buffers: Buffer[] = [];
  const places = new Map<Tenant, Place>();
  for (const tenant of order) {
    let best: { buffer: number; offset: number; growth: number; waste: number } = {
      buffer: buffers.length,
      offset: 0,
      growth: tenant.bytes,
      waste: 0,
    };
    buffers.forEach((buffer, i) => {
      if (buffer.inside.some(other => tenant.rivals.has(other.tenant))) return;
      const { offset, waste } = tightestGap(buffer, tenant);
      const growth = Math.max(0, offset + tenant.bytes - buffer.bytes);
      if (buffer.bytes + growth > largest) return;
      if (growth < best.growth || (growth === best.growth && growth < tenant.bytes && waste < best.waste)) {
        best = { buffer: i, offset, growth, waste };
      }
    });
    const { buffer, offset } = best;
    const into = (buffers[buffer] ??= { bytes: 0, inside: [] });
    // By offset, so that the gaps can be read off.
    const at = into.inside.findIndex(other => other.offset > offset);
    into.inside.splice(at < 0 ? into.inside.length : at, 0, { tenant, offset });
    into.bytes = Math.max(into.bytes, offset + tenant.bytes);
    places.set(tenant, { buffer, offset });
  }
  const bufferBytes = buffers.map(({ bytes }) => bytes);
  return { places, bufferBytes, peakBytes: bufferBytes.reduce((a, b) => a + b, 0) };
}

/** The smallest range between those who live at the same time that is large enough, or else the end. */
function tightestGap({ bytes, inside }: Buffer, { first, last, bytes: wanted }: Tenant) {
  let end = 0;
  let best = { offset: -1, waste: Number.POSITIVE_INFINITY };
  for (const { tenant, offset } of inside) {
    if (tenant.last < first || last < tenant.first) continue;
    const waste = offset - end - wanted;
    if (waste >= 0 && waste < best.waste) best = { offset: end, waste };
    end = Math.max(end, offset + tenant.bytes);
  }
  const waste = Math.max(0, bytes - end - wanted);
  return best.offset >= 0 && best.waste <= waste ? best : { offset: end, waste };
}
