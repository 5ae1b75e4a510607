import { describe, expect, it } from 'vitest';
import { type AugmentationPolicy, augmentedCopy, findAugmentation } from '../../src/data/augmentation.ts';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import {
  BatchNorm2d,
  Conv2d,
  Dense,
  Dropout,
  Flatten,
  type Layer,
  MaxPool2d,
  Model,
  Sequential,
} from '../../src/nn/index.ts';
import { type FileError, InterruptedError, ValueError } from '../../src/platform/errors.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import type { TrainingOptions } from '../../src/train/config.ts';
import { Evaluator } from '../../src/train/evaluate.ts';
import { ROWS } from '../../src/train/feature-table.ts';
import { cacheFeatures, examplesFor, type FeatureHooks, type FeatureOptions } from '../../src/train/features.ts';
import { fit as fitModel } from '../../src/train/fit.ts';
import { frozenPrefix } from '../../src/train/prefix.ts';
import { configureParts } from '../../src/train/trained-parts.ts';
import { onReference } from '../support/build.ts';
import { gpuEngine } from '../support/engine.ts';
import { relativeError } from '../support/goldens.ts';
import { memoryFiles, TOY, toyImages, toyTraining } from './toy.ts';

const conv = (name: string, filters: number) =>
  new Conv2d({ name, filters, kernelSize: 3, padding: 'same', activation: 'relu', initializer: 'heNormal' });

/** Two blocks of a convolution and a pooling, and a head that drops out. */
const layers = (): Layer =>
  new Sequential({
    layers: [
      new Sequential({
        name: 'base',
        layers: [conv('conv1', 4), new MaxPool2d({ name: 'pool1', window: 2 }), conv('conv2', 6)],
      }),
      new Sequential({
        name: 'head',
        layers: [
          new Flatten({ name: 'flatten' }),
          new BatchNorm2d({ name: 'norm' }),
          new Dropout({ name: 'drop', rate: 0.25 }),
          new Dense({ name: 'logits', units: TOY.classes }),
        ],
      }),
    ],
  });

const FROZEN: Partial<TrainingOptions> = { frozen: ['base'] };

interface Bench extends Disposable {
  readonly engine: Engine;
  readonly data: GpuDataset;
  readonly model: Model;
  readonly images: Uint32Array;
}

async function bench(count = 180, seed = 1): Promise<Bench> {
  const engine = await gpuEngine();
  const data = new GpuDataset(engine, toyImages(count));
  const model = new Model(engine, layers(), { name: 'toy', inputShape: [TOY.size, TOY.size, 1], seed });
  const images = Uint32Array.from({ length: count }, (_, i) => i);
  const dispose = () => {
    model[Symbol.dispose]();
    data[Symbol.dispose]();
  };
  return { engine, data, model, images, [Symbol.dispose]: dispose };
}

/** Trains a fresh network; its weights, and what was measured on the way. */
async function train(changes: Partial<TrainingOptions>, hooks: FeatureHooks = {}) {
  using b = await bench();
  const training = toyTraining({ ...FROZEN, ...changes });
  const split = { train: b.images.slice(0, 150), validation: b.images.slice(150) };
  const data = await examplesFor(b.model, b.data, b.images, training, hooks);
  const { history } = await fitModel(b.model, { data, ...split }, { training });
  const weights = [...(await b.model.parameters.read()).values()].flatMap(({ data: values }) => [...values]);
  return { weights, curve: history.map(m => [m.loss, m.accuracy, m.valLoss, m.valAccuracy]), passed: data.passed };
}

/** The features of the first images, read back through the very tensors that a step gets. */
async function features(b: Bench, images: Uint32Array, options: Partial<FeatureOptions> = {}) {
  configureParts(b.model, FROZEN);
  let computed = 0;
  const onProgress = ({ total }: { total: number }) => {
    computed = total;
  };
  const cached = await cacheFeatures(b.model, b.data, images, { batch: 32, onProgress, ...options });
  using feed = cached.feed(images.length);
  feed.select(images);
  return { cached, computed, values: Float32Array.from(await feed.batch().images.data()) };
}

describe('training on the features of a frozen beginning', () => {
  it('gives the same bits as computing them in every step', async () => {
    const [without, withFeatures] = [await train({ features: 'off' }), await train({})];
    expect(without.passed).toBe(0);
    expect(withFeatures.passed).toBe(3);
    expect(withFeatures.weights).toEqual(without.weights);
    expect(withFeatures.curve).toEqual(without.curve);
  });

  it('gives the same bits in micro-batches', async () => {
    const options = { microBatches: 2, batch: 30 };
    expect((await train(options)).weights).toEqual((await train({ ...options, features: 'off' })).weights);
  });

  it('differs by the rounding of halves where they are kept as such', async () => {
    using b = await bench();
    const [whole, half] = [await features(b, b.images), await features(b, b.images, { precision: 'f16' })];
    const error = relativeError(half.values, whole.values);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThanOrEqual(2 ** -11);
    expect((await train({ features: 'f16' })).curve[3]![2]).toBeCloseTo((await train({})).curve[3]![2]!, 2);
  });

  it('gives the same bits again when steps draw from augmented copies', async () => {
    const augmentation = findAugmentation('standard');
    const once = await train({ augmentation, copies: 2 });
    expect((await train({ augmentation, copies: 2 })).weights).toEqual(once.weights);
    expect((await train({ augmentation, copies: 1 })).weights).not.toEqual(once.weights);
    // Nothing is drawn where nothing is changed.
    expect((await train({ augmentation: findAugmentation('none') })).weights).toEqual((await train({})).weights);
  });
});

