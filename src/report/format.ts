/** Numbers as people read them. One language and one notation, so that reports can be compared line by line. */

/** 60000 -> '60,000'. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 0.87634 -> '87.63 %'; 'n/a' where there is no such number (a share of nothing). */
export function percent(share: number | undefined, digits = 2): string {
  return share === undefined || Number.isNaN(share) ? 'n/a' : `${(100 * share).toFixed(digits)} %`;
}

/** A difference of shares, 0.0521 -> '5.2 points'. */
export function points(difference: number, digits = 1): string {
  const text = (100 * difference).toFixed(digits);
  return `${minus(text)} ${text === '1.0' ? 'point' : 'points'}`;
}

/** With a true minus sign, and no negative zero. */
export function minus(text: string): string {
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text.replace('-', '−');
}

/** 35123456 -> '35.1 M': three significant digits with k, M, G, T. */
export function magnitude(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let unit = 0;
  let scaled = value;
  // 999.5 would print as 1.00e+3.
  while (Math.abs(scaled) >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const text = Number.isInteger(scaled) ? String(scaled) : scaled.toPrecision(3);
  return units[unit] ? `${text} ${units[unit]}` : text;
}

/** 7 -> '7.0 s', 95 -> '1 min 35 s', 4000 -> '1 h 7 min'. */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  const minutes = Math.round(seconds / 60);
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

/** How many times more: 13.92 -> '14 times', 1.43 -> '1.4 times'. */
export function times(ratio: number): string {
  return `${ratio.toFixed(ratio < 9.95 ? 1 : 0)} times`;
}

/** A p-value: never a string of zeros, never digits that mean nothing. */
export function pValue(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
}

/** '2026-11-23T14:36:49.000Z' -> '2026-11-23 14:36 UTC'. */
export function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** ['a', 'b', 'c'] -> 'a, b and c'. */
export function listing(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** Text made safe for XML and HTML, in content and in double- or single-quoted attributes. */
export function escapeXml(text: string): string {
  // Control characters have no place in XML 1.0, not even escaped.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const printable = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
  return printable.replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
}

export function toBase64(bytes: ArrayLike<number>): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i++) binary += String.fromCharCode(bytes[i]!);
  return btoa(binary);
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), c => c.charCodeAt(0));
}

/** 1 -> '1 epoch', 10 -> '10 epochs'. */
export function epochs(number: number): string {
  return number === 1 ? '1 epoch' : `${number} epochs`;
}
