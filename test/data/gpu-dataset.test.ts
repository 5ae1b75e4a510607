import { describe, expect, it } from 'vitest';
import { makeImageData } from '../../src/data/dataset.ts';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { gpuEngine } from '../support/engine.ts';

async function toy(count: number, height: number, width: number, channels: number) {
  const random = new Sampler(count);
  return makeImageData({
    images: Uint8Array.from({ length: count * height * width * channels }, () => random.int(0, 255)),
    shape: [count, height, width, channels],
    labels: Uint8Array.from({ length: count }, (_, i) => i % 4),
    classes: ['a', 'b', 'c', 'd'],
    name: 'toy',
    where: 'memory/toy',
  });
}

const indices = (engine: Engine, ...values: number[]) => engine.tensor(values, [values.length], 'u32');

describe.each(['reference', 'gpu'])('GpuDataset (%s)', where => {
  const open = async () => (where === 'gpu' ? await gpuEngine() : Engine.reference());

  it('gathers pictures and labels by index, from 0 to 1', async () => {
    const engine = await open();
    const source = await toy(9, 5, 3, 1);
    using data = new GpuDataset(engine, source);
    await engine.scope(async () => {
      const { images, labels } = data.batch(indices(engine, 8, 0, 8, 3));
      expect(images.shape).toEqual([4, 5, 3, 1]);
      expect([...(await labels.data())]).toEqual([0, 0, 0, 3]);
      const values = await images.data();
      for (const [row, index] of [8, 0, 8, 3].entries()) {
        for (let i = 0; i < 15; i++) {
          expect(values[row * 15 + i]!).toBeCloseTo(source.images[index * 15 + i]! / 255, 6);
        }
      }
    });
  });

  it('takes a mean and a scale for each channel', async () => {
    const engine = await open();
    const source = await toy(3, 2, 2, 3);
    const [mean, scale] = [
      [1, 20, 100],
      [1, 0.5, 0.25],
    ];
    using data = new GpuDataset(engine, source, { mean: mean!, scale: scale! });
    await engine.scope(async () => {
      const values = await data.batch(indices(engine, 2)).images.data();
      for (let i = 0; i < 12; i++) {
        expect(values[i]!).toBeCloseTo((source.images[24 + i]! - mean![i % 3]!) * scale![i % 3]!, 4);
      }
    });
  });

  it('shows an index that does not exist as not a number', async () => {
    const engine = await open();
    using data = new GpuDataset(engine, await toy(3, 2, 2, 1));
    await engine.scope(async () => {
      const { images } = data.batch(indices(engine, 3));
      expect([...(await images.data())].every(Number.isNaN)).toBe(true);
    });
  });

  it('refuses what cannot be', async () => {
    const engine = await open();
    const source = await toy(3, 2, 2, 1);
    expect(() => new GpuDataset(engine, source, { scale: Number.NaN })).toThrow(ValueError);
    using data = new GpuDataset(engine, source, { mean: [1, 2, 3] });
    expect(() => engine.scope(() => data.batch(indices(engine, 0)))).toThrow(ShapeError);
  });
});
