import type { Capabilities } from '../gpu/capabilities.ts';
import { elementwise } from './elements.ts';
import type { Sampler } from './sampler.ts';
import { defineKernel, type KernelSpec, type PlannedDispatch, type Values } from './spec.ts';
import { normalCdf, normalDensity } from './special.ts';

/** One function of one number and up to two parameters. */
interface UnaryFunction {
  readonly value: (x: number, alpha: number, beta: number) => number;
  /** What the gradient is computed from, besides dy: the operand or the result. */
  readonly saved: 'x' | 'y';
  /** dL/dx from dy. */
  readonly gradient: (saved: number, dy: number, alpha: number, beta: number) => number;
  /** Operands for random tests, where any number will not do. */
  readonly draw?: (random: Sampler) => number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const positive = (r: Sampler) => r.uniform(0.2, 3);
/** Away from 1, near which WGSL promises a logarithm only an absolute error. */
const apartFromOne = (r: Sampler) => (r.int(0, 1) ? r.uniform(0.02, 0.5) : r.uniform(2, 20));
/** Now and then far out, where careless formulas overflow. */
const wide = (r: Sampler) => r.normal() * (r.int(0, 7) === 0 ? 100 : 2);

/** The functions, numbered in this order in shaders/lib/unary.wgsl. */
const FUNCTIONS = {
  affine: {
    value: (x, alpha, beta) => alpha * x + beta,
    saved: 'x',
    gradient: (_, dy, alpha) => alpha * dy,
    draw: positive,
  },
  relu: { value: x => (x <= 0 ? 0 : x), saved: 'y', gradient: (y, dy) => (y <= 0 ? 0 : dy) },
  leakyRelu: {
    value: (x, alpha) => (x <= 0 ? alpha * x : x),
    saved: 'x',
    gradient: (x, dy, alpha) => (x <= 0 ? alpha * dy : dy),
  },
  gelu: {
    value: x => x * normalCdf(x),
    saved: 'x',
    gradient: (x, dy) => dy * (normalCdf(x) + x * normalDensity(x)),
    draw: r => r.normal() * 3,
  },
  sigmoid: { value: sigmoid, saved: 'y', gradient: (y, dy) => dy * y * (1 - y), draw: wide },
  tanh: { value: Math.tanh, saved: 'y', gradient: (y, dy) => dy * (1 - y * y), draw: wide },
  silu: {
    value: x => x * sigmoid(x),
    saved: 'x',
    gradient: (x, dy) => dy * (sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x))),
    draw: wide,
  },
  exp: { value: Math.exp, saved: 'y', gradient: (y, dy) => dy * y },
  log: { value: Math.log, saved: 'x', gradient: (x, dy) => dy / x, draw: apartFromOne },
  sqrt: { value: Math.sqrt, saved: 'y', gradient: (y, dy) => (0.5 * dy) / y, draw: positive },
  abs: { value: Math.abs, saved: 'x', gradient: (x, dy) => (x === 0 ? 0 : x < 0 ? -dy : dy) },
  clamp: {
    value: (x, low, high) => (x < low ? low : x > high ? high : x),
    saved: 'x',
    gradient: (x, dy, low, high) => (x < low || x > high ? 0 : dy),
  },
  power: {
    value: (x, exponent) => x ** exponent,
    saved: 'x',
    gradient: (x, dy, exponent) => (exponent === 0 ? 0 : dy * exponent * x ** (exponent - 1)),
    draw: positive,
  },
  reciprocal: {
    value: (x, alpha) => alpha / x,
    saved: 'x',
    gradient: (x, dy, alpha) => (-dy * alpha) / (x * x),
    draw: positive,
  },
  exponential: { value: (x, base) => base ** x, saved: 'y', gradient: (y, dy, base) => dy * y * Math.log(base) },
} as const satisfies Record<string, UnaryFunction>;

export type UnaryName = keyof typeof FUNCTIONS;
export const UNARY_NAMES = Object.keys(FUNCTIONS) as readonly UnaryName[];
export const unaryFunction = (name: UnaryName): UnaryFunction => FUNCTIONS[name];

