import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makeImageData } from '../../src/data/dataset.ts';
import { packPictures, unpackPictures } from '../../src/data/packed.ts';

const data = await makeImageData({
  images: Uint8Array.from({ length: 6 * 2 * 3 }, (_, i) => 7 * i),
  shape: [6, 2, 3],
  labels: Uint8Array.of(0, 1, 2, 0, 1, 2),
  classes: ['coat', 'bag', 'boot'],
  name: 'toy',
  where: 'toy',
});
const split = { train: Uint32Array.of(1, 4, 5), validation: Uint32Array.of(0, 3) };

describe('pictures in one file', () => {
  it.each([
    ['packed', gzipSync(packPictures(data, split))],
    ['unpacked by a server', packPictures(data, split)],
  ])('come back, those to learn from first, with their numbers: %s', async (_, bytes) => {
    const found = await unpackPictures(bytes, 'toy.gz');
    expect(Array.from(found.numbers)).toEqual([1, 4, 5, 0, 3]);
    expect([...found.split.train, ...found.split.validation]).toEqual([0, 1, 2, 3, 4]);
    expect(found.split.train).toHaveLength(3);
    expect(Array.from(found.data.labels)).toEqual([1, 1, 2, 0, 0]);
    expect(found.data).toMatchObject({ count: 5, height: 2, width: 3, channels: 1, name: 'toy' });
    expect(found.data.classes).toEqual(data.classes);
    expect(Array.from(found.data.images.subarray(6, 12))).toEqual(Array.from(data.images.subarray(24, 30)));
  });

  it('are refused when the file is truncated or holds something else', async () => {
    const packed = gzipSync(packPictures(data, split));
    await expect(unpackPictures(packed.subarray(0, 100), 'toy.gz')).rejects.toThrow(/^toy\.gz: truncated/);
    const { writeSafetensors } = await import('../../src/io/safetensors.ts');
    const other = writeSafetensors({ images: { shape: [1], data: Uint8Array.of(1) } });
    await expect(unpackPictures(other, 'toy.gz')).rejects.toThrow('toy.gz: holds no pictures; get a fresh copy');
  });
});
