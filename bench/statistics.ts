/** Middle of the sorted values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Timing {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function timing(milliseconds: readonly number[]): Timing {
  return { median: median(milliseconds), min: Math.min(...milliseconds), max: Math.max(...milliseconds) };
}
