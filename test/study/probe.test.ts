import { beforeAll, describe, expect, it } from 'vitest';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { Conv2d, Dense, Flatten, Model, Sequential } from '../../src/nn/index.ts';
import { InterruptedError, ValueError } from '../../src/platform/errors.ts';
import { featureLayers, layerFeatures, PIXELS, penultimateLayer } from '../../src/study/features.ts';
import { toMatrix } from '../../src/study/matrix.ts';
import { fitProbe, probeLayers } from '../../src/study/probe.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { gpuEngine } from '../support/engine.ts';
import { convNet, denseNet, toyImages } from '../train/toy.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await gpuEngine();
});

describe('features of layers', () => {
  it('are what the layers give, picture by picture, padding left out', async () => {
    const images = toyImages(300);
    using data = new GpuDataset(engine, images);
    using model = convNet(engine);
    const chosen = Uint32Array.of(...Array.from({ length: 260 }, (_, i) => 299 - i));
    const found = await layerFeatures(model, data, { images: chosen });
    expect(found.map(({ layer }) => layer)).toEqual([PIXELS, 'batchNorm2d_1', 'maxPool2d_1', 'dense_1']);
    const [pixels, , pooled] = found;
    expect(pixels!.values.rows).toBe(260);
    expect(pixels!.values.values[259 * 36 + 7]).toBeCloseTo(images.images[40 * 36 + 7]! / 255, 6);
    const x = engine.tensor(
      Float32Array.from(images.images.subarray(40 * 36, 41 * 36), byte => byte / 255),
      [1, 6, 6, 1],
    );
    const { captured } = model.forward(x, { capture: ['maxPool2d_1'] });
    const expected = await captured.maxPool2d_1!.data();
    expected.forEach((value, k) => {
      expect(pooled!.values.values[259 * 36 + k]).toBeCloseTo(value, 5);
    });
  });

  it('are averaged over windows, or projected, where they are too many', async () => {
    using data = new GpuDataset(engine, toyImages(8));
    using model = convNet(engine);
    const [whole] = await layerFeatures(model, data, { layers: ['conv2d_1'] });
    const [mean] = await layerFeatures(model, data, { layers: ['conv2d_1'], width: 16 });
    expect(whole).toMatchObject({ reduction: { kind: 'none' }, shape: [6, 6, 4], values: { columns: 144 } });
    expect(mean).toMatchObject({ reduction: { kind: 'mean', window: 3 }, values: { columns: 16 } });
    // The first window of channel 2.
    let sum = 0;
    for (let y = 0; y < 3; y++) for (let x = 0; x < 3; x++) sum += whole!.values.values[(y * 6 + x) * 4 + 2]!;
    expect(mean!.values.values[2]).toBeCloseTo(sum / 9, 5);
    const [sums] = await layerFeatures(model, data, { layers: ['conv2d_1'], width: 3 });
    expect(sums).toMatchObject({ reduction: { kind: 'projection' }, values: { columns: 3 } });
  });

  it('keep their distances, about, in a random projection', async () => {
    const layer = new Sequential({ layers: [new Flatten({}), new Dense({ units: 4 })] });
    using model = new Model(engine, layer, { inputShape: [6, 6, 64], seed: 1 });
    const random = new Sampler(4);
    const bytes = Uint8Array.from({ length: 6 * 2304 }, () => random.int(0, 255));
    const shape = { count: 6, height: 6, width: 6, channels: 64 };
    const source = { ...shape, images: bytes, labels: new Uint8Array(6), classes: ['a'], name: 'wide', sha256: '' };
    using data = new GpuDataset(engine, source);
    const [whole] = await layerFeatures(model, data, { layers: [PIXELS], width: 3000 });
    const [few] = await layerFeatures(model, data, { layers: ['flatten_1'], width: 1000 });
    const distance = ({ columns, values }: { columns: number; values: Float32Array }) => {
      let square = 0;
      for (let k = 0; k < columns; k++) square += (values[k]! - values[columns + k]!) ** 2;
      return Math.sqrt(square);
    };
    expect(distance(few!.values) / distance(whole!.values)).toBeCloseTo(1, 0.7);
  });

  it('names what computes something, and what stands before the logits', () => {
    using model = denseNet(engine, 1, 0.5);
    expect(featureLayers(model)).toEqual(['dense_1', 'dense_2']);
    expect(penultimateLayer(model)).toBe('dense_1');
    using linear = new Model(engine, new Dense({ units: 2 }), { inputShape: [3] });
    expect(() => penultimateLayer(linear)).toThrow(ValueError);
  });

  it('can be interrupted, and refuse unknown layers', async () => {
    using data = new GpuDataset(engine, toyImages(8));
    using model = denseNet(engine);
    await expect(layerFeatures(model, data, { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError);
    await expect(layerFeatures(model, data, { layers: ['x'] })).rejects.toThrow(/no layer 'x'/);
  });
});

describe('linear probes', () => {
  it('find a class that is linear in the features, and nothing in shuffled labels', async () => {
    const random = new Sampler(2);
    const [rows, columns] = [900, 20];
    const values = Float32Array.from(random.normals(rows * columns));
    const labels = Uint8Array.from({ length: rows }, (_, i) =>
      Number(values[i * columns]! + values[i * columns + 1]! > 0),
    );
    const range = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);
    const split = { train: range(0, 400), choose: range(400, 600), judge: range(600, 900) };
    const probe = await fitProbe(engine, toMatrix(values, columns), labels, 2, split);
    expect(probe.accuracy).toBeGreaterThan(0.95);
    expect(probe.shuffledAccuracy).toBeGreaterThan(0.35);
    expect(probe.shuffledAccuracy).toBeLessThan(0.65);
    // By heart it learns some of it even so.
    expect(probe.shuffledTrainAccuracy).toBeGreaterThan(0.52);
  });

  it('find no class that is not linear in the features: XOR, but in its product', async () => {
    const random = new Sampler(3);
    const rows = 600;
    const pairs = Array.from({ length: rows }, () => [random.normal(), random.normal()] as const);
    const labels = pairs.map(([a, b]) => Number(a * b > 0));
    const range = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);
    const split = { train: range(0, 300), choose: range(300, 400), judge: range(400, 600) };
    const probeOf = (width: number, row: (a: number, b: number) => number[]) =>
      fitProbe(engine, toMatrix(Float32Array.from(pairs.flatMap(([a, b]) => row(a, b))), width), labels, 2, split);
    expect((await probeOf(2, (a, b) => [a, b])).accuracy).toBeLessThan(0.65);
    expect((await probeOf(3, (a, b) => [a, b, a * b])).accuracy).toBeGreaterThan(0.95);
  });

  it('judge every layer, and the pixels, on pictures they did not see', async () => {
    using train = new GpuDataset(engine, toyImages(200, 1));
    using validation = new GpuDataset(engine, toyImages(120, 2));
    using model = convNet(engine);
    const probes = await probeLayers(model, train, validation);
    expect(probes.map(({ layer }) => layer)).toEqual([PIXELS, 'batchNorm2d_1', 'maxPool2d_1', 'dense_1']);
    for (const { accuracy, shuffledAccuracy, width } of probes) {
      expect(accuracy).toBeGreaterThan(0.4);
      expect(shuffledAccuracy).toBeLessThan(0.4);
      expect(width).toBeGreaterThan(0);
    }
    expect(await probeLayers(model, train, validation, { layers: ['dense_1'] })).toEqual(probes.slice(3));
  });
});

it('takes a convolution without a norm behind it for a layer of its own', () => {
  const layers = [
    new Conv2d({ name: 'c', filters: 2, kernelSize: 3 }),
    new Flatten({}),
    new Dense({ units: 2, name: 'd' }),
  ];
  using model = new Model(engine, new Sequential({ layers }), { inputShape: [6, 6, 1] });
  expect(featureLayers(model)).toEqual(['c', 'd']);
});
