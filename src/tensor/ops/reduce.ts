import { extremumGradKernel, extremumKernel, sumKernel } from '../../kernels/reduce.ts';
import type { Sampler } from '../../kernels/sampler.ts';
import { type Shape, sizeOf } from '../../kernels/spec.ts';
import { expandParams, stridedCopyKernel } from '../../kernels/strided-copy.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';
import { compute, normalAxes } from './support.ts';

export interface ReduceOptions {
  /** Which axes; negative ones count from the end. Default: all. */
  axes?: number | readonly number[];
  /** Leave the reduced axes in the shape, with extent 1. */
  keepDims?: boolean;
}

/** Neighbouring reduced axes, seen as the middle axis of [outer, length, inner]. */
interface Run {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  /** The whole shape afterwards, reduced axes having extent 1. */
  readonly shape: Shape;
}

/** Cuts a reduction over any axes into runs of neighbours, innermost first: each is one kernel. */
function runsOf(shape: Shape, axes: readonly number[]): Run[] {
  const runs: Run[] = [];
  const left = axes.filter(axis => shape[axis]! > 1);
  let current = shape;
  while (left.length > 0) {
    const last = left.pop()!;
    let first = last;
    // Axes of extent 1 in between do not separate neighbours.
    while (first > 0 && (left[left.length - 1] === first - 1 || current[first - 1] === 1))
      if (left[left.length - 1] === --first) left.pop();
    const extents = [current.slice(0, first), current.slice(first, last + 1), current.slice(last + 1)].map(sizeOf);
    current = current.map((n, axis) => (axis >= first && axis <= last ? 1 : n));
    runs.push({ outer: extents[0]!, length: extents[1]!, inner: extents[2]!, shape: current });
  }
  return runs;
}

const without = (shape: Shape, axes: readonly number[]) => shape.filter((_, axis) => !axes.includes(axis));

function resultShape(x: Tensor, axes: readonly number[], keepDims = false): Shape {
  return keepDims ? x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n)) : without(x.shape, axes);
}

/** scale * sum over the axes, as a tensor of `shape`. Not on the tape. */
function sumOver(x: Tensor, axes: readonly number[], shape: Shape, scale: number, into?: Tensor): Tensor {
  const runs = runsOf(x.shape, axes);
  // Nothing to add up: still a tensor of its own.
  if (runs.length === 0) runs.push({ outer: 1, length: 1, inner: x.size, shape });
  return runs.reduce((sum, { outer, length, inner, shape: between }, i) => {
    const last = i === runs.length - 1;
    const p = { outer, length, inner, scale: last ? scale : 1, accumulate: 0 };
    return compute(sumKernel, p, { x: sum }, last ? shape : between, last ? into : undefined);
  }, x);
}

/**
 * x summed over the axes it was repeated along when it was broadcast from `shape`: the gradient of an operand from that
 * of the result, and of a bias from that of its layer. x itself when nothing was repeated. Not on the tape.
 */
export function sumTo(x: Tensor, shape: Shape, into?: Tensor): Tensor {
  const own = [...new Array<number>(x.rank - shape.length).fill(1), ...shape];
  const axes = own.flatMap((n, axis) =>
    n === 1 && (x.shape[axis] !== 1 || axis < x.rank - shape.length) ? [axis] : [],
  );
  return axes.length === 0 ? x : sumOver(x, axes, shape, 1, into);
}

function scaledSum(op: string, x: Tensor, axes: readonly number[], shape: Shape, scale: number): Tensor {
  const kept = resultShape(x, axes, true);
  return x.engine.record(op, [x], sumOver(x, axes, shape, scale), ({ dy, into }) => [
    compute(stridedCopyKernel, expandParams(op, kept, x.shape, scale), { x: dy }, x.shape, into[0]),
  ]);
}