/** fn: which function (index into UNARY_NAMES); alpha, beta: slope and shift, bounds or exponent, as the function wants. */
export type UnaryParams = { size: number; fn: number; alpha: number; beta: number };

const functionOf = (p: UnaryParams) => unaryFunction(UNARY_NAMES[p.fn]!);
const map = (size: number, value: (i: number) => number) => Float64Array.from({ length: size }, (_, i) => value(i));

const sample = (r: Sampler): UnaryParams => {
  const fn = r.int(0, UNARY_NAMES.length - 1);
  const name = UNARY_NAMES[fn]!;
  const alpha = Math.fround(name === 'exponential' ? r.uniform(0.5, 3) : r.pick([0, -1, 2, 0.1, r.normal()]));
  // Bounds in order; a shift that does not cancel what it is added to, which would leave nothing but rounding errors.
  const beta = name === 'clamp' ? alpha + 0.8 : name === 'affine' ? Math.sign(alpha) * r.uniform() : r.normal();
  return { size: r.pick([r.int(1, 300), r.int(4000, 9000)]), fn, alpha, beta: Math.fround(beta) };
};

/** One element a thread; and four, where they come in fours. */
function variants(
  plain: PlannedDispatch['shader'],
  fours: PlannedDispatch['shader'],
  bindings: readonly string[],
): KernelSpec<UnaryParams>['variants'] {
  const dispatch = (p: UnaryParams, caps: Capabilities, shader: PlannedDispatch['shader'], size: number) =>
    elementwise(size, caps, {
      shader,
      constants: { FN: p.fn },
      uniform: [{ f32: p.alpha }, { f32: p.beta }],
      bindings,
    });
  return [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({ dispatches: [dispatch(p, caps, plain, p.size)] }),
    },
    {
      name: 'vec4',
      supports: p => p.size % 4 === 0,
      speed: () => 1.3,
      plan: (p, caps) => ({ dispatches: [dispatch(p, caps, fours, p.size / 4)] }),
    },
  ];
}

const drawValues = (p: UnaryParams, size: number, r: Sampler): Values => {
  const { draw } = functionOf(p);
  return draw ? map(size, () => Math.fround(draw(r))) : r.normals(size);
};

/** out = f(x) elementwise. */
export const unaryKernel = defineKernel<UnaryParams>({
  name: 'unary',
  tensors: {
    x: { role: 'in', shape: p => [p.size], rows: true },
    out: { role: 'out', shape: p => [p.size], rows: true },
  },
  slice: () => ({ param: 'size' }),
  flops: p => p.size,
  reference: (p, { x }) => ({ out: map(p.size, i => functionOf(p).value(x![i]!, p.alpha, p.beta)) }),
  sample,
  fill: (_, p, size, r) => drawValues(p, size, r),
  tolerance: { kind: 'elementwise', ulps: 32 },
  variants: variants('unary/forward', 'unary/forward_vec4', ['x', 'out']),
});

/** Gradient of `unary`: dx from dy and the operand or the result. */
export const unaryGradKernel = defineKernel<UnaryParams>({
  name: 'unary_grad',
  tensors: {
    saved: { role: 'in', shape: p => [p.size], rows: true },
    dy: { role: 'in', shape: p => [p.size], rows: true },
    out: { role: 'out', shape: p => [p.size], rows: true },
  },
  slice: () => ({ param: 'size' }),
  flops: p => 2 * p.size,
  reference: (p, { saved, dy }) => ({
    out: map(p.size, i => functionOf(p).gradient(saved![i]!, dy![i]!, p.alpha, p.beta)),
  }),
  sample,
  fill: (name, p, size, r) => {
    if (name === 'dy') return undefined;
    const { saved, value } = functionOf(p);
    const x = drawValues(p, size, r);
    return saved === 'x' ? x : map(size, i => Math.fround(value(x[i]!, p.alpha, p.beta)));
  },
  // Slopes of gelu and silu cross zero, where their terms cancel.
  tolerance: { kind: 'elementwise', ulps: 512 },
  variants: variants('unary/gradient', 'unary/gradient_vec4', ['saved', 'dy', 'out']),
});
