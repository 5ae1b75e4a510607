import { describe, expect, it } from 'vitest';
import { PIXEL_SEED, permutePixels } from '../../src/data/permute.ts';
import { select } from '../../src/data/selection.ts';
import { toyImages } from '../train/toy.ts';

describe('which images a run learns from', () => {
  const images = toyImages(240);

  it('holds some back, unless it is told to take all', () => {
    const { train, validation } = select(images);
    expect([train.length, validation!.length]).toEqual([220, 20]);
    expect(new Set([...train, ...validation!]).size).toBe(240);
    const full = select(images, { full: true });
    expect([full.train.length, full.validation]).toEqual([240, undefined]);
  });

  it('takes fewer in proportion, out of the same ones', () => {
    const { train, validation } = select(images);
    const few = select(images, { limit: 40, validation: 8 });
    expect([few.train.length, few.validation!.length]).toEqual([40, 8]);
    expect([...few.train].every(image => train.includes(image))).toBe(true);
    expect([...few.validation!].every(image => validation!.includes(image))).toBe(true);
    const counts = [0, 1, 2, 3].map(label => [...few.train].filter(image => images.labels[image] === label).length);
    expect(counts).toEqual([10, 10, 10, 10]);
    expect(() => select(images, { limit: 221 })).toThrow(/221 are more than the 220 images/);
  });
});

describe('pixels in another order', () => {
  it('moves them the same way in every picture, and loses none', () => {
    const images = toyImages(8);
    const moved = permutePixels(images, PIXEL_SEED);
    const size = 36;
    const picture = (data: Uint8Array, i: number) => [...data.subarray(i * size, (i + 1) * size)];
    expect(picture(moved.images, 3)).not.toEqual(picture(images.images, 3));
    for (let i = 0; i < 8; i++) {
      expect(picture(moved.images, i).sort()).toEqual(picture(images.images, i).sort());
    }
    // A picture of numbers tells where each pixel went; that is the order for all of them.
    const numbers = { ...images, images: Uint8Array.from({ length: 8 * size }, (_, i) => i % size) };
    const order = picture(permutePixels(numbers, PIXEL_SEED).images, 5);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
    expect(picture(moved.images, 6)).toEqual(order.map(from => picture(images.images, 6)[from]));
    expect(permutePixels(images, PIXEL_SEED + 1).images).not.toEqual(moved.images);
    // What is kept by the hash of its pictures must not be taken for what was made of others.
    const hashes = [images, moved, permutePixels(images, PIXEL_SEED + 1)].map(({ sha256 }) => sha256);
    expect(new Set(hashes).size).toBe(3);
  });

  it('keeps the channels of a pixel together', () => {
    const images = { ...toyImages(2), height: 3, width: 4, channels: 3 };
    const colours = Uint8Array.from({ length: 72 }, (_, i) => i % 36);
    const moved = permutePixels({ ...images, images: colours }, PIXEL_SEED).images;
    for (let pixel = 0; pixel < 12; pixel++) {
      const [red, green, blue] = moved.subarray(3 * pixel, 3 * pixel + 3);
      expect([red! % 3, green, blue]).toEqual([0, red! + 1, red! + 2]);
    }
  });
});