/** Sum over axes. @throws ShapeError when an axis does not exist. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = normalAxes('sum', x, options.axes);
  return scaledSum('sum', x, axes, resultShape(x, axes, options.keepDims), 1);
}

/** Mean over axes. @throws ShapeError when an axis does not exist. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = normalAxes('mean', x, options.axes);
  const shape = resultShape(x, axes, options.keepDims);
  return scaledSum('mean', x, axes, shape, sizeOf(shape) / x.size);
}

/** Largest value over axes; the first one in row-major order takes the gradient. NaN where there is one. @throws ShapeError */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  return extremum('max', x, options);
}

/** Smallest value over axes; the first one in row-major order takes the gradient. NaN where there is one. @throws ShapeError */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  return extremum('min', x, options);
}

/** Run after run from the innermost: the first extremum of the firsts is the first of all. */
function extremum(op: 'max' | 'min', x: Tensor, options: ReduceOptions): Tensor {
  const axes = normalAxes(op, x, options.axes);
  const runs = runsOf(x.shape, axes);
  const shape = resultShape(x, axes, options.keepDims);
  if (runs.length === 0) runs.push({ outer: 1, length: 1, inner: x.size, shape });
  return runs.reduce((from, { outer, length, inner, shape: between }, i) => {
    const extents = { outer, length, inner, base: 0 };
    const out = x.engine.empty(i === runs.length - 1 ? shape : between, 'f32', op);
    const p = { ...extents, minimum: Number(op === 'min'), accumulate: 0 };
    const { index } = x.engine.run(extremumKernel, p, { x: from }, { out });
    return x.engine.record(op, [from], out, ({ dy, into }) => [
      compute(extremumGradKernel, extents, { dy, index: index! }, from.shape, into[0]),
    ]);
  }, x);
}

export interface ArgOptions {
  /** Along which axis; negative ones count from the end. Default: over all elements, row-major. */
  axis?: number;
  /** Leave the axis in the shape, with extent 1. */
  keepDims?: boolean;
}

/** Index (u32) of the first largest value along an axis; of the first NaN where there is one. No gradient. @throws ShapeError */
export function argmax(x: Tensor, options: ArgOptions = {}): Tensor {
  return argument('argmax', x, options);
}

/** Index (u32) of the first smallest value along an axis; of the first NaN where there is one. No gradient. @throws ShapeError */
export function argmin(x: Tensor, options: ArgOptions = {}): Tensor {
  return argument('argmin', x, options);
}

function argument(op: 'argmax' | 'argmin', x: Tensor, { axis, keepDims = false }: ArgOptions): Tensor {
  const axes = normalAxes(op, x, axis);
  const [first, last] = [axes[0] ?? 0, axes[axes.length - 1] ?? -1];
  const index = x.engine.empty(resultShape(x, axes, keepDims), 'u32', op);
  const p = {
    outer: sizeOf(x.shape.slice(0, first)),
    length: sizeOf(x.shape.slice(first, last + 1)),
    inner: sizeOf(x.shape.slice(last + 1)),
    minimum: Number(op === 'argmin'),
    base: 0,
    accumulate: 0,
  };
  x.engine.run(extremumKernel, p, { x }, { index });
  return index;
}

function example(name: string, op: (x: Tensor, options: ReduceOptions) => Tensor, distinct = false): OpExample {
  return {
    name,
    draw: r => {
      const shape = Array.from({ length: r.int(1, 4) }, () => r.int(1, 4));
      const axes = shape.map((_, axis) => axis).filter(() => r.int(0, 1) === 1);
      const options = { ...(r.int(0, 3) > 0 && { axes }), keepDims: r.int(0, 1) === 1 };
      return {
        inputs: [shape],
        ...(distinct && { fill: (_, size, random) => distinctValues(size, random) }),
        apply: ([x]) => op(x!, options),
      };
    },
  };
}

/** Values of which no two are near each other, in random order: no ties within a finite difference's reach. */
export function distinctValues(size: number, r: Sampler): Float64Array {
  const values = Float64Array.from({ length: size }, (_, i) => (i - size / 2) / 8);
  for (let i = size - 1; i > 0; i--) {
    const j = r.int(0, i);
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
  return values;
}

export const reduceExamples: readonly OpExample[] = [
  example('sum', sum),
  example('mean', mean),
  example('max', max, true),
  example('min', min, true),
];
