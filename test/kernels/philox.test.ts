import { describe, expect, it } from 'vitest';
import { philox4x32, seedKey, toBelow, toUnit } from '../../src/kernels/philox.ts';

function hex(words: Uint32Array): string {
  return Array.from(words, word => word.toString(16).padStart(8, '0')).join(' ');
}

describe('philox4x32', () => {
  // Random123's kat_vectors, the lines "philox4x32 10".
  it('gives the published values', () => {
    expect(hex(philox4x32(0, 0, 0, 0, 0, 0))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
    const f = 0xffffffff;
    expect(hex(philox4x32(f, f, f, f, f, f))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
    expect(hex(philox4x32(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0))).toBe(
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    );
  });

  it('writes where it is told', () => {
    const out = philox4x32(0, 0, 0, 0, 0, 0, new Uint32Array(6), 1);
    expect(out[0]).toBe(0);
    expect(out[1]).toBe(0x6627e8d5);
    expect(out[5]).toBe(0);
  });
});

describe('numbers from words', () => {
  it('stay in their range at both ends', () => {
    expect(toUnit(0)).toBe(0);
    expect(toUnit(0xffffffff)).toBe(1 - 2 ** -24);
    expect(toBelow(0, 10)).toBe(0);
    expect(toBelow(0xffffffff, 10)).toBe(9);
    expect(toBelow(0xffffffff, 2 ** 32)).toBe(0xffffffff);
  });

  it('take seeds of more than 32 bits apart', () => {
    expect(seedKey(7)).toEqual([7, 0]);
    expect(seedKey(2 ** 32 + 7)).toEqual([7, 1]);
  });
});
