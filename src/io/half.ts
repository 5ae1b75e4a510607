/** IEEE 754 half precision: sign, 5 bits of exponent, 10 of fraction. */

/** Of every half, its value: files of weights hold millions of them. */
let values: Float32Array | undefined;

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Halves as floats, exactly; into `out` if given. */
export function fromHalves(halves: Uint16Array, out: Float32Array = new Float32Array(halves.length)): Float32Array {
  values ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToNumber(bits));
  for (let i = 0; i < halves.length; i++) out[i] = values[halves[i]!]!;
  return out;
}

/** Floats as the nearest halves, ties to the even one; beyond 65,504 infinite. */
export function toHalves(floats: Float32Array): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(floats.length);
  for (let i = 0; i < words.length; i++) halves[i] = wordToHalf(words[i]!);
  return halves;
}

function wordToHalf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  // NaN stays one, whatever its payload.
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65,520 and more is nearer to 65,536, which no half can hold.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // Of another bias and 13 bits fewer; a carry out of the fraction raises the exponent, as it should.
    const half = magnitude - 0x38000000;
    return sign | ((half + 0xfff + ((half >>> 13) & 1)) >>> 13);
  }
  // Subnormal: a multiple of 2^-24. Below half of that it is zero.
  const shift = 126 - (magnitude >>> 23);
  if (shift > 24) return sign;
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const rest = fraction & ((1 << shift) - 1);
  const whole = fraction >>> shift;
  const middle = 1 << (shift - 1);
  return sign | (whole + Number(rest > middle || (rest === middle && (whole & 1) === 1)));
}
