import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { ShapeError } from '../../src/platform/errors.ts';
import { gatherBatch } from '../../src/tensor/ops/index.ts';
import { gpuEngine, limitedEngine } from '../support/engine.ts';

/** Random pictures with labels, as a data set is kept. */
function draw(n: number, size: number) {
  const random = new Sampler(n * size);
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => random.int(0, 255));
  return { pixels: bytes(n * size), labels: bytes(n) };
}

describe('gatherBatch', () => {
  for (const [name, shape] of Object.entries({ words: [4, 4, 1], bytes: [3, 3, 1], colours: [2, 2, 3] })) {
    it(`takes pictures and labels by index, from all slices of a data set (${name})`, async () => {
      const size = shape.reduce((a, b) => a * b);
      const n = 1500;
      const { pixels, labels } = draw(n, size);
      const chosen = [0, n - 1, 777, 777, 1024, 1023, 255, 256, 511, 512];
      const expected = chosen.flatMap(i => Array.from(pixels.subarray(i * size, (i + 1) * size)));
      // 256 labels, a byte each, are the least that a slice can be cut at.
      for (const engine of [await gpuEngine(), await limitedEngine(256 * size)]) {
        await engine.scope(async () => {
          const images = engine.tensor(pixels, [n, ...shape], 'u8');
          const indices = engine.tensor(chosen, [chosen.length], 'u32');
          const options = { scale: 1, labels: engine.tensor(labels, [n], 'u8') };
          const batch = gatherBatch(images, indices, options);
          expect(batch.images.shape).toEqual([chosen.length, ...shape]);
          expect(Array.from(await batch.images.data())).toEqual(expected);
          expect(Array.from(await batch.labels!.data())).toEqual(chosen.map(i => labels[i]));
        });
      }
    });
  }

  it('gives NaN and no class for an index past the end', async () => {
    for (const engine of [await gpuEngine(), await limitedEngine(1024)]) {
      await engine.scope(async () => {
        const images = engine.tensor(new Uint8Array(600 * 4), [600, 2, 2, 1], 'u8');
        const labels = engine.tensor(new Uint8Array(600), [600], 'u8');
        const batch = gatherBatch(images, engine.tensor([599, 600, 0xffffffff], [3], 'u32'), { labels });
        const zero = [0, 0, 0, 0];
        const nan = zero.map(() => Number.NaN);
        expect(Array.from(await batch.images.data())).toEqual([...zero, ...nan, ...nan]);
        expect(Array.from(await batch.labels!.data())).toEqual([0, 0xffffffff, 0xffffffff]);
      });
    }
  });

  it('normalises by channel, or all channels alike', async () => {
    const engine = await gpuEngine();
    await engine.scope(async () => {
      const images = engine.tensor([10, 20, 30, 255, 0, 128], [2, 1, 3], 'u8');
      const indices = engine.tensor([1, 0], [2], 'u32');
      const each = gatherBatch(images, indices, { mean: [1, 2, 3], scale: [1, 0.5, 2] }).images;
      expect(Array.from(await each.data())).toEqual([254, -1, 250, 9, 9, 54]);
      const alike = gatherBatch(images, indices).images;
      expect((await alike.data())[0]).toBe(1);
      expect((await alike.data())[5]).toBe(Math.fround(30 * Math.fround(1 / 255)));
    });
  });

  it('refuses types and sizes that do not fit, by name', async () => {
    const engine = await gpuEngine();
    engine.scope(() => {
      const images = engine.tensor(new Uint8Array(12), [2, 2, 3], 'u8');
      const indices = engine.tensor([0], [1], 'u32');
      expect(() => gatherBatch(engine.zeros([2, 2, 3]), indices)).toThrow(ShapeError);
      expect(() => gatherBatch(images, engine.tensor([0]))).toThrow('indices must be u32');
      expect(() => gatherBatch(images, indices, { mean: [1, 2] })).toThrow('mean has 2 values for the 3 channels');
      expect(() => gatherBatch(images, indices, { labels: engine.zeros([2]) })).toThrow('labels must be u8[2]');
      const many = engine.tensor(new Uint8Array(10), [2, 5], 'u8');
      expect(() => gatherBatch(many, indices, { mean: [1, 2, 3, 4, 5] })).toThrow('at most 4');
    });
  });
});
