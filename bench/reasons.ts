/** Why weft is not further ahead on a line, as far as it is known. No figures: those are measured. */
import type { Line } from './results.ts';

const REASONS: readonly { readonly applies: (line: Line) => boolean; readonly why: string }[] = [
  {
    applies: ({ op }) => op === 'max_pool2d',
    why: "bound by the loads of the picture, which everybody makes; weft's kernel also lets a NaN through, which a plain maximum drops",
  },
  {
    applies: ({ op, shape }) => op === 'softmax_cross_entropy' && Number(shape.rows) * Number(shape.classes) < 20_000,
    why: 'so little work that the submission costs more than the kernel',
  },
];

export function reasonFor(line: Line): string {
  return REASONS.find(({ applies }) => applies(line))?.why ?? 'not known yet';
}
