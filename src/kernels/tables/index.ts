import { adapterClass, TunedTable, type TuningTarget } from '../tuned-table.ts';
import { tables } from './tables.generated.ts';

/** Measured choices that ship with weft. Made by `weft tune --ship`. */
export interface ShippedTable {
  /** What it holds for; see `adapterClass`. */
  readonly adapters: string;
  /** What it was measured on, and when (ISO 8601). */
  readonly measured: { readonly device: string; readonly driver: string; readonly date: string };
  /** Which variant computes what: `kernel params` to variant name. */
  readonly variants: Readonly<Record<string, string>>;
}

/** The table for this kind of adapter, if one ships. */
export function findShipped(target: Pick<TuningTarget, 'info' | 'caps'>): ShippedTable | undefined {
  return tables.find(({ adapters }) => adapters === adapterClass(target));
}

const made = new WeakMap<ShippedTable, TunedTable>();

/**
 * What ships for this target, ready to be asked. Nothing where kernels may give up accuracy: the tables were measured
 * without such variants, and would hide them.
 */
export function shippedTables(target: TuningTarget): readonly TunedTable[] {
  const shipped = target.allow.length === 0 ? findShipped(target) : undefined;
  if (!shipped) return [];
  let table = made.get(shipped);
  if (!table) {
    const rows = Object.entries(shipped.variants).map(([call, variant]) => [call, { variant }]);
    table = new TunedTable(Object.fromEntries(rows));
    made.set(shipped, table);
  }
  return [table];
}
