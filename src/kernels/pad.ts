import { elementwise } from './elements.ts';
import { defineKernel, type Shape, sizeOf } from './spec.ts';
import { axisFields, rowMajor, type WalkParams, walkRank, walkShape, walkSize, walkSteps } from './strides.ts';

/**
 * s0..: extents of the result; b0..: elements in front along each axis; n0..: extents of x. n0 = 0: the first axis is
 * not padded, as long as that of the result, and both can be cut along it.
 */
export type PadParams = { value: number } & WalkParams<'b' | 'n'>;

/** Parameters for x with `before` elements in front and `after` behind, along each axis. */
export function padParams(x: Shape, before: readonly number[], after: readonly number[], value: number): PadParams {
  const axes: { s: number; b: number; n: number }[] = [];
  x.forEach((n, axis) => {
    const [b, s] = [before[axis]!, before[axis]! + n + after[axis]!];
    const last = axes[axes.length - 1];
    // An axis that is not padded is one with the axis in front of it.
    if (last && s === n) axes[axes.length - 1] = { s: last.s * n, b: last.b * n, n: last.n * n };
    else axes.push({ s, b, n });
  });
  const fields = axisFields<'b' | 'n'>('pad', axes, { s: 1, b: 0, n: 1 });
  return { value, ...fields, n0: fields.n0 === fields.s0 ? 0 : fields.n0 };
}

const inputShape = (p: PadParams) => [p.n0 || p.s0, ...walkSteps(p, 'n').slice(1)];

function reference(p: PadParams, x: ArrayLike<number>): Float64Array {
  const [shape, before, extents] = [walkShape(p), walkSteps(p, 'b'), inputShape(p)];
  const [outSteps, steps] = [rowMajor(shape), rowMajor(extents)];
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    let at = 0;
    for (const [axis, step] of outSteps.entries()) {
      const coordinate = (Math.floor(i / step) % shape[axis]!) - before[axis]!;
      if (coordinate < 0 || coordinate >= extents[axis]!) return p.value;
      at += coordinate * steps[axis]!;
    }
    return x[at]!;
  });
}

/** The uniform's axes, innermost first. */
function paddedAxes(p: PadParams): number[] {
  const [shape, before, extents] = [walkShape(p), walkSteps(p, 'b'), inputShape(p)];
  const steps = rowMajor(extents);
  const rank = walkRank(p);
  return shape.flatMap((_, k) => {
    const axis = rank - 1 - k;
    return axis < 0 ? [1, 0, 1, 0] : [shape[axis]!, before[axis]!, extents[axis]!, steps[axis]!];
  });
}

/** out = x with a constant around it. */
export const padKernel = defineKernel<PadParams>({
  name: 'pad',
  tensors: {
    x: { role: 'in', shape: inputShape, rows: true },
    out: { role: 'out', shape: walkShape, rows: true },
  },
  slice: p => (p.n0 === 0 ? { param: 's0' } : undefined),
  flops: () => 0,
  reference: (p, { x }) => ({ out: reference(p, x!) }),
  sample: r => {
    const x = Array.from({ length: r.int(1, 5) }, () => r.int(1, 4));
    const amount = () => x.map(() => r.pick([0, 0, r.int(0, 3)]));
    return padParams(x, amount(), amount(), Math.fround(r.pick([0, r.normal()])));
  },
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(walkSize(p), caps, {
            shader: 'pad/pad',
            uniform: [walkRank(p), { f32: p.value }, ...paddedAxes(p)],
            bindings: ['x', 'out'],
          }),
        ],
      }),
    },
  ],
});
