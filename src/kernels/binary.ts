import { gridFor } from './grid.ts';
import { defineKernel, type Shape, sizeOf } from './spec.ts';

/** The functions, numbered as in shaders/lib/binary.wgsl. */
export const BINARY_FUNCTIONS = ['add', 'sub', 'mul', 'div', 'pow'] as const;
export type BinaryFunction = (typeof BINARY_FUNCTIONS)[number];

const FORMULAS: Readonly<Record<BinaryFunction, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
};

/** Axes that a broadcasting kernel can address. */
export const MAX_RANK = 6;
const AXES = [0, 1, 2, 3, 4, 5] as const;
type Axis = (typeof AXES)[number];

/** fn: which function; s0..s5: shape of the result; a0.., b0..: strides of the operands, 0 along repeated axes. */
export type BinaryParams = { fn: number } & Record<`s${Axis}` | `a${Axis}` | `b${Axis}`, number>;

/** Parameters for operands whose shapes, padded with ones in front to six axes, broadcast to `out`. */
export function binaryParams(fn: BinaryFunction, a: Shape, b: Shape, out: Shape): BinaryParams {
  const pad = (shape: Shape) => [...new Array<number>(MAX_RANK - shape.length).fill(1), ...shape];
  const strides = (shape: Shape) => {
    let step = 1;
    const result: number[] = [];
    for (const n of pad(shape).reverse()) {
      result.unshift(n === 1 ? 0 : step);
      step *= n;
    }
    return result;
  };
  const columns = { s: pad(out), a: strides(a), b: strides(b) };
  const fields: Record<string, number> = { fn: BINARY_FUNCTIONS.indexOf(fn) };
  for (const [letter, numbers] of Object.entries(columns)) {
    for (const axis of AXES) fields[`${letter}${axis}`] = numbers[axis]!;
  }
  return fields as BinaryParams;
}

const shapeOf = (p: BinaryParams) => AXES.map(i => p[`s${i}`]);
/** An operand's own shape: 1 along the axes it is repeated over. */
const operandShape = (p: BinaryParams, which: 'a' | 'b') => AXES.map(i => (p[`${which}${i}`] === 0 ? 1 : p[`s${i}`]));
const sameShape = (p: BinaryParams) =>
  sizeOf(operandShape(p, 'a')) === sizeOf(shapeOf(p)) && sizeOf(operandShape(p, 'b')) === sizeOf(shapeOf(p));

function reference(p: BinaryParams, a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const formula = FORMULAS[BINARY_FUNCTIONS[p.fn]!];
  const shape = shapeOf(p);
  const index = new Array<number>(MAX_RANK).fill(0);
  const out = new Float64Array(sizeOf(shape));
  for (let i = 0; i < out.length; i++) {
    let rest = i;
    for (let axis = MAX_RANK - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    const at = (which: 'a' | 'b') => AXES.reduce<number>((sum, axis) => sum + index[axis]! * p[`${which}${axis}`], 0);
    out[i] = formula(a[at('a')]!, b[at('b')]!);
  }
  return out;
}

/** out = fn(a, b) elementwise, with NumPy broadcasting over up to six axes. */
export const binaryKernel = defineKernel<BinaryParams>({
  name: 'binary',
  tensors: {
    a: { role: 'in', shape: p => operandShape(p, 'a'), rows: p => p.a0 > 0 },
    b: { role: 'in', shape: p => operandShape(p, 'b'), rows: p => p.b0 > 0 },
    out: { role: 'out', shape: shapeOf, rows: true },
  },
  slice: () => ({ param: 's0' }),
  flops: p => sizeOf(shapeOf(p)),
  reference: (p, { a, b }) => ({ out: reference(p, a!, b!) }),
  sample: r => {
    const out = Array.from({ length: r.int(1, 5) }, () => r.int(1, 5));
    const operand = () => out.slice(r.int(0, 1) * r.int(0, out.length)).map(n => (r.int(0, 3) === 0 ? 1 : n));
    return binaryParams(r.pick(BINARY_FUNCTIONS), r.int(0, 2) ? out : operand(), r.int(0, 2) ? out : operand(), out);
  },
  // Powers of negative numbers are NaN on both sides; quotients stay away from zero.
  fill: (name, p, size, r) => {
    const positive = p.fn === 4 || (p.fn === 3 && name === 'b');
    return positive ? Float64Array.from({ length: size }, () => Math.fround(r.uniform(0.5, 2))) : undefined;
  },
  tolerance: { kind: 'elementwise', ulps: 32 },
  variants: [
    {
      name: 'broadcast',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'binary/broadcast',
            constants: { FN: p.fn },
            uniform: [sizeOf(shapeOf(p)), ...shapeOf(p), ...AXES.map(i => p[`a${i}`]), ...AXES.map(i => p[`b${i}`])],
            bindings: ['a', 'b', 'out'],
            workgroups: gridFor(sizeOf(shapeOf(p)), 64, caps),
          },
        ],
      }),
    },
    {
      name: 'same_shape',
      supports: sameShape,
      speed: () => 2,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'binary/same_shape',
            constants: { FN: p.fn },
            uniform: [sizeOf(shapeOf(p))],
            bindings: ['a', 'b', 'out'],
            workgroups: gridFor(sizeOf(shapeOf(p)), 64, caps),
          },
        ],
      }),
    },
  ],
});
