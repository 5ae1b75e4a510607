import type { ShippedTable } from '../kernels/tables/index.ts';
import { tables } from '../kernels/tables/tables.generated.ts';
import { adapterClass, type TuningTarget } from '../kernels/tuned-table.ts';

/** The source of the tables that ship, with this one in place of the one for the same kind of adapter. */
export function shippedTablesModule(
  target: TuningTarget,
  variants: Readonly<Record<string, string>>,
  date: Date,
  others: readonly ShippedTable[] = tables,
): string {
  const { device, description } = target.info;
  const adapters = adapterClass(target);
  const sorted = Object.entries(variants).sort(([a], [b]) => (a < b ? -1 : 1));
  const made: ShippedTable = {
    adapters,
    measured: { device, driver: description, date: date.toISOString().slice(0, 10) },
    variants: Object.fromEntries(sorted),
  };
  const all = [...others.filter(table => table.adapters !== adapters), made];
  all.sort((a, b) => (a.adapters < b.adapters ? -1 : 1));
  return [
    '// Made by `weft tune --ship`.',
    "import type { ShippedTable } from './index.ts';",
    '',
    `export const tables: readonly ShippedTable[] = ${JSON.stringify(all, null, 2)};`,
    '',
  ].join('\n');
}
