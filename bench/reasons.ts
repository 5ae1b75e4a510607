/** Why weft is not further ahead on a line, as far as it is known. No figures: those are measured. */
import type { Line } from './results.ts';

const REASONS: readonly { readonly applies: (line: Line) => boolean; readonly why: string }[] = [
  {
    applies: ({ op }) => op === 'max_pool2d',
    why: 'no single cause: the loads, which everybody makes, cache misses, divisions, and the test that lets a NaN through; cheaper loads through uniform buffers cost as much in dispatches as they spare',
  },
  {
    applies: ({ op, shape }) => op === 'matmul' && Number(shape.n) < 32,
    why: 'so little work that the submission counts, of two dispatches here; and ten columns fill a third of the lanes',
  },
  {
    applies: ({ op, shape }) => op.startsWith('conv2d') && Number(shape.h) <= 4 && Number(shape.cin) >= 256,
    why: 'a few pixels for millions of weights: laying these out anew costs more than the products do; and in pictures of two pixels most taps lie outside, which only kernels without tiles leave out',
  },
  {
    applies: ({ op, shape }) => op === 'conv2d_input_grad' && Number(shape.kernel) === 1,
    why: 'three of four pixels of the result are zeros that have to be written; the products are a small part',
  },
  {
    applies: ({ op, shape }) => op === 'conv2d' && Number(shape.stride) === 2 && Number(shape.kernel) > 1,
    why: 'computed as if it stepped by one, of which one result in four is kept: no kernel here both steps by two and holds sums in registers',
  },
  {
    applies: ({ op, shape }) => op === 'conv2d' && Number(shape.cin) <= 8,
    why: 'eight channels fill a part of the lanes, and laying out so few weights anew is a dispatch that costs as much as the sums',
  },
  {
    applies: ({ op, shape }) => op === 'softmax_cross_entropy' && Number(shape.rows) * Number(shape.classes) < 20_000,
    why: 'so little work that the submission costs more than the kernel',
  },
];

export function reasonFor(line: Line): string {
  return REASONS.find(({ applies }) => applies(line))?.why ?? 'not known yet';
}