describe('augmented copies', () => {
  it('are what the frozen part makes of pictures changed by the policy, drawn by copy and picture', async () => {
    using b = await bench();
    const policy: AugmentationPolicy = findAugmentation('standard');
    const { cached } = await features(b, b.images, { copies: { policy, count: 1, seed: 5 } });
    const numbers = Uint32Array.from([3, 8, 90, 17]);
    using feed = cached.feed(numbers.length);
    const expected: string[][] = [];
    await b.engine.scope(async () => {
      const keys = b.engine.tensor(numbers, [numbers.length], 'u32');
      const { images } = b.data.batch(keys);
      for (const copy of [0, 1]) {
        const pictures = augmentedCopy(b.engine, images, keys, policy, { seed: 5, copy });
        const y = await b.model.forwardPart(pictures, { to: cached.passed }).data();
        const width = y.length / numbers.length;
        expected.push([...numbers].map((_, i) => [...y.slice(i * width, (i + 1) * width)].join()));
      }
    });
    const seen = new Set<string>();
    for (let step = 1; step <= 12; step++) {
      feed.select(numbers, { seed: 1, step });
      const y = await feed.batch().images.data();
      const width = y.length / numbers.length;
      for (const i of numbers.keys()) {
        const row = [...y.slice(i * width, (i + 1) * width)].join();
        const copy = expected.findIndex(rows => rows[i] === row);
        expect(copy).toBeGreaterThanOrEqual(0);
        seen.add(`${i} ${copy}`);
      }
    }
    // Every picture, both ways.
    expect(seen.size).toBe(8);
    feed.select(numbers);
    const originals = await feed.batch().images.data();
    expect([...originals].join()).toBe(expected[0]!.join());
  });
});

