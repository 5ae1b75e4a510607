import { elementwise } from './elements.ts';
import { defineKernel, type Shape } from './spec.ts';
import {
  broadcastStrides,
  operandShape,
  type WalkParams,
  walk,
  walkAxes,
  walkParams,
  walkRank,
  walkShape,
  walkSize,
} from './strides.ts';

/** A walk over the result with operands c (the condition), a and b (strides.ts). */
export type WhereParams = WalkParams<'c' | 'a' | 'b'>;

/** Parameters for operands that broadcast to `out`. */
export function whereParams(condition: Shape, a: Shape, b: Shape, out: Shape): WhereParams {
  const [c, ...rest] = [condition, a, b].map(shape => broadcastStrides(shape, out));
  return walkParams('where', out, { c: c!, a: rest[0]!, b: rest[1]! });
}

/** out = condition != 0 ? a : b elementwise, with NumPy broadcasting. */
export const whereKernel = defineKernel<WhereParams>({
  name: 'where',
  tensors: {
    condition: { role: 'in', shape: p => operandShape(p, 'c'), rows: p => p.c0 > 0 },
    a: { role: 'in', shape: p => operandShape(p, 'a'), rows: p => p.a0 > 0 },
    b: { role: 'in', shape: p => operandShape(p, 'b'), rows: p => p.b0 > 0 },
    out: { role: 'out', shape: walkShape, rows: true },
  },
  slice: () => ({ param: 's0' }),
  flops: () => 0,
  reference: (p, { condition, a, b }) => {
    const out = new Float64Array(walkSize(p));
    walk(p, ['c', 'a', 'b'], (i, ic, ia, ib) => {
      out[i] = condition![ic!] === 0 ? b![ib!]! : a![ia!]!;
    });
    return { out };
  },
  sample: r => {
    const out = Array.from({ length: r.int(1, 5) }, () => r.int(1, 5));
    const operand = () => out.slice(r.int(0, 1) * r.int(0, out.length)).map(n => (r.int(0, 3) === 0 ? 1 : n));
    return whereParams(operand(), operand(), operand(), out);
  },
  fill: (name, _, size, r) =>
    name === 'condition' ? Float64Array.from({ length: size }, () => r.pick([0, 0, 1, -0.5])) : undefined,
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(walkSize(p), caps, {
            shader: 'where/where',
            uniform: [walkRank(p), 0, ...walkAxes(p, ['c', 'a', 'b'])],
            bindings: ['condition', 'a', 'b', 'out'],
          }),
        ],
      }),
    },
  ],
});
