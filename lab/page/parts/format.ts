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
