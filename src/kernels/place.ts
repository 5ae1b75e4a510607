import { elementwise } from './elements.ts';
import { defineKernel } from './spec.ts';

/** out[row, start + i] = x[row, i] for i < width. */
export type PlaceParams = { rows: number; width: number; outWidth: number; start: number };

/** Writes a block of columns of `out` and leaves the others: concatenation, one call for each part. */
export const placeKernel = defineKernel<PlaceParams>({
  name: 'place',
  tensors: {
    x: { role: 'in', shape: p => [p.rows, p.width], rows: true },
    out: { role: 'inout', shape: p => [p.rows, p.outWidth], rows: true },
  },
  slice: () => ({ param: 'rows' }),
  flops: () => 0,
  bytes: p => 8 * p.rows * p.width,
  reference: (p, { x, out }) => {
    const result = Float64Array.from(out!);
    for (let row = 0; row < p.rows; row++) {
      result.set(x!.subarray(row * p.width, (row + 1) * p.width), row * p.outWidth + p.start);
    }
    return { out: result };
  },
  sample: r => {
    const [width, start] = [r.int(1, 30), r.int(0, 20)];
    return { rows: r.int(1, 30), width, outWidth: start + width + r.int(0, 20), start };
  },
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(p.rows * p.width, caps, {
            shader: 'place/place',
            uniform: [p.width, p.outWidth, p.start],
            bindings: ['x', 'out'],
          }),
        ],
      }),
    },
  ],
});
