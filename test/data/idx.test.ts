import { describe, expect, it } from 'vitest';
import { parseIdx, parseIdxImages, parseIdxLabels } from '../../src/data/idx.ts';
import { FileError } from '../../src/platform/errors.ts';
import { idx } from './make.ts';

const images = idx([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

describe('parseIdx', () => {
  it('reads sizes and values', () => {
    expect(parseIdxImages(images, 'x').shape).toEqual([2, 2, 3]);
    expect(Array.from(parseIdxImages(images, 'x').data)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(Array.from(parseIdxLabels(idx([3], [7, 0, 9]), 'y'))).toEqual([7, 0, 9]);
    expect(parseIdxImages(idx([1, 1, 1, 3], [1, 2, 3]), 'rgb').shape).toEqual([1, 1, 1, 3]);
  });

  it('reads a view that does not start at the beginning of its buffer', () => {
    const shifted = new Uint8Array([0xff, ...images]).subarray(1);
    expect(parseIdx(shifted, 'x')).toEqual(parseIdx(images, 'x'));
  });

  const wrong: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /^dir\/f: 0 bytes are too few/],
    ['another format', new TextEncoder().encode('hello world'), /^dir\/f: not an idx file: it starts with 0x68656c6c/],
    ['gzip under a plain name', new Uint8Array([0x1f, 0x8b, 8, 0, 0]), /it is gzip: give its name the ending \.gz/],
    ['other element types', idx([1], [0, 0, 0, 0], 0x0d), /^dir\/f: idx element type 0xd/],
    ['no dimensions', idx([], []), /^dir\/f: idx header of 0 dimensions/],
    ['a header that is cut off', images.subarray(0, 12), /^dir\/f: idx header of 3 dimensions is cut off at 12 bytes/],
    [
      'a missing last byte',
      images.subarray(0, 27),
      /^dir\/f: truncated: 27 bytes, but its header \[2,2,3\] asks for 28/,
    ],
    ['a byte too many', new Uint8Array([...images, 0]), /^dir\/f: too long: 29 bytes/],
    ['sizes beyond reason', idx([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [1]), /^dir\/f: truncated/],
  ];
  it.each(wrong)('refuses %s by name', (_, bytes, message) => {
    expect(() => parseIdx(bytes, 'dir/f')).toThrow(FileError);
    expect(() => parseIdx(bytes, 'dir/f')).toThrow(message);
  });

  it('tells images and labels apart', () => {
    expect(() => parseIdxImages(idx([2], [1, 2]), 'f')).toThrow(/^f: 1 dimensions \[2\]; images have/);
    expect(() => parseIdxLabels(images, 'f')).toThrow(/^f: 3 dimensions \[2,2,3\]; labels have one/);
  });
});