describe('features that are kept', () => {
  const COUNT = ROWS + 100;

  it('are found again, for some images or for more', async () => {
    using b = await bench(COUNT);
    const { files, contents } = memoryFiles();
    const store = { files, folder: 'cache' };
    const some = b.images.filter(image => image % 3 === 0);
    expect((await features(b, some, { store })).computed).toBe(some.length);
    expect([...contents.keys()].map(path => path.replace(/\/[0-9a-f]{64}\//, '/KEY/'))).toEqual([
      'cache/KEY/00000.safetensors',
      'cache/KEY/00001.safetensors',
    ]);
    const all = await features(b, b.images, { store });
    expect(all.computed).toBe(COUNT - some.length);
    const again = await features(b, b.images, { store });
    expect(again.computed).toBe(0);
    expect(again.values).toEqual(all.values);
    expect(all.values).toEqual((await features(b, b.images)).values);
  });

  it('are computed again where a file is damaged, and only there', async () => {
    using b = await bench(COUNT);
    const { files, contents } = memoryFiles();
    const damages: FileError[] = [];
    const store = { files, folder: 'cache', onDamage: (error: FileError) => void damages.push(error) };
    const { values } = await features(b, b.images, { store });
    const path = [...contents.keys()].find(name => name.includes('00001'))!;
    const whole = contents.get(path)!;
    const changed = whole.slice();
    changed[whole.length - 5]! ^= 1;
    const damaged = [changed, whole.slice(0, 1000), new Uint8Array(0)];
    for (const bytes of damaged) {
      contents.set(path, bytes);
      const repaired = await features(b, b.images, { store });
      expect(repaired.computed).toBe(COUNT - ROWS);
      expect(repaired.values).toEqual(values);
      expect(contents.get(path)).toEqual(whole);
    }
    expect(damages).toHaveLength(damaged.length);
    for (const { message } of damages) expect(message).toContain(path);
  });

  it('go on where the work was interrupted', async () => {
    using b = await bench(COUNT);
    const { files } = memoryFiles();
    const stop = new AbortController();
    const interruptible = {
      store: { files, folder: 'cache' },
      signal: stop.signal,
      onProgress: () => stop.abort(),
    };
    configureParts(b.model, FROZEN);
    const work = cacheFeatures(b.model, b.data, b.images, { batch: 32, ...interruptible });
    await expect(work).rejects.toThrow(InterruptedError);
    await expect(work).rejects.toThrow(/after \d+ of 612 images; they are kept/);
    const rest = await features(b, b.images, { store: interruptible.store });
    expect(rest.computed).toBeGreaterThan(0);
    expect(rest.computed).toBeLessThan(COUNT);
    expect(rest.values).toEqual((await features(b, b.images)).values);
  });

  it('are begun with where a deeper part of the network is frozen', async () => {
    using b = await bench();
    const { files, contents } = memoryFiles();
    const store = { files, folder: 'cache' };
    configureParts(b.model, { frozen: ['base.conv1'] });
    await cacheFeatures(b.model, b.data, b.images, { batch: 32, store });
    const shallow = [...contents].map(([path, bytes]) => [path, bytes.slice()] as const);
    const deep = await features(b, b.images, { store });
    expect(deep.values).toEqual((await features(b, b.images)).values);
    // Not from the pictures: other features behind the first layer lead to others behind the second.
    contents.clear();
    for (const [path, bytes] of shallow) contents.set(path, bytes);
    const { data } = b;
    const blank = { batch: () => expect.unreachable('pictures are not needed') };
    Object.assign(data, { feed: () => ({ ...blank, [Symbol.dispose]() {} }) });
    expect((await features(b, b.images, { store })).values).toEqual(deep.values);
  });

  it('are told apart by weights, data, preprocessing, precision and policy', async () => {
    const { files, contents } = memoryFiles();
    const store = { files, folder: 'cache' };
    const keys = () => new Set([...contents.keys()].map(path => path.split('/')[1])).size;
    using b = await bench();
    await features(b, b.images, { store });
    expect(keys()).toBe(1);
    await features(b, b.images, { store, precision: 'f16' });
    expect(keys()).toBe(2);
    using other = await bench(180, 2);
    await features(other, other.images, { store });
    expect(keys()).toBe(3);
    using more = await bench(181);
    await features(more, more.images, { store });
    expect(keys()).toBe(4);
    using brighter = new GpuDataset(b.engine, toyImages(180), { scale: 1 / 128 });
    await features({ ...b, data: brighter }, b.images, { store });
    expect(keys()).toBe(5);
    const copies = { policy: findAugmentation('flip'), count: 1, seed: 1 };
    await features(b, b.images, { store, copies });
    expect(keys()).toBe(6);
    await features(b, b.images, { store, copies: { ...copies, policy: { ...copies.policy, name: 'mirror' } } });
    expect(keys()).toBe(6);
    await features(b, b.images, { store, copies: { ...copies, seed: 2 } });
    expect(keys()).toBe(7);
  });
});

describe('the frozen beginning of a network', () => {
  const lengthOf = (inner: Layer[], frozen: string[]) => {
    using model = onReference(
      new Sequential({ layers: [...inner, new Flatten({}), new Dense({ name: 'top', units: 2 })] }),
      [4, 4, 1],
    );
    configureParts(model, { frozen });
    return frozenPrefix(model);
  };
  const a = conv('a', 2);
  const pool = new MaxPool2d({ name: 'pool', window: 2 });

  it('ends before the first layer that is trained, drops or keeps statistics', () => {
    expect(lengthOf([a, pool], [])).toBe(0);
    // What costs nothing at its end, the flattening, is left to the rest.
    expect(lengthOf([a, pool], ['a'])).toBe(2);
    expect(lengthOf([a, conv('b', 2), pool], ['a'])).toBe(1);
    expect(lengthOf([a, conv('b', 2), pool], ['a', 'b.kernel'])).toBe(1);
    expect(lengthOf([a, new MaxPool2d({ name: 'pool', window: 2, dropout: 0.5 })], ['a'])).toBe(1);
    expect(lengthOf([a, new BatchNorm2d({ name: 'norm' }), pool], ['a', 'norm'])).toBe(1);
    expect(lengthOf([new Dropout({ rate: 0.5 }), a, pool], ['a'])).toBe(0);
  });

  it('does not part a convolution from the pooling that is computed with it', () => {
    const fused = new MaxPool2d({ name: 'pool', window: 2, fused: true, dropout: 0.5 });
    expect(lengthOf([a, conv('b', 2), fused], ['a', 'b'])).toBe(1);
    expect(lengthOf([a, fused], ['a'])).toBe(0);
  });

  it('has to be there', async () => {
    using b = await bench();
    await expect(cacheFeatures(b.model, b.data, b.images, { batch: 8 })).rejects.toThrow(
      'does not begin with a frozen part',
    );
    expect((await examplesFor(b.model, b.data, b.images, toyTraining())).passed).toBe(0);
  });
});

describe('evaluating on features', () => {
  it('says the same as on pictures, and refuses what it would need pictures for', async () => {
    using b = await bench();
    const { cached } = await features(b, b.images);
    using onPictures = await Evaluator.compile(b.model, b.data);
    using onFeatures = await Evaluator.compile(b.model, cached);
    expect(await onFeatures.run(b.images)).toEqual(await onPictures.run(b.images));
    await expect(Evaluator.compile(b.model, cached, { tta: 'flip' })).rejects.toThrow('needs pictures');
  });

  it('refuses an image that has none', async () => {
    using b = await bench();
    const { cached } = await features(b, b.images.slice(0, 20));
    using feed = cached.feed(1);
    expect(() => feed.select(Uint32Array.of(20))).toThrow(ValueError);
  });
});
