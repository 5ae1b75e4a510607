import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodeGrey } from '../../src/cli/picture.ts';
import { FileError } from '../../src/platform/errors.ts';

const png = (width: number, height: number, channels: number, data: number[], depth: 8 | 16 = 8) =>
  encode({ width, height, channels, depth, data: depth === 8 ? Uint8Array.from(data) : Uint16Array.from(data) });

describe('pictures to classify', () => {
  it('reads grey, colour, transparency and 16 bits as grey', () => {
    expect([...decodeGrey(png(2, 1, 1, [0, 200]), 'a.png').data]).toEqual([0, 200]);
    const [red, white] = decodeGrey(png(2, 1, 3, [255, 0, 0, 255, 255, 255]), 'a.png').data;
    expect(red).toBeCloseTo(0.299 * 255);
    expect(white).toBeCloseTo(255);
    const [hidden, shown] = decodeGrey(png(2, 1, 4, [255, 255, 255, 0, 255, 255, 255, 255]), 'a.png').data;
    expect([hidden, shown!]).toEqual([0, expect.closeTo(255)]);
    expect([...decodeGrey(png(2, 1, 1, [0, 65535], 16), 'a.png').data]).toEqual([0, 255]);
  });

  it('refuses what is no picture, by name', () => {
    expect(() => decodeGrey(new TextEncoder().encode('hello'), 'notes.txt')).toThrow(FileError);
    expect(() => decodeGrey(new TextEncoder().encode('hello'), 'notes.txt')).toThrow(/^notes.txt: not a PNG/);
    const whole = png(9, 9, 1, new Array(81).fill(7));
    expect(() => decodeGrey(whole.slice(0, whole.length - 20), 'cut.png')).toThrow(FileError);
  });
});
