import { describe, expect, it } from 'vitest';
import { fromHalves, toHalves } from '../../src/io/half.ts';

const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
const isNaNHalf = (bits: number) => (bits & 0x7fff) > 0x7c00;

describe('halves', () => {
  it('come back as they were, every one of them', () => {
    const back = toHalves(fromHalves(all));
    const other = [...all].filter(bits => !isNaNHalf(bits) && back[bits] !== bits);
    expect(other).toEqual([]);
    expect([...all].filter(isNaNHalf).every(bits => isNaNHalf(back[bits]!))).toBe(true);
  });

  it('are the nearest ones, and the even one of two equally near', () => {
    const finite = [...all].filter(bits => bits < 0x7c00);
    const values = fromHalves(Uint16Array.from(finite));
    for (const bits of finite.slice(0, -1)) {
      const [low, high] = [values[bits]!, values[bits + 1]!];
      const middle = (low + high) / 2;
      const nudge = (high - low) / 8;
      const halves = toHalves(Float32Array.of(middle - nudge, middle, middle + nudge, -middle));
      const even = bits % 2 === 0 ? bits : bits + 1;
      expect([...halves]).toEqual([bits, even, bits + 1, even | 0x8000]);
    }
  });

  it('end at 65,504', () => {
    expect([...toHalves(Float32Array.of(65_519.99, 65_520, -1e30, Number.POSITIVE_INFINITY, 2 ** -26))]).toEqual([
      ...[0x7bff, 0x7c00, 0xfc00, 0x7c00, 0],
    ]);
    expect(fromHalves(Uint16Array.of(0x0001, 0x3c00, 0xc000, 0x7bff))).toEqual(
      Float32Array.of(2 ** -24, 1, -2, 65_504),
    );
  });
});
