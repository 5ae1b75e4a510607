/**
 * Philox 4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (SC11). A number is a
 * pure function of a 128-bit counter and a 64-bit key, so a kernel and TypeScript give the same bits for the same
 * (seed, step, op, element), in any order. shaders/lib/philox.wgsl is the same function in WGSL.
 */
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/** The upper 32 bits of a 32 x 32 bit product, by halves since a double holds only 53 bits. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const carried = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carried / 0x10000)) >>> 0;
}

/**
 * Four random 32-bit words for the counter (c0, c1, c2, c3) under the key (k0, k1), written to `out` at `offset`. All
 * arguments are taken modulo 2^32. Returns `out`.
 */
export function philox4x32(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array = new Uint32Array(4),
  offset = 0,
): Uint32Array {
  let x0 = c0 >>> 0;
  let x1 = c1 >>> 0;
  let x2 = c2 >>> 0;
  let x3 = c3 >>> 0;
  let key0 = k0 >>> 0;
  let key1 = k1 >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, x0);
    const high1 = mulHigh(M1, x2);
    const low0 = Math.imul(M0, x0) >>> 0;
    const low1 = Math.imul(M1, x2) >>> 0;
    x0 = (high1 ^ x1 ^ key0) >>> 0;
    x1 = low1;
    x2 = (high0 ^ x3 ^ key1) >>> 0;
    x3 = low0;
    key0 = (key0 + W0) >>> 0;
    key1 = (key1 + W1) >>> 0;
  }
  out[offset] = x0;
  out[offset + 1] = x1;
  out[offset + 2] = x2;
  out[offset + 3] = x3;
  return out;
}

/** A word as a number in [0, 1): its upper 24 bits, all that a float32 holds, so WGSL gets the same value. */
export function toUnit(word: number): number {
  return (word >>> 8) * 2 ** -24;
}

/** A word as a whole number in [0, bound), bound <= 2^32; its bias of at most bound / 2^32 is of no account here. */
export function toBelow(word: number, bound: number): number {
  return Math.floor((word / 2 ** 32) * bound);
}

/** A seed (any non-negative safe integer) as the two words of a key. */
export function seedKey(seed: number): [low: number, high: number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}
