import { type BinaryFunction, binaryKernel, binaryParams } from '../../kernels/binary.ts';
import type { Sampler } from '../../kernels/sampler.ts';
import type { Shape } from '../../kernels/spec.ts';
import { broadcastShapes } from '../../kernels/strides.ts';
import { ValueError } from '../../platform/errors.ts';
import type { Backward } from '../autograd.ts';
import { Tensor } from '../tensor.ts';
import { sumTo } from './reduce.ts';
import type { OpExample } from './registry.ts';
import { compute } from './support.ts';
import { affine, log, numberDiv, numberPow, positiveNumbers, powNumber } from './unary.ts';

/** fn(a, b) with broadcasting; not on the tape. */
function apply(fn: BinaryFunction, a: Tensor, b: Tensor, into?: Tensor): Tensor {
  const shape = broadcastShapes(fn, a.shape, b.shape);
  return compute(binaryKernel, binaryParams(fn, a.shape, b.shape, shape), { a, b }, shape, into);
}

/** a + b of one shape, written to `into` if given; not on the tape. For sums of gradients. */
export function addInto(a: Tensor, b: Tensor, into?: Tensor): Tensor {
  return compute(binaryKernel, binaryParams('add', [a.size], [b.size], [a.size]), { a, b }, a.shape, into);
}

