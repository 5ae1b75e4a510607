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

/** The functions, numbered in this order in shaders/lib/binary.wgsl. Comparisons give 1 where they hold, else 0. */
const FORMULAS = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  pow: (a: number, b: number) => a ** b,
  maximum: Math.max as (a: number, b: number) => number,
  minimum: Math.min as (a: number, b: number) => number,
  greater: (a: number, b: number) => Number(a > b),
  less: (a: number, b: number) => Number(a < b),
  equal: (a: number, b: number) => Number(a === b),
};

export type BinaryFunction = keyof typeof FORMULAS;
export const BINARY_FUNCTIONS = Object.keys(FORMULAS) as readonly BinaryFunction[];

/** fn: which function; the rest is a walk over the result with operands a and b (strides.ts). */
export type BinaryParams = { fn: number } & WalkParams<'a' | 'b'>;

/** Parameters for operands that broadcast to `out`. */
export function binaryParams(fn: BinaryFunction, a: Shape, b: Shape, out: Shape): BinaryParams {
  const strides = { a: broadcastStrides(a, out), b: broadcastStrides(b, out) };
  return { fn: BINARY_FUNCTIONS.indexOf(fn), ...walkParams(fn, out, strides) };
}

function reference(p: BinaryParams, a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const formula = FORMULAS[BINARY_FUNCTIONS[p.fn]!];
  const out = new Float64Array(walkSize(p));
  walk(p, ['a', 'b'], (i, ia, ib) => {
    out[i] = formula(a[ia!]!, b[ib!]!);
  });
  return out;
}

/** out = fn(a, b) elementwise, with NumPy broadcasting. */
export const binaryKernel = defineKernel<BinaryParams>({
  name: 'binary',
  tensors: {
    a: { role: 'in', shape: p => operandShape(p, 'a'), rows: p => p.a0 > 0 },
    b: { role: 'in', shape: p => operandShape(p, 'b'), rows: p => p.b0 > 0 },
    out: { role: 'out', shape: walkShape, rows: true },
  },
  slice: () => ({ param: 's0' }),
  flops: walkSize,
  reference: (p, { a, b }) => ({ out: reference(p, a!, b!) }),
  sample: r => {
    const out = Array.from({ length: r.int(1, 5) }, () => r.int(1, 5));
    const operand = () => out.slice(r.int(0, 1) * r.int(0, out.length)).map(n => (r.int(0, 3) === 0 ? 1 : n));
    return binaryParams(r.pick(BINARY_FUNCTIONS), r.int(0, 2) ? out : operand(), r.int(0, 2) ? out : operand(), out);
  },
  fill: (name, p, size, r) => {
    const fn = BINARY_FUNCTIONS[p.fn];
    // Powers of negative numbers are NaN on both sides; quotients stay away from zero.
    if (fn === 'pow' || (fn === 'div' && name === 'b')) {
      return Float64Array.from({ length: size }, () => Math.fround(r.uniform(0.5, 2)));
    }
    // Few values, so that some are equal.
    if (p.fn > 4) return Float64Array.from({ length: size }, () => r.int(-2, 2));
    return undefined;
  },
  tolerance: { kind: 'elementwise', ulps: 32 },
  variants: [
    {
      name: 'broadcast',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(walkSize(p), caps, {
            shader: 'binary/broadcast',
            constants: { FN: p.fn },
            uniform: [walkRank(p), 0, ...walkAxes(p, ['a', 'b'])],
            bindings: ['a', 'b', 'out'],
          }),
        ],
      }),
    },
    {
      name: 'matrix',
      supports: p => walkRank(p) <= 2,
      speed: () => 2,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(walkSize(p), caps, {
            shader: 'binary/matrix',
            constants: { FN: p.fn },
            uniform: [p.s1, p.a0, p.a1, p.b0, p.b1],
            bindings: ['a', 'b', 'out'],
          }),
        ],
      }),
    },
    {
      name: 'same_shape',
      supports: p => walkRank(p) === 1 && (walkSize(p) === 1 || (p.a0 === 1 && p.b0 === 1)),
      speed: () => 3,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(walkSize(p), caps, {
            shader: 'binary/same_shape',
            constants: { FN: p.fn },
            uniform: [],
            bindings: ['a', 'b', 'out'],
          }),
        ],
      }),
    },
    {
      name: 'same_shape_vec4',
      supports: p => walkRank(p) === 1 && walkSize(p) % 4 === 0 && p.a0 === 1 && p.b0 === 1,
      speed: () => 4,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(walkSize(p) / 4, caps, {
            shader: 'binary/same_shape_vec4',
            constants: { FN: p.fn },
            uniform: [],
            bindings: ['a', 'b', 'out'],
          }),
        ],
      }),
    },
  ],
});
