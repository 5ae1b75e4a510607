import type { Capabilities } from '../gpu/capabilities.ts';
import { LimitError, ResumeError } from '../platform/errors.ts';
import { describeParams, type KernelSpec, type Params, type Trade, type Variant } from './spec.ts';
import type { TunedTable } from './tuned-table.ts';

/** Which variant computes which call: `kernel params` to variant name. Kept with a run, so that it can be repeated to the bit. */
export type VariantTable = Record<string, string>;

/** A call as the table knows it. Numbers that are no counts or flags (a rate, an epsilon) do not decide on a variant. */
export function tableKey(spec: { readonly name: string }, p: Params): string {
  const counts = Object.fromEntries(Object.entries(p).filter(([, value]) => Number.isInteger(value)));
  return `${spec.name} ${describeParams(counts)}`;
}

/** A kernel with its parameters. */
export interface KernelCall {
  readonly spec: KernelSpec;
  readonly p: Params;
}

/**
 * Chooses a variant for each call and keeps the table of what was chosen. What a table says that it was started with (of
 * a run that is resumed or repeated) stands; otherwise the first measured table decides that knows the call or one like
 * it, and where none does, the expected speed.
 */
export class VariantChooser {
  readonly table: VariantTable;
  /** The calls it has been asked about, by their keys in the table. */
  readonly calls = new Map<string, KernelCall>();

  constructor(
    private readonly caps: Capabilities,
    table: VariantTable = {},
    /** What kernels may give up for speed. */
    readonly allow: readonly Trade[] = [],
    private readonly tuned: readonly TunedTable[] = [],
  ) {
    this.table = { ...table };
  }

  /** @throws ResumeError when the table names a variant that does not exist or cannot run here. */
  choose<P extends Params>(spec: KernelSpec<P>, p: P): Variant<P> {
    const key = tableKey(spec, p);
    if (!this.calls.has(key)) this.calls.set(key, { spec, p } as unknown as KernelCall);
    const pinned = this.table[key];
    if (pinned !== undefined) {
      const variant = spec.variants.find(v => v.name === pinned);
      if (variant?.supports(p, this.caps)) return variant;
      throw new ResumeError(
        `kernel '${key}': the table of this run says '${pinned}', which ${variant ? 'this device cannot run' : 'this version does not have'}; start a new run, or use the device and version it was made with`,
      );
    }
    const variant = this.best(spec, p);
    this.table[key] = variant.name;
    return variant;
  }

  /** What it would choose if no run had pinned anything: measured, else expected to be the fastest. Keeps no note of it. */
  best<P extends Params>(spec: KernelSpec<P>, p: P): Variant<P> {
    return this.measured(spec, p) ?? fastest(spec, p, this.caps, this.allow);
  }

  private measured<P extends Params>(spec: KernelSpec<P>, p: P): Variant<P> | undefined {
    if (spec.variants.length === 1) return undefined;
    for (const table of this.tuned) {
      const name = table.find(spec, p, this.caps, this.allow);
      if (name !== undefined) return spec.variants.find(variant => variant.name === name);
    }
    return undefined;
  }
}

/** Whether a variant can compute this on the device, and gives up nothing that has not been allowed. */
export function mayChoose<P extends Params>(
  variant: Variant<P>,
  p: P,
  caps: Capabilities,
  allow: readonly Trade[],
): boolean {
  return variant.supports(p, caps) && (variant.trades === undefined || allow.includes(variant.trades));
}

/**
 * The variant with the highest expected speed.
 * @throws LimitError when none of the kernel's runs on this device.
 */
export function fastest<P extends Params>(
  spec: KernelSpec<P>,
  p: P,
  caps: Capabilities,
  allow: readonly Trade[],
): Variant<P> {
  let best: Variant<P> | undefined;
  let bestSpeed = Number.NEGATIVE_INFINITY;
  for (const variant of spec.variants) {
    if (!mayChoose(variant, p, caps, allow)) continue;
    const speed = variant.speed(p, caps);
    // Strictly greater: among equals the simpler one, which stands first, wins.
    if (speed > bestSpeed) {
      best = variant;
      bestSpeed = speed;
    }
  }
  if (!best) throw new LimitError(`kernel '${tableKey(spec, p)}': no variant of it runs on this device`);
  return best;
}
