import type { StepValues } from './spec.ts';

/** Rows of a batch of `total` that are not padding; shaders/lib/batch.wgsl says the same. */
export function validRows(total: number, step: StepValues): number {
  return step.rows === 0 ? total : Math.min(step.rows, total);
}

/** Bits of a quiet NaN, handed to shaders, which cannot write one: what a row that makes no sense is filled with. */
export const NAN_BITS = 0x7fc00000;