type Operand = Tensor | number;
/** Gradient of one operand before it is summed over the axes that the operand was repeated along. */
type Slope = (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor;

/** An op on two tensors: its function and the gradients of both operands. */
function binary(fn: BinaryFunction, a: Tensor, b: Tensor, slopeA: Slope, slopeB: Slope): Tensor {
  const y = apply(fn, a, b);
  const backward: Backward = ({ dy, needs, into }) => [
    needs[0] && sumTo(slopeA(dy, a, b, y), a.shape, into[0]),
    needs[1] && sumTo(slopeB(dy, a, b, y), b.shape, into[1]),
  ];
  return a.engine.record(fn, [a, b], y, backward);
}

/** Calls the form of an op that fits which of its operands are plain numbers. */
function dispatch(
  op: string,
  a: Operand,
  b: Operand,
  tensors: (a: Tensor, b: Tensor) => Tensor,
  numberRight: (a: Tensor, b: number) => Tensor,
  numberLeft: (a: number, b: Tensor) => Tensor,
): Tensor {
  if (a instanceof Tensor) return b instanceof Tensor ? tensors(a, b) : numberRight(a, b);
  if (b instanceof Tensor) return numberLeft(a, b);
  throw new ValueError(`${op}: one operand must be a tensor, got ${a} and ${b}`);
}

const unchanged: Slope = dy => dy;

/** a + b, with NumPy broadcasting; either operand may be a plain number. @throws ShapeError */
export function add(a: Operand, b: Operand): Tensor {
  const tensors = (a: Tensor, b: Tensor) => binary('add', a, b, unchanged, unchanged);
  return dispatch(
    'add',
    a,
    b,
    tensors,
    (a, b) => affine(a, 1, b),
    (a, b) => affine(b, 1, a),
  );
}

/** a - b, with NumPy broadcasting; either operand may be a plain number. @throws ShapeError */
export function sub(a: Operand, b: Operand): Tensor {
  const tensors = (a: Tensor, b: Tensor) => binary('sub', a, b, unchanged, dy => affine(dy, -1));
  return dispatch(
    'sub',
    a,
    b,
    tensors,
    (a, b) => affine(a, 1, -b),
    (a, b) => affine(b, -1, a),
  );
}

/** a * b, with NumPy broadcasting; either operand may be a plain number. @throws ShapeError */
export function mul(a: Operand, b: Operand): Tensor {
  const tensors = (a: Tensor, b: Tensor) =>
    binary(
      'mul',
      a,
      b,
      (dy, _, b) => apply('mul', dy, b),
      (dy, a) => apply('mul', dy, a),
    );
  return dispatch('mul', a, b, tensors, affine, (a, b) => affine(b, a));
}

/** a / b, with NumPy broadcasting; either operand may be a plain number. @throws ShapeError */
export function div(a: Operand, b: Operand): Tensor {
  const tensors = (a: Tensor, b: Tensor) =>
    binary(
      'div',
      a,
      b,
      (dy, _, b) => apply('div', dy, b),
      (dy, _, b, y) => affine(apply('div', apply('mul', dy, y), b), -1),
    );
  return dispatch('div', a, b, tensors, (a, b) => affine(a, 1 / b), numberDiv);
}

/**
 * a to the power of b, with NumPy broadcasting; either operand may be a plain number. NaN where a is negative and b not
 * whole; the gradient of a tensor exponent needs positive a.
 * @throws ShapeError
 */
export function pow(a: Operand, b: Operand): Tensor {
  const tensors = (a: Tensor, b: Tensor) =>
    binary(
      'pow',
      a,
      b,
      // b a^(b-1) and ln(a) a^b
      (dy, a, b) => apply('mul', dy, apply('mul', b, apply('pow', a, affine(b, 1, -1)))),
      (dy, a, _, y) => apply('mul', dy, apply('mul', y, log(a))),
    );
  return dispatch('pow', a, b, tensors, powNumber, numberPow);
}

/** The larger of a and b, with NumPy broadcasting; where they are equal a takes the gradient. @throws ShapeError */
export function maximum(a: Tensor, b: Tensor): Tensor {
  return binary('maximum', a, b, ...chosen('less'));
}

/** The smaller of a and b, with NumPy broadcasting; where they are equal a takes the gradient. @throws ShapeError */
export function minimum(a: Tensor, b: Tensor): Tensor {
  return binary('minimum', a, b, ...chosen('greater'));
}

/** Gradients of an op that gives one of its operands: b's where `a fn b` holds, else a's. */
function chosen(bWins: 'less' | 'greater'): [Slope, Slope] {
  const toB: Slope = (dy, a, b) => apply('mul', dy, apply(bWins, a, b));
  return [(dy, a, b, y) => apply('sub', dy, toB(dy, a, b, y)), toB];
}

/** 1 where a > b, else 0, with NumPy broadcasting. No gradient. @throws ShapeError */
export function greater(a: Tensor, b: Tensor): Tensor {
  return apply('greater', a, b);
}

/** 1 where a < b, else 0, with NumPy broadcasting. No gradient. @throws ShapeError */
export function less(a: Tensor, b: Tensor): Tensor {
  return apply('less', a, b);
}

/** 1 where a = b, else 0, with NumPy broadcasting. No gradient. @throws ShapeError */
export function equal(a: Tensor, b: Tensor): Tensor {
  return apply('equal', a, b);
}

/** Two shapes that broadcast, of any rank up to 4. */
export function drawBroadcast(r: Sampler): [Shape, Shape] {
  const out = Array.from({ length: r.int(0, 4) }, () => r.int(1, 4));
  const operand = () => out.slice(r.pick([0, 0, r.int(0, out.length)])).map(n => (r.int(0, 3) === 0 ? 1 : n));
  return [operand(), operand()];
}

/** Each of the three forms of an op: two tensors, a number on the right, a number on the left. */
function example(name: string, op: (a: Operand, b: Operand) => Tensor, positive = false): OpExample {
  return {
    name,
    draw: r => {
      const [a, b] = drawBroadcast(r);
      const number = r.uniform(0.5, 2);
      const fill = positive
        ? { fill: (_: number, size: number, random: Sampler) => positiveNumbers(size, random) }
        : {};
      const form = r.int(0, 3);
      if (form < 2) return { inputs: [a, b], ...fill, apply: ([a, b]) => op(a!, b!) };
      return { inputs: [a], ...fill, apply: ([a]) => (form === 2 ? op(a!, number) : op(number, a!)) };
    },
  };
}

/** Operands from two lattices that never meet: no ties. */
function chooseExample(name: string, op: (a: Tensor, b: Tensor) => Tensor): OpExample {
  return {
    name,
    draw: r => ({
      inputs: drawBroadcast(r),
      fill: (i, size, random) => Float64Array.from({ length: size }, () => random.int(-4, 4) / 2 + i * 0.2),
      apply: ([a, b]) => op(a!, b!),
    }),
  };
}

export const binaryExamples: readonly OpExample[] = [
  example('add', add),
  example('sub', sub),
  example('mul', mul),
  example('div', div, true),
  example('pow', pow, true),
  chooseExample('maximum', maximum),
  chooseExample('minimum', minimum),
];
