import { elementwise } from './elements.ts';
import { defineKernel, type Shape, sizeOf } from './spec.ts';
import {
  broadcastStrides,
  rowMajor,
  type WalkParams,
  walk,
  walkAxes,
  walkParams,
  walkRank,
  walkShape,
  walkSize,
} from './strides.ts';

/**
 * A walk over the result with steps in x (strides.ts). base: where in x it starts; xSize: elements of x; aligned: x
 * consists of one row for each index along the result's first axis, so both can be cut there.
 */
export type StridedCopyParams = { base: number; scale: number; xSize: number; aligned: number } & WalkParams<'x'>;

/** Parameters for a result that steps through x like this, in elements of x. */
export function stridedCopyParams(
  op: string,
  x: Shape,
  out: Shape,
  steps: readonly number[],
  { base = 0, scale = 1 } = {},
): StridedCopyParams {
  const axes = walkParams(op, out, { x: steps });
  const xSize = sizeOf(x);
  return { base, scale, xSize, aligned: Number(xSize === axes.s0 * axes.x0), ...axes };
}

/** x repeated to the shape it broadcasts to. */
export function expandParams(op: string, x: Shape, out: Shape, scale = 1): StridedCopyParams {
  return stridedCopyParams(op, x, out, broadcastStrides(x, out), { scale });
}

/** The part of x from `begin`, of shape `size`. */
export function cutParams(op: string, x: Shape, begin: readonly number[], size: Shape): StridedCopyParams {
  const steps = rowMajor(x);
  return stridedCopyParams(op, x, size, steps, { base: begin.reduce((sum, n, axis) => sum + n * steps[axis]!, 0) });
}

/** out = scale * x, addressed by steps: transposed, cut out or repeated. */
export const stridedCopyKernel = defineKernel<StridedCopyParams>({
  name: 'strided_copy',
  tensors: {
    x: { role: 'in', shape: p => (p.aligned ? [p.s0, p.x0] : [p.xSize]), rows: p => p.aligned === 1 },
    out: { role: 'out', shape: walkShape, rows: true },
  },
  // With a first axis that x does not share, x must fit a binding whole; then so that the slices find their rows in it.
  slice: p => (p.aligned || p.x0 === 0 ? { param: 's0' } : undefined),
  flops: () => 0,
  bytes: p => 8 * walkSize(p),
  reference: (p, { x }) => {
    const out = new Float64Array(walkSize(p));
    walk(p, ['x'], (i, at) => {
      out[i] = p.scale * x![p.base + at!]!;
    });
    return { out };
  },
  sample: r => {
    const x = Array.from({ length: r.int(1, 5) }, () => r.int(1, 6));
    const scale = Math.fround(r.pick([1, r.normal()]));
    const form = r.int(0, 2);
    if (form === 0)
      return expandParams(
        'sample',
        x.map(n => (r.int(0, 1) ? n : 1)),
        x,
        scale,
      );
    if (form === 1) {
      const begin = x.map(n => r.int(0, n - 1));
      return cutParams(
        'sample',
        x,
        begin,
        x.map((n, axis) => r.int(1, n - begin[axis]!)),
      );
    }
    const order = x.map((_, axis) => axis).sort((a, b) => x[a]! - x[b]! || b - a);
    const steps = rowMajor(x);
    return stridedCopyParams(
      'sample',
      x,
      order.map(axis => x[axis]!),
      order.map(axis => steps[axis]!),
      { scale },
    );
  },
  tolerance: { kind: 'elementwise', ulps: 1 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(walkSize(p), caps, {
            shader: 'strided_copy/strided_copy',
            uniform: [walkRank(p), p.base, { f32: p.scale }, 0, 0, 0, ...walkAxes(p, ['x'])],
            bindings: ['x', 'out'],
          }),
        ],
      }),
    },
  ],
});
