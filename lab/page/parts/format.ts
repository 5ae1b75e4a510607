/** 241546 as 241,546. */
export function thousands(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 11304960 as '11.3 M': for numbers that need not be exact. */
export function short(value: number): string {
  for (const [size, unit] of [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ] as const) {
    if (value >= size) return `${(value / size).toPrecision(3)}${unit}`;
  }
  return String(Math.round(value));
}

/** 0.8734 as '87.3 %'. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** [28, 28, 8] as '28 × 28 × 8'. */
export function shape(sizes: readonly number[]): string {
  return sizes.join(' × ');
}

/** A learning rate with two digits that count: 0.0021, 2.1e-5. */
export function rate(value: number): string {
  return value >= 1e-4 ? String(Number(value.toPrecision(2))) : value.toExponential(1);
}

/** 11304960 as '11.3 MFLOP', 512 as '512 FLOP'. */
export function amount(value: number, unit: string): string {
  return `${short(value)}${value >= 1e3 ? '' : ' '}${unit}`;
}

/** 0.0123 milliseconds as '12.3 µs'. */
export function duration(milliseconds: number): string {
  const [value, unit] =
    milliseconds >= 1000
      ? [milliseconds / 1000, 's']
      : milliseconds >= 1
        ? [milliseconds, 'ms']
        : [1000 * milliseconds, 'µs'];
  return `${digits(value)} ${unit}`;
}

/** Three digits that count: 1234, 12.3, 0.0123. */
export function digits(value: number): string {
  return value >= 999.5 ? thousands(value) : String(Number(value.toPrecision(3)));
}
