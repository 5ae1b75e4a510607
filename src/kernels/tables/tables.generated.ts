// Made by `weft tune --ship`.
import type { ShippedTable } from './index.ts';

export const tables: readonly ShippedTable[] = [];
