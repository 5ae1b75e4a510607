import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { borderMean, decodeGrey, fitInto, invert } from '../../src/cli/picture.ts';
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

  it('shrinks by area and keeps the mean', () => {
    const data = Float64Array.from({ length: 16 }, (_, i) => i * 10);
    expect([...fitInto({ width: 4, height: 4, data }, 2, 2)]).toEqual([25, 45, 105, 125]);
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
    const odd = Float64Array.from({ length: 49 }, (_, i) => (i * 37) % 256);
    expect(Math.abs(mean(fitInto({ width: 7, height: 7, data: odd }, 3, 3)) - mean(odd))).toBeLessThan(1);
  });

  it('enlarges, and centres what is not square on its own background', () => {
    expect([...fitInto({ width: 1, height: 1, data: Float64Array.of(9) }, 2, 2)]).toEqual([9, 9, 9, 9]);
    const tall = { width: 1, height: 3, data: Float64Array.of(30, 60, 90) };
    expect([...fitInto(tall, 3, 3)]).toEqual([60, 30, 60, 60, 60, 60, 60, 90, 60]);
  });

  it('tells a bright background', () => {
    const data = Float64Array.of(255, 255, 255, 255, 0, 255, 255, 255, 255);
    const picture = { width: 3, height: 3, data };
    expect(borderMean(picture)).toBe(255);
    expect(borderMean(invert(picture))).toBe(0);
  });
});
