import { gatherRowsKernel, scatterRowsKernel } from '../../kernels/gather-rows.ts';
import { sizeOf } from '../../kernels/spec.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';
import { compute } from './support.ts';

/**
 * Rows of a table [V, ...] by their numbers: result[i] = table[indices[i]], of shape [...indices, ...]. An index that
 * is not below V gives a row of NaN. The gradient adds up rows that were taken more than once, in order.
 * @throws ShapeError when the table has no axis or the indices are not u32.
 */
export function gatherRows(table: Tensor, indices: Tensor): Tensor {
  if (table.rank === 0 || indices.dtype !== 'u32') {
    throw new ShapeError(`gatherRows: it takes a table [V, ...] and u32 indices, got ${table} and ${indices}`);
  }
  const [rows, ...row] = table.shape as [number, ...number[]];
  const p = { rows, width: sizeOf(row), count: indices.size };
  const y = compute(gatherRowsKernel, p, { table, indices }, [...indices.shape, ...row]);
  return table.engine.record('gatherRows', [table], y, ({ dy, into }) => [
    compute(scatterRowsKernel, { ...p, accumulate: 0 }, { indices, dy }, table.shape, into[0]),
  ]);
}

export const gatherRowsExample: OpExample = {
  name: 'gatherRows',
  draw: r => {
    const rows = r.int(1, 4);
    const shape = Array.from({ length: r.int(0, 2) }, () => r.int(1, 3));
    const values = Array.from({ length: sizeOf(shape) }, () => r.int(0, rows - 1));
    return {
      inputs: [[rows, ...Array.from({ length: r.int(0, 2) }, () => r.int(1, 3))]],
      constants: [{ shape, dtype: 'u32', values }],
      apply: ([table], [indices]) => gatherRows(table!, indices!),
    };
  },
};
