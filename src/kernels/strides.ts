import { ShapeError } from '../platform/errors.ts';
import { type Shape, sizeOf } from './spec.ts';

/** Axes that a strided kernel can address, after neighbours are merged. */
export const MAX_RANK = 6;
const AXES = [0, 1, 2, 3, 4, 5] as const;
type Axis = (typeof AXES)[number];

/**
 * A walk over the elements of a result in kernel parameters: s0.. are the extents of its axes, outermost first, and
 * a0.., b0.., c0.. the steps of each operand along them, in elements; 0 where it is repeated. Unused axes stand at the
 * end with extent 1.
 */
export type WalkParams<Operands extends string> = Record<`s${Axis}` | `${Operands}${Axis}`, number>;

/** NumPy's rule: shapes are aligned at their last axis, and extents of 1 are repeated. @throws ShapeError naming `op`. */
export function broadcastShapes(op: string, ...shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map(shape => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const extents = shapes.map(shape => shape[axis - rank + shape.length] ?? 1);
    const extent = extents.find(n => n !== 1) ?? 1;
    if (extents.some(n => n !== 1 && n !== extent)) {
      const texts = shapes.map(shape => `[${shape.join(', ')}]`).join(' and ');
      throw new ShapeError(
        `${op}: shapes ${texts} do not broadcast: axis ${axis} has extents ${extents.join(' and ')}`,
      );
    }
    return extent;
  });
}

/** Steps of a row-major tensor along each of its axes. */
export function rowMajor(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** Steps of an operand along the axes of the result it is broadcast to: 0 where it is repeated. */
export function broadcastStrides(shape: Shape, out: Shape): number[] {
  const own = rowMajor(shape);
  return out.map((_, axis) => {
    const at = axis - out.length + shape.length;
    return at < 0 || shape[at] === 1 ? 0 : own[at]!;
  });
}

/**
 * Parameters of a walk. Axes of extent 1 are dropped and neighbours that every operand steps through as if they were
 * one are merged: [N, H, W, C] + [C] becomes [N*H*W, C] + [C], and equal shapes become one long row. Fewer axes are
 * fewer divisions, and a longer first axis can be cut finer.
 *
 * @throws ShapeError when more than six axes are left.
 */
export function walkParams<Operands extends string>(
  op: string,
  out: Shape,
  operands: Readonly<Record<Operands, readonly number[]>>,
): WalkParams<Operands> {
  const names = Object.keys(operands) as Operands[];
  const merged: Record<string, number>[] = [];
  out.forEach((extent, axis) => {
    if (extent === 1) return;
    const step = Object.fromEntries(names.map(name => [name, operands[name][axis]!]));
    const last = merged[merged.length - 1];
    if (last && names.every(name => last[name] === step[name]! * extent)) {
      merged[merged.length - 1] = { ...step, s: last.s! * extent };
    } else {
      merged.push({ ...step, s: extent });
    }
  });
  return axisFields(op, merged, Object.fromEntries([['s', 1], ...names.map(name => [name, 0] as const)]));
}

/** Axes as fields: s0.. s5, a0.. a5 and so on; `unused` fills those behind the last. @throws ShapeError beyond six axes. */
export function axisFields<Operands extends string>(
  op: string,
  axes: readonly Readonly<Record<string, number>>[],
  unused: Readonly<Record<string, number>>,
): WalkParams<Operands> {
  if (axes.length > MAX_RANK) {
    throw new ShapeError(
      `${op}: ${axes.length} axes are left when neighbours are merged, at most ${MAX_RANK} can be addressed; reshape first`,
    );
  }
  const fields: Record<string, number> = {};
  for (const [letter, filler] of Object.entries(unused)) {
    for (const axis of AXES) fields[`${letter}${axis}`] = axes[axis]?.[letter] ?? filler;
  }
  return fields as WalkParams<Operands>;
}

type AnyWalk = Readonly<Record<string, number>>;

export const walkShape = (p: AnyWalk): Shape => AXES.map(axis => p[`s${axis}`]!);
export const walkSize = (p: AnyWalk): number => sizeOf(walkShape(p));
export const walkSteps = (p: AnyWalk, operand: string): number[] => AXES.map(axis => p[`${operand}${axis}`]!);
/** Axes in use, at least one; the first may have become 1 long by slicing. */
export const walkRank = (p: AnyWalk): number => Math.max(1, ...AXES.map(axis => (p[`s${axis}`]! > 1 ? axis + 1 : 0)));

/** An operand's own shape, when it is row-major: 1 along the axes it is repeated over. */
export function operandShape(p: AnyWalk, operand: string): Shape {
  return AXES.map(axis => (p[`${operand}${axis}`] === 0 ? 1 : p[`s${axis}`]!));
}

/** The uniform's part `axes: array<vec4u, 6>` of shaders/lib/strided.wgsl, innermost axis first. */
export function walkAxes(p: AnyWalk, operands: readonly string[]): number[] {
  const rank = walkRank(p);
  return AXES.flatMap(k => {
    const axis = rank - 1 - k;
    if (axis < 0) return [1, 0, 0, 0];
    return [p[`s${axis}`]!, ...[0, 1, 2].map(i => (operands[i] ? p[`${operands[i]}${axis}`]! : 0))];
  });
}

/** Calls `visit` for every element of the result with its number and the operands' addresses: the references' loop. */
export function walk(p: AnyWalk, operands: readonly string[], visit: (i: number, ...at: number[]) => void): void {
  const shape = walkShape(p);
  const steps = operands.map(name => walkSteps(p, name));
  const index = new Array<number>(MAX_RANK).fill(0);
  const size = sizeOf(shape);
  for (let i = 0; i < size; i++) {
    visit(i, ...steps.map(step => step.reduce((sum, n, axis) => sum + n * index[axis]!, 0)));
    for (let axis = MAX_RANK - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
}
