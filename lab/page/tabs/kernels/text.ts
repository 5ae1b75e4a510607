import { digits, shape } from '../../parts/format.ts';

/** Operations for each byte, or a dash where nothing is computed. */
export function intensityText(flops: number, bytes: number): string {
  return flops > 0 && bytes > 0 ? digits(flops / bytes) : '–';
}

/** [14, 2, 1] as '14 × 2'. */
export function workgroupsText(workgroups: readonly number[]): string {
  const last = workgroups.findLastIndex(count => count !== 1);
  return shape(workgroups.slice(0, Math.max(1, last + 1)));
}
