/** Numbers as people read them: as many digits as count, and a real minus sign. */

const minus = (text: string) => text.replace(/^-/, '−').replace('e-', 'e−').replace('e+', 'e');

/** Four digits that count: −0.4321. */
export function exact(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (value === 0) return '0';
  return minus(size >= 1e-4 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(3));
}

/** At most five characters or so, for a small cell: −0.43. */
export function brief(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size < 0.005) return minus(value.toExponential(0));
  if (size >= 1e4) return minus(value.toExponential(1));
  return minus(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2));
}
