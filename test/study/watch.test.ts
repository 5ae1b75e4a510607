import { describe, expect, it } from 'vitest';
import { pick } from '../../src/data/subset.ts';
import { inspect } from '../../src/study/inspect.ts';
import { type Look, RunWatch, readLooks, updateRatio, Watcher, writeLooks } from '../../src/study/watch.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { fit as fitModel } from '../../src/train/fit.ts';
import { RunFolder } from '../../src/train/run-folder.ts';
import { gpuEngine } from '../support/engine.ts';
import { convNet, denseNet, memoryFiles, toyImages, toyRun, toyTraining } from '../train/toy.ts';

/** Makes a unit of the first layer dead and gives its number. */
async function plantDeadUnit(model: ReturnType<typeof denseNet>, layer: string, unit: number): Promise<void> {
  const bias = model.parameters.get(`${layer}.bias`);
  const values = Float32Array.from(await bias.data());
  values[unit] = -100;
  bias.write(values);
}

describe('looking at the layers', () => {
  for (const [name, open] of [
    ['reference', async () => Engine.reference()],
    ['GPU', gpuEngine],
  ] as const) {
    it(`finds a unit that was planted dead, on the ${name} engine`, async () => {
      const engine = await open();
      const images = toyImages(23);
      using dense = denseNet(engine);
      const before = (await inspect(dense, images)).find(({ layer }) => layer === 'dense_1')!;
      await plantDeadUnit(dense, 'dense_1', 5);
      // In parts of 7, so that the last one is smaller.
      const after = (await inspect(dense, images, { batch: 7 })).find(({ layer }) => layer === 'dense_1')!;
      expect(after.rectified).toBe(true);
      expect(before.active[5]).toBeGreaterThan(0);
      expect(after.active[5]).toBe(0);
      expect(after.dead).toBe(before.dead + 1);
      expect(after.active.filter((_, unit) => unit !== 5)).toEqual(before.active.filter((_, unit) => unit !== 5));
    });
  }

  it('does not call units of a linear layer dead, nor one that answers to a single image', async () => {
    using engine = Engine.reference();
    using model = denseNet(engine);
    const [, logits] = await inspect(model, toyImages(8));
    expect([logits!.layer, logits!.rectified, logits!.dead]).toEqual(['dense_2', false, 0]);

    // Unit 0 sees one pixel, which is black in all images but one.
    const images = toyImages(6);
    const pixels = images.images.map((value, i) => (i % 36 === 0 ? (i === 36 * 4 ? 200 : 0) : value));
    const kernel = Float32Array.from(await model.parameters.get('dense_1.kernel').data());
    for (let pixel = 0; pixel < 36; pixel++) kernel[pixel * 16] = Number(pixel === 0);
    model.parameters.get('dense_1.kernel').write(kernel);
    const [hidden] = await inspect(model, { ...images, images: pixels });
    expect(hidden!.active[0]).toBeCloseTo(1 / 6, 12);
  });

  it('gives the gradient of the mean loss, whatever the parts', async () => {
    using engine = Engine.reference();
    using model = convNet(engine);
    const images = toyImages(20);
    const [whole, parts] = [await inspect(model, images), await inspect(model, images, { batch: 6 })];
    whole.forEach((report, i) => {
      expect(parts[i]!.activations).toEqual(report.activations);
      if (report.gradient) expect(parts[i]!.gradient!.norm).toBeCloseTo(report.gradient.norm, 10);
    });
    expect(whole.map(({ layer, gradient }) => [layer, gradient !== undefined])).toEqual([
      ['conv2d_1', true],
      ['batchNorm2d_1', true],
      ['dense_1', true],
    ]);
    const without = await inspect(model, images, { gradients: false });
    expect(without.every(({ gradient }) => gradient === undefined)).toBe(true);
    expect(without.map(({ activations }) => activations)).toEqual(whole.map(({ activations }) => activations));
  });
});

describe('the update ratio', () => {
  it('is the length of the change over that of the weights', () => {
    expect(updateRatio([3, 4], [3, 4])).toBe(0);
    expect(updateRatio([3, 4], [0, 0])).toBe(1);
    expect(updateRatio([3, 4], [3.3, 4.4])).toBeCloseTo(0.1, 12);
    expect(updateRatio([0], [1])).toBe(Number.POSITIVE_INFINITY);
  });

  it('of a step of SGD is learning rate times gradient over weights', async () => {
    const engine = await gpuEngine();
    const { images, data, split, model } = toyRun(engine);
    using _ = model;
    using __ = data;
    using watcher = new Watcher(model, await pick(images, split.train));
    const start = await watcher.look(0);
    const learningRate = 0.05;
    const training = toyTraining({ optimizer: 'sgd', learningRate, epochs: 1, batch: split.train.length });
    await fitModel(model, { data, train: split.train }, { training, beforeStep: () => watcher.mark() });
    const end = await watcher.look(1);
    start.layers.forEach(({ update, weights, gradient }, i) => {
      expect(update).toBeUndefined();
      expect(end.layers[i]!.update! / ((learningRate * gradient!.norm) / weights!.norm)).toBeCloseTo(1, 3);
    });
    // What was marked is used up.
    expect((await watcher.look(1)).layers.every(({ update }) => update === undefined)).toBe(true);
  });
});

describe('watching a run', () => {
  it('does not change a bit of it, and keeps a look before the first step and one an epoch', async () => {
    const engine = await gpuEngine();
    const train = async (watched: boolean) => {
      const { images, data, split, model } = toyRun(engine, { net: 'conv' });
      using _ = model;
      using __ = data;
      const folder = new RunFolder(memoryFiles().files, 'run');
      using watch = new RunWatch(new Watcher(model, await pick(images, split.train.slice(0, 20))), folder);
      const hooks = watched && {
        onReady: () => watch.begin(),
        beforeStep: (place: Parameters<RunWatch['beforeStep']>[0]) => watch.beforeStep(place),
        onEpoch: ({ epoch }: { epoch: number }) => watch.endEpoch(epoch),
      };
      await fitModel(model, { data, ...split }, { training: toyTraining({ epochs: 2 }), folder, ...hooks });
      const weights = await model.parameters.values.data();
      return { weights, state: await model.parameters.state!.data(), looks: await readLooks(folder) };
    };
    const [plain, watched] = [await train(false), await train(true)];
    expect(watched.weights).toEqual(plain.weights);
    expect(watched.state).toEqual(plain.state);
    expect(plain.looks).toBeUndefined();
    const looks = watched.looks!;
    expect(looks.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    const [conv] = looks[0]!.layers;
    expect(conv!.update).toBeUndefined();
    for (const { layers, filters } of looks.slice(1)) {
      expect(layers[0]!.update).toBeGreaterThan(0);
      expect(filters!.shape).toEqual([3, 3, 1, 4]);
    }
    expect(looks[1]!.filters!.values).not.toEqual(looks[0]!.filters!.values);
  });

  it('can be read again, and says when its file is damaged', async () => {
    const { files } = memoryFiles();
    const folder = new RunFolder(files, 'run');
    const looks: Look[] = [{ epoch: 0, layers: [] }];
    await writeLooks(folder, looks);
    expect(await readLooks(folder)).toEqual(looks);
    await files.write('run/watch.jsonl', '{"epoch":');
    await expect(readLooks(folder)).rejects.toThrow('run/watch.jsonl: damaged');
  });
});
