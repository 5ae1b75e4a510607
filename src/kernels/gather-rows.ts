import { NAN_BITS } from './batch.ts';
import { elementwise } from './elements.ts';
import { gridFor } from './grid.ts';
import { defineKernel } from './spec.ts';

/** A table of `rows` rows of `width` numbers, and `count` indices into it. */
export type GatherRowsParams = { rows: number; width: number; count: number };
/** accumulate: add to what `out` holds (slices). */
export type ScatterRowsParams = GatherRowsParams & { accumulate: number };

/** out[i] = table[indices[i]], row by row; NaN for an index outside of the table. */
export const gatherRowsKernel = defineKernel<GatherRowsParams>({
  name: 'gather_rows',
  tensors: {
    table: { role: 'in', shape: p => [p.rows, p.width] },
    indices: { role: 'in', shape: p => [p.count], dtype: 'u32', rows: true },
    out: { role: 'out', shape: p => [p.count, p.width], rows: true },
  },
  slice: () => ({ param: 'count' }),
  flops: () => 0,
  bytes: p => 8 * p.count * p.width,
  reference: (p, { table, indices }) => ({
    out: Float64Array.from({ length: p.count * p.width }, (_, i) => {
      const row = indices![Math.floor(i / p.width)]!;
      return row < p.rows ? table![row * p.width + (i % p.width)]! : Number.NaN;
    }),
  }),
  sample: r => ({ rows: r.int(1, 20), width: r.pick([1, r.int(1, 30)]), count: r.pick([r.int(1, 40), 150]) }),
  // The last index of the range may be one too large.
  fill: (name, p, size, r) =>
    name === 'indices' ? Uint32Array.from({ length: size }, () => r.int(0, p.rows)) : undefined,
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(p.count * p.width, caps, {
            shader: 'gather_rows/gather_rows',
            uniform: [p.rows, p.width, NAN_BITS],
            bindings: ['table', 'indices', 'out'],
          }),
        ],
      }),
    },
  ],
});

/** Gradient of `gather_rows`: out[r] = sum of the dy[i] with indices[i] = r, in the order of i. */
export const scatterRowsKernel = defineKernel<ScatterRowsParams>({
  name: 'scatter_rows',
  tensors: {
    indices: { role: 'in', shape: p => [p.count], dtype: 'u32', rows: true },
    dy: { role: 'in', shape: p => [p.count, p.width], rows: true },
    out: { role: 'out', shape: p => [p.rows, p.width] },
  },
  slice: () => ({ param: 'count', accumulate: 'accumulate' }),
  flops: p => p.count * p.width,
  reference: (p, { indices, dy }) => {
    const out = new Float64Array(p.rows * p.width);
    for (let i = 0; i < p.count; i++) {
      const row = indices![i]!;
      if (row < p.rows) for (let w = 0; w < p.width; w++) out[row * p.width + w]! += dy![i * p.width + w]!;
    }
    return { out };
  },
  sample: r => ({
    rows: r.int(1, 20),
    width: r.pick([1, r.int(1, 30)]),
    count: r.pick([r.int(1, 40), 150]),
    accumulate: 0,
  }),
  fill: (name, p, size, r) =>
    name === 'indices' ? Uint32Array.from({ length: size }, () => r.int(0, p.rows)) : undefined,
  tolerance: { kind: 'dot', terms: p => p.count },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'gather_rows/scatter_rows',
            uniform: [p.rows, p.width, p.count, p.accumulate],
            bindings: ['indices', 'dy', 'out'],
            workgroups: gridFor(p.rows * p.width, 64, caps),
          },
        ],
      }),
    },
  ],
});
