import { gzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { gunzip } from '../../src/data/files.ts';
import { loadDataSet } from '../../src/data/load.ts';
import { FileError } from '../../src/platform/errors.ts';
import { idx, memorySource, npy } from './make.ts';

const pixels = Uint8Array.from({ length: 24 }, (_, i) => 10 * i);
const train = { images: idx([4, 2, 3], pixels), labels: idx([4], [0, 1, 2, 1]) };
const test = { images: idx([2, 2, 3], pixels.subarray(0, 12)), labels: idx([2], [1, 0]) };

function idxFiles(): Record<string, Uint8Array> {
  return {
    'train-images-idx3-ubyte': train.images,
    'train-labels-idx1-ubyte.gz': gzipSync(train.labels),
    't10k-images.idx3-ubyte': test.images,
    't10k-labels-idx1-ubyte': test.labels,
  };
}

function npzFile(change: Record<string, Uint8Array> = {}): Uint8Array {
  return zipSync({
    'x_train.npy': npy('|u1', [4, 2, 3], pixels),
    'y_train.npy': npy('<i8', [4, 1], new Uint8Array(new BigInt64Array([0n, 1n, 2n, 1n]).buffer)),
    'x_test.npy': npy('|u1', [2, 2, 3], pixels.subarray(0, 12)),
    'y_test.npy': npy('|u1', [2], new Uint8Array([1, 0])),
    ...change,
  });
}

describe('loadDataSet', () => {
  it('reads idx files, plain, packed or with a dot', async () => {
    const data = await loadDataSet(memorySource(idxFiles()));
    expect(data.name).toBe('toy');
    expect(data.train).toMatchObject({ count: 4, height: 2, width: 3, channels: 1, classes: ['0', '1', '2'] });
    expect(data.test).toMatchObject({ count: 2, classes: ['0', '1', '2'], name: 'toy test' });
    expect(Array.from(data.train.images)).toEqual(Array.from(pixels));
    expect(Array.from(data.train.labels)).toEqual([0, 1, 2, 1]);
  });

  it('reads an npz file as the same data, hash and all', async () => {
    const data = await loadDataSet(memorySource({ 'toy.npz': npzFile() }));
    const same = await loadDataSet(memorySource(idxFiles()));
    expect(data.train).toEqual(same.train);
    expect(data.test).toEqual(same.test);
  });

  it('takes class names from classes.txt', async () => {
    const names = new TextEncoder().encode('cat\r\ndog\nbird\n');
    const data = await loadDataSet(memorySource({ ...idxFiles(), 'classes.txt': names }));
    expect(data.train.classes).toEqual(['cat', 'dog', 'bird']);
    expect(data.test.classes).toEqual(['cat', 'dog', 'bird']);
  });

  const i8 = (...values: bigint[]) => new Uint8Array(new BigInt64Array(values).buffer);
  const f4 = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer);
  const wrong: [string, Record<string, Uint8Array>, RegExp][] = [
    ['an empty folder', {}, /^memory\/toy\/train-images-idx3-ubyte: no such file, nor with \.gz/],
    [
      'counts that differ',
      { ...idxFiles(), 't10k-labels-idx1-ubyte': idx([3], [0, 0, 0]) },
      /^memory\/toy\/t10k-images-idx3-ubyte: 2 images but 3 labels/,
    ],
    [
      'pictures of two sizes',
      { ...idxFiles(), 't10k-images.idx3-ubyte': idx([2, 2, 2], new Uint8Array(8)) },
      /training images are 2x3x1, test images 2x2x1/,
    ],
    ['no pictures', { ...idxFiles(), 'train-images-idx3-ubyte': idx([0, 2, 3], []) }, /holds no images/],
    [
      'too few class names',
      { ...idxFiles(), 'classes.txt': new TextEncoder().encode('one\ntwo') },
      /label 2 has no class; there are 2/,
    ],
    ['two npz files', { 'a.npz': npzFile(), 'b.npz': npzFile() }, /holds 2 \.npz files \(a\.npz, b\.npz\)/],
    [
      'pictures that are not bytes',
      { 'a.npz': npzFile({ 'x_train.npy': npy('<f4', [1, 1, 1], f4(0.5)) }) },
      /^memory\/toy\/a\.npz \(x_train\): is f4; save images as numpy\.uint8/,
    ],
    ['a missing array', { 'a.npz': zipSync({}) }, /^memory\/toy\/a\.npz: has no array x_train/],
    [
      'one-hot labels',
      { 'a.npz': npzFile({ 'y_train.npy': npy('|u1', [4, 3], new Uint8Array(12)) }) },
      /\(y_train\): has shape \[4,3\]; labels are/,
    ],
    [
      'labels out of range',
      { 'a.npz': npzFile({ 'y_train.npy': npy('<i8', [4], i8(0n, -1n, 2n, 1n)) }) },
      /label -1 at index 1/,
    ],
    [
      'broken labels',
      { 'a.npz': npzFile({ 'y_train.npy': npy('<f4', [4], f4(0, 0.5, 1, 1)) }) },
      /label 0\.5 at index 1/,
    ],
  ];
  it.each(wrong)('refuses %s', async (_, files, message) => {
    const loading = loadDataSet(memorySource(files));
    await expect(loading).rejects.toThrow(FileError);
    await expect(loading).rejects.toThrow(message);
  });
});

describe('gunzip', () => {
  const packed = gzipSync(new Uint8Array(100_000).fill(7));

  it('unpacks', async () => {
    expect((await gunzip(packed, 'f')).length).toBe(100_000);
  });

  it('refuses what is truncated, altered, no gzip, or a bomb', async () => {
    await expect(gunzip(packed.subarray(0, packed.length - 9), 'dir/f.gz')).rejects.toThrow(/^dir\/f\.gz: truncated/);
    const altered = packed.slice();
    altered[packed.length - 6]! ^= 1;
    await expect(gunzip(altered, 'f.gz')).rejects.toThrow(FileError);
    await expect(gunzip(new Uint8Array(50), 'f.gz')).rejects.toThrow(FileError);
    await expect(gunzip(packed, 'f.gz', 99_999)).rejects.toThrow(/^f\.gz: unpacks to more than 99999 bytes/);
  });
});
