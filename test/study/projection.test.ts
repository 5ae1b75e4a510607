import { describe, expect, it } from 'vitest';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { Conv2d, Dense, Flatten, type Layer, MaxPool2d, Model, Sequential } from '../../src/nn/index.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { projectFeatures } from '../../src/study/projection.ts';
import { examplesFor } from '../../src/train/features.ts';
import { gpuEngine } from '../support/engine.ts';
import { TOY, toyImages, toyTraining } from '../train/toy.ts';

const COMPONENTS = 5;

const layers = (): Layer =>
  new Sequential({
    layers: [
      new Sequential({
        name: 'base',
        layers: [
          new Conv2d({ name: 'conv', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
          new MaxPool2d({ name: 'pool', window: 2 }),
        ],
      }),
      new Flatten({ name: 'flatten' }),
      new Dense({ name: 'projection', units: COMPONENTS, initializer: 'principal' }),
      new Dense({ name: 'logits', units: TOY.classes }),
    ],
  });

const FROZEN = { frozen: ['base', 'projection'] };

async function projected(seed: number, images: Uint32Array) {
  const engine = await gpuEngine();
  const data = new GpuDataset(engine, toyImages(160));
  const model = new Model(engine, layers(), { inputShape: [TOY.size, TOY.size, 1], seed });
  const training = toyTraining(FROZEN);
  await projectFeatures(model, data, images, training);
  return { model, data, training };
}

/** The images' features behind the projection, a column for each component. */
async function columnsOf(model: Model, data: GpuDataset, images: Uint32Array): Promise<number[][]> {
  const { engine } = model;
  const values = await engine.scope(async () => {
    using feed = data.feed(images.length);
    feed.select(images);
    return await model.forwardPart(feed.batch().images, { to: model.chain.length - 1 }).data();
  });
  return Array.from({ length: COMPONENTS }, (_, c) => Array.from(images, (_, i) => values[i * COMPONENTS + c]!));
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

describe('a projection onto principal components', () => {
  it('gives columns of mean 0, uncorrelated, the one with the largest variance first', async () => {
    const images = Uint32Array.from({ length: 160 }, (_, i) => i);
    const { model, data } = await projected(3, images);
    const columns = await columnsOf(model, data, images);
    const lengths = columns.map(column => Math.sqrt(dot(column, column)));
    for (const [c, column] of columns.entries()) {
      expect(Math.abs(column.reduce((a, b) => a + b, 0)) / images.length).toBeLessThan(1e-4 * lengths[0]!);
      for (const [other, second] of columns.entries()) {
        if (other < c) expect(Math.abs(dot(column, second))).toBeLessThan(1e-3 * lengths[0]! ** 2);
      }
      if (c > 0) expect(lengths[c]!).toBeLessThanOrEqual(lengths[c - 1]! * (1 + 1e-6));
    }
    expect(lengths.at(-1)!).toBeGreaterThan(0);
    data[Symbol.dispose]();
    model[Symbol.dispose]();
  });

  it('gives the same bits again, and is part of the frozen beginning', async () => {
    const images = Uint32Array.from({ length: 40 }, (_, i) => i);
    const [first, second] = [await projected(3, images), await projected(3, images)];
    const [a, b] = await Promise.all(
      [first, second].map(({ model }) => model.parameters.get('projection.kernel').data()),
    );
    expect(a).toEqual(b);
    const examples = await examplesFor(first.model, first.data, images, first.training);
    expect(examples.imageShape).toEqual([COMPONENTS]);
    for (const { model, data } of [first, second]) {
      data[Symbol.dispose]();
      model[Symbol.dispose]();
    }
  });

  it('refuses fewer pictures than components, and layers before it that are trained', async () => {
    await expect(projected(3, Uint32Array.of(0, 1, 2))).rejects.toThrow(ValueError);
    const engine = await gpuEngine();
    using data = new GpuDataset(engine, toyImages(160));
    using model = new Model(engine, layers(), { inputShape: [TOY.size, TOY.size, 1], seed: 1 });
    const images = Uint32Array.from({ length: 40 }, (_, i) => i);
    await expect(projectFeatures(model, data, images, toyTraining({ frozen: ['projection'] }))).rejects.toThrow(
      /frozen/,
    );
  });
});
