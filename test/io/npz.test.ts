import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { parseNpy } from '../../src/io/npy.ts';
import { readNpz } from '../../src/io/npz.ts';
import { FileError } from '../../src/platform/errors.ts';
import { npy } from '../data/make.ts';

const raw = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe('parseNpy', () => {
  const arrays: [string, InstanceType<typeof Uint8Array> | ArrayBufferView][] = [
    ['|u1', new Uint8Array([0, 255])],
    ['|i1', new Int8Array([-128, 127])],
    ['<i2', new Int16Array([-32768, 32767])],
    ['<i4', new Int32Array([-(2 ** 31), 5])],
    ['<i8', new BigInt64Array([-1n, 2n ** 60n])],
    ['<f4', new Float32Array([0.5, Number.NaN])],
    ['<f8', new Float64Array([Math.PI, -0])],
  ];
  it.each(arrays)('reads %s', (descr, values) => {
    const array = parseNpy(npy(descr, [2, 1], raw(values)), 'f');
    expect(array).toEqual({ dtype: descr.slice(1), shape: [2, 1], data: values });
  });

  it('reads a scalar, an empty array and a vector that is marked as Fortran order', () => {
    expect(parseNpy(npy('<f4', [], raw(new Float32Array([3]))), 'f')).toMatchObject({
      shape: [],
      data: new Float32Array([3]),
    });
    expect(parseNpy(npy('<f4', [0, 7], new Uint8Array(0)), 'f').data.length).toBe(0);
    expect(parseNpy(npy('|u1', [2], new Uint8Array(2), true), 'f').shape).toEqual([2]);
  });

  const one = npy('<f4', [1], new Uint8Array(4));
  const wrong: [string, Uint8Array, RegExp][] = [
    ['another format', new TextEncoder().encode('<html>not found</html>'), /^dir\/f: not a \.npy array/],
    ['a cut header', one.subarray(0, 40), /^dir\/f: truncated: the header ends at byte 128 of 40/],
    ['cut data', one.subarray(0, one.length - 1), /^dir\/f: truncated: 3 bytes of data.* needs 4/],
    ['more data', new Uint8Array([...one, 0]), /^dir\/f: too long: 5 bytes of data/],
    ['an unknown version', new Uint8Array([...one.subarray(0, 6), 9, ...one.subarray(7)]), /^dir\/f: \.npy version 9/],
    ['Fortran order', npy('<f4', [1, 1], new Uint8Array(4), true), /^dir\/f: is in Fortran order; save it with/],
    ['objects', npy('|O', [1], new Uint8Array(8)), /^dir\/f: holds Python objects/],
    ['big-endian numbers', npy('>f4', [1], new Uint8Array(4)), /^dir\/f: is big-endian \(>f4\); save it with/],
    ['other types', npy('<c8', [1], new Uint8Array(8)), /^dir\/f: element type <c8; known are u1,/],
    ['inherited names as types', npy('|constructor', [1], new Uint8Array(8)), /^dir\/f: element type/],
    ['sizes beyond reason', npy('<f8', [2 ** 40, 2 ** 40], new Uint8Array(8)), /^dir\/f: truncated/],
  ];
  it.each(wrong)('refuses %s by name', (_, bytes, message) => {
    expect(() => parseNpy(bytes, 'dir/f')).toThrow(FileError);
    expect(() => parseNpy(bytes, 'dir/f')).toThrow(message);
  });
});

describe('readNpz', () => {
  const values = new Uint8Array(300).map((_, i) => i % 7);
  const zip = zipSync({
    'a.npy': npy('|u1', [300], values),
    'b.npy': npy('<i4', [1], new Uint8Array(4)),
    'readme.txt': values,
  });

  it('reads packed and stored arrays by name, and only the wanted ones', () => {
    for (const level of [0, 9] as const) {
      const arrays = readNpz(zipSync({ 'a.npy': npy('|u1', [300], values) }, { level }), 'f');
      expect(arrays.get('a')?.data).toEqual(values);
    }
    expect([...readNpz(zip, 'f').keys()]).toEqual(['a', 'b']);
    expect([...readNpz(zip, 'f', { only: ['b'] }).keys()]).toEqual(['b']);
  });

  it('finds the directory before a comment', () => {
    const commented = new Uint8Array([...zip, 1, 2, 3]);
    commented[zip.length - 2] = 3;
    expect(readNpz(commented, 'f').size).toBe(2);
  });

  it('refuses a file cut anywhere', () => {
    for (let length = 0; length < zip.length; length += 13) {
      expect(() => readNpz(zip.subarray(0, length), 'dir/f.npz')).toThrow(/^dir\/f\.npz: not a zip file or truncated/);
    }
  });

  it('never answers altered bytes with altered values, nor with anything but a FileError', () => {
    const good = readNpz(zip, 'f');
    for (let at = 0; at < zip.length; at++) {
      const altered = zip.slice();
      altered[at]! ^= 0x41;
      try {
        for (const [name, array] of readNpz(altered, 'f')) {
          // A changed name in the directory, or bytes that no reader looks at, leave the content as it was.
          if (good.has(name)) expect(array).toEqual(good.get(name));
        }
      } catch (error) {
        expect(error).toBeInstanceOf(FileError);
      }
    }
  });

  it('refuses a bomb, whether its directory tells the size or lies about it', () => {
    const bomb = zipSync({ 'a.npy': npy('|u1', [4_000_000], new Uint8Array(4_000_000)) });
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => readNpz(bomb, 'f', { maxBytes: 1e6 })).toThrow(/^f: its files unpack to more than 1000000 bytes/);
    const directory = bomb.lastIndexOf(0x50, bomb.length - 23);
    const view = new DataView(bomb.buffer, bomb.byteOffset);
    for (let at = directory; at >= 0; at--) {
      if (view.getUint32(at, true) === 0x02014b50) {
        view.setUint32(at + 24, 1000, true);
        break;
      }
    }
    expect(() => readNpz(bomb, 'f', { maxBytes: 1e6 })).toThrow(/^f \(a\.npy\): length or checksum differs/);
  });
});
