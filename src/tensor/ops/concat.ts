import { placeKernel } from '../../kernels/place.ts';
import { sizeOf } from '../../kernels/spec.ts';
import { cutParams, stridedCopyKernel } from '../../kernels/strided-copy.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';
import { compute, normalAxes } from './support.ts';

/**
 * Tensors one behind the other along an axis; a negative axis counts from the end.
 * @throws ShapeError when they differ in another axis, or there are none.
 */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0];
  if (!first) throw new ShapeError('concat: it needs at least one tensor');
  const at = normalAxes('concat', first, axis)[0]!;
  for (const part of parts) {
    if (part.rank !== first.rank || part.shape.some((n, i) => i !== at && n !== first.shape[i])) {
      throw new ShapeError(`concat: ${part} does not fit ${first} along axis ${at}: all other axes must agree`);
    }
  }
  const starts: number[] = [];
  let total = 0;
  for (const part of parts) {
    starts.push(total);
    total += part.shape[at]!;
  }
  const shape = first.shape.map((n, i) => (i === at ? total : n));
  const rows = sizeOf(shape.slice(0, at));
  const inner = sizeOf(shape.slice(at + 1));
  const { engine } = first;
  const out = engine.empty(shape, 'f32', 'concat');
  parts.forEach((x, i) => {
    const p = { rows, width: x.shape[at]! * inner, outWidth: total * inner, start: starts[i]! * inner };
    engine.run(placeKernel, p, { x, out });
  });
  return engine.record('concat', parts, out, ({ dy, needs, into }) =>
    parts.map((part, i) => {
      if (!needs[i]) return undefined;
      const begin = shape.map((_, k) => (k === at ? starts[i]! : 0));
      return compute(stridedCopyKernel, cutParams('concat', shape, begin, part.shape), { x: dy }, part.shape, into[i]);
    }),
  );
}

export const concatExample: OpExample = {
  name: 'concat',
  draw: r => {
    const shape = Array.from({ length: r.int(1, 3) }, () => r.int(1, 3));
    const axis = r.int(0, shape.length - 1);
    const named = axis - r.pick([0, shape.length]);
    const inputs = Array.from({ length: r.int(1, 3) }, () => shape.map((n, i) => (i === axis ? r.int(1, 3) : n)));
    return { inputs, apply: parts => concat(parts, named) };
  },
};
