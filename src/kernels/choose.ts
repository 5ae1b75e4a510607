import type { Capabilities } from '../gpu/capabilities.ts';
import { LimitError, ResumeError } from '../platform/errors.ts';
import { describeParams, type KernelSpec, type Params, type Trade, type Variant } from './spec.ts';

/** Which variant computes which call: `kernel params` to variant name. Kept with a run, so that it can be repeated to the bit. */
export type VariantTable = Record<string, string>;

/** A call as the table knows it. Numbers that are no counts or flags (a rate, an epsilon) do not decide on a variant. */
export function tableKey(spec: { readonly name: string }, p: Params): string {
  const counts = Object.fromEntries(Object.entries(p).filter(([, value]) => Number.isInteger(value)));
  return `${spec.name} ${describeParams(counts)}`;
}

/**
 * Chooses variants by their expected speed on a device and keeps the table of what was chosen. Started with a table
 * (of a run that is resumed or repeated), it takes what stands there.
 */
export class VariantChooser {
  readonly table: VariantTable;

  constructor(
    private readonly caps: Capabilities,
    table: VariantTable = {},
    /** What kernels may give up for speed. */
    readonly allow: readonly Trade[] = [],
  ) {
    this.table = { ...table };
  }

  /** @throws ResumeError when the table names a variant that does not exist or cannot run here. */
  choose<P extends Params>(spec: KernelSpec<P>, p: P): Variant<P> {
    const key = tableKey(spec, p);
    const pinned = this.table[key];
    if (pinned !== undefined) {
      const variant = spec.variants.find(v => v.name === pinned);
      if (variant?.supports(p, this.caps)) return variant;
      throw new ResumeError(
        `kernel '${key}': the table of this run says '${pinned}', which ${variant ? 'this device cannot run' : 'this version does not have'}; start a new run, or use the device and version it was made with`,
      );
    }
    const variant = fastest(spec, p, this.caps, this.allow);
    this.table[key] = variant.name;
    return variant;
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

function fastest<P extends Params>(spec: KernelSpec<P>, p: P, caps: Capabilities, allow: readonly Trade[]): Variant<P> {
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
