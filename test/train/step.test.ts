import { describe, expect, it } from 'vitest';
import { findAugmentation } from '../../src/data/augmentation.ts';
import { Batches } from '../../src/data/batches.ts';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { splitOf } from '../../src/data/split.ts';
import { readSafetensors } from '../../src/io/safetensors.ts';
import { makeOptimizer } from '../../src/optim/index.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import type { StepPlan } from '../../src/tensor/compile.ts';
import { softmaxCrossEntropy } from '../../src/tensor/ops/index.ts';
import type { TrainingOptions } from '../../src/train/config.ts';
import { TrainStep } from '../../src/train/step.ts';
import { encodeModel } from '../../src/train/used-arrays.ts';
import { gpuEngine } from '../support/engine.ts';
import { convNet, denseNet, toyImages, toyRun, toyTraining } from './toy.ts';

/** Weights and sums after some steps. */
async function steps(training: TrainingOptions, count: number, net: 'dense' | 'conv' = 'dense') {
  const { data, split, model } = toyRun(await gpuEngine(), { net });
  using _data = data;
  using _model = model;
  using step = await TrainStep.compile(model, data, training);
  const batches = new Batches(split.train, { batch: training.batch, seed: training.seed });
  for (let i = 0; i < count; i++) {
    const place = batches.after(i);
    const { indices, rows } = batches.at(place.epoch, place.step);
    await step.run(indices, rows, i + 1, training.learningRate);
  }
  const totals = await step.totals();
  return { totals, arrays: await step.readArrays() };
}

describe('the training step', () => {
  it('computes the same in micro-batches, the padded last batch included', async () => {
    const whole = await steps(toyTraining({ optimizer: 'sgd', learningRate: 0.1 }), 12);
    for (const microBatches of [2, 8]) {
      const parts = await steps(toyTraining({ optimizer: 'sgd', learningRate: 0.1, microBatches }), 12);
      expect(parts.totals.rows).toBe(whole.totals.rows);
      expect(parts.totals.accuracy).toBeCloseTo(whole.totals.accuracy, 2);
      expect(parts.totals.loss).toBeCloseTo(whole.totals.loss, 5);
      const expected = whole.arrays.parameters!;
      parts.arrays.parameters!.forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5);
      });
    }
  });

  it('changes the training pictures as the policy says, and nothing else', async () => {
    const plain = await steps(toyTraining(), 3);
    const none = await steps(toyTraining({ augmentation: findAugmentation('none') }), 3);
    expect(none.arrays.parameters).toEqual(plain.arrays.parameters);
    const augmentation = findAugmentation('strong');
    const [once, again] = [
      await steps(toyTraining({ augmentation }), 3),
      await steps(toyTraining({ augmentation }), 3),
    ];
    expect(once.arrays.parameters).not.toEqual(plain.arrays.parameters);
    expect(again.arrays.parameters).toEqual(once.arrays.parameters);
  });

  it('gives the same bits as its ops run one by one', async () => {
    const training = toyTraining();
    const compiled = await steps(training, 5, 'conv');
    const engine = await gpuEngine();
    const { data, split, model } = toyRun(engine, { net: 'conv' });
    using _data = data;
    using _model = model;
    const { parameters } = model;
    const optimizer = makeOptimizer(training);
    const state = optimizer.init(parameters.values);
    const notFinite = engine.tensor([0], [1], 'u32');
    const batches = new Batches(split.train, { batch: training.batch, seed: training.seed });
    const { seed, learningRate } = training;
    for (let i = 0; i < 5; i++) {
      const { indices, rows } = batches.at(0, i);
      engine.setStep({ seed, step: i + 1, rows, learningRate });
      engine.scope(() => {
        const { images, labels } = data.batch(engine.tensor(indices, [indices.length], 'u32'));
        parameters.backward(softmaxCrossEntropy(model.forward(images, { training: true }), labels).loss);
        const { values, gradients, table } = parameters;
        optimizer.update({ parameters: values, gradients, state, segments: table, notFinite });
      });
    }
    engine.setStep({ rows: 0 });
    expect(await parameters.values.data()).toEqual(compiled.arrays.parameters);
    expect(await parameters.state!.data()).toEqual(compiled.arrays.state);
    expect(await state.v!.data()).toEqual(compiled.arrays['optimizer.v']);
    for (const tensor of [notFinite, ...Object.values(state)]) tensor.dispose();
  });

  it('takes other rates of dropout while it runs, with the bits of a model built with them', async () => {
    const engine = await gpuEngine();
    using data = new GpuDataset(engine, toyImages(64));
    const indices = Uint32Array.from({ length: 32 }, (_, i) => i);
    const trainedBy = async (rate: number, change?: Readonly<Record<string, number>>) => {
      using model = denseNet(engine, 1, rate);
      using step = await TrainStep.compile(model, data, toyTraining());
      await step.run(indices, 32, 1, 0.01);
      const half = await step.readArrays();
      if (change) await step.setDropout(change);
      await step.run(indices, 32, 2, 0.01);
      return { half, whole: await step.readArrays() };
    };
    const [quarter, changed, dropsNone] = [
      await trainedBy(0.25),
      await trainedBy(0.25, { dropout_1: 0.5 }),
      await trainedBy(0.25, { dropout_1: 0 }),
    ];
    expect(changed.half).toEqual(quarter.half);
    expect(changed.whole).not.toEqual(quarter.whole);
    expect(dropsNone.whole).not.toEqual(quarter.whole);
    // The second step again, from the first one's arrays, of a model that never had another rate.
    using model = denseNet(engine, 1, 0.5);
    using step = await TrainStep.compile(model, data, toyTraining());
    step.writeArrays(quarter.half);
    await step.run(indices, 32, 2, 0.01);
    expect(await step.readArrays()).toEqual(changed.whole);
  });

  it('leaves what is frozen alone, prepares it once, and keeps no gradient or moment of it', async () => {
    const engine = await gpuEngine();
    const images = toyImages(180);
    const split = splitOf(images);
    using data = new GpuDataset(engine, images);
    // Units and images enough that a software adapter takes a kernel that repacks the weights.
    using model = denseNet(engine, 1, 0, 32);
    const { parameters } = model;
    parameters.configure('dense_1', { trainable: false });
    const frozen = await parameters.frozen!.data();
    const trained = await parameters.values.data();
    using step = await TrainStep.compile(model, data, toyTraining({ batch: 64 }));
    const { prepared, work } = step.compiled[0]!;
    const kernelOf = ({ dispatch }: (typeof work)[number]) => dispatch.note.kernel;
    expect(prepared.map(kernelOf)).toEqual(engine.caps.software ? ['matmul'] : []);
    // The trained layer's alone; there is nothing to differentiate below.
    const gradients = work.filter(one => kernelOf(one) === 'conv2d_kernel_grad');
    expect(new Set(gradients.map(({ dispatch }) => dispatch.note.shape)).size).toBe(1);
    for (let i = 0; i < 3; i++) await step.run(split.train.slice(0, 64), 64, i + 1, 0.01);
    expect(await parameters.frozen!.data()).toEqual(frozen);
    expect(await parameters.values.data()).not.toEqual(trained);
    const arrays = await step.readArrays();
    expect(arrays['optimizer.m']!.length).toBe(trained.length);
    // A checkpoint holds all there is, so that a run goes on with the base it was begun with.
    const file = readSafetensors(encodeModel(model, step.usedArrays(arrays), {}), 'm').tensors;
    for (const [name, { data: values }] of await parameters.read()) expect(file.get(name)!.data).toEqual(values);
    const once = await step.totals();
    step.writeArrays({ ...arrays, frozen: frozen.map(value => -value) as Float32Array });
    await step.run(split.train.slice(0, 64), 64, 4, 0.01);
    const twice = await step.totals();
    step.writeArrays(arrays);
    await step.run(split.train.slice(0, 64), 64, 4, 0.01);
    expect((await step.totals()).loss).not.toBe(twice.loss);
    expect(twice.loss).not.toBe(once.loss);
  });

  it('keeps memory constant over a thousand steps, and gives it all back', async () => {
    const engine = await gpuEngine();
    const stats = () => {
      const { live, liveBytes, peakBytes } = engine.gpu.device.buffers.stats;
      return { live, liveBytes, peakBytes };
    };
    const { live, liveBytes } = stats();
    {
      const images = toyImages(64);
      using data = new GpuDataset(engine, images);
      using model = denseNet(engine);
      using step = await TrainStep.compile(model, data, toyTraining({ batch: 16 }));
      const batches = new Batches(
        Uint32Array.from({ length: 64 }, (_, i) => i),
        { batch: 16, seed: 1 },
      );
      const train = async (from: number, count: number) => {
        for (let i = from; i < from + count; i++) {
          const { indices, rows } = batches.at(Math.floor(i / 4), i % 4);
          await step.run(indices, rows, i + 1, 0.01);
          if (i % 100 === 0) await step.totals();
        }
        await engine.gpu.device.finish();
      };
      await train(0, 10);
      const before = stats();
      await train(10, 1000);
      expect(stats()).toEqual(before);
    }
    expect(stats()).toMatchObject({ live, liveBytes });
  });

  it('uploads only indices and the step uniform, and allocates nothing', async () => {
    const engine = await gpuEngine();
    const { data, split, model } = toyRun(engine);
    using _data = data;
    using _model = model;
    using step = await TrainStep.compile(model, data, toyTraining());
    const { handle } = engine.gpu.device;
    let uploaded = 0;
    const { writeBuffer } = handle.queue;
    const { createBuffer } = handle;
    handle.queue.writeBuffer = function (this: GPUQueue, ...args: Parameters<typeof writeBuffer>) {
      uploaded += (args[2] as ArrayBuffer).byteLength;
      return writeBuffer.apply(this, args);
    } as typeof writeBuffer;
    let created = 0;
    handle.createBuffer = function (this: GPUDevice, descriptor) {
      created++;
      return createBuffer.call(this, descriptor);
    } as typeof createBuffer;
    try {
      for (let i = 0; i < 3; i++) await step.run(split.train.slice(0, 32), 32, i + 1, 0.01);
    } finally {
      // What was put on the objects hides what their prototypes have.
      delete (handle.queue as Partial<GPUQueue>).writeBuffer;
      delete (handle as Partial<GPUDevice>).createBuffer;
    }
    expect(created).toBe(0);
    expect(uploaded).toBe(3 * (32 * 4 + 16));
  });

  it('refuses what does not fit, by name', async () => {
    const engine = await gpuEngine();
    const { data, model } = toyRun(engine);
    using _data = data;
    using _model = model;
    await expect(TrainStep.compile(model, data, toyTraining({ microBatches: 5 }))).rejects.toThrow(ValueError);
    using other = new GpuDataset(engine, { ...toyImages(16), classes: ['a', 'b', 'c', 'd', 'e'] });
    await expect(TrainStep.compile(model, other, toyTraining())).rejects.toThrow(
      new ShapeError("model 'dense': output is [4], the data has 5 classes"),
    );
    using net = convNet(engine);
    const wide = { ...toyImages(16), width: 12, height: 3 };
    using strange = new GpuDataset(engine, wide);
    await expect(TrainStep.compile(net, strange, toyTraining())).rejects.toThrow(/input is \[6, 6, 1\], the images/);
  });

  it('says for which layer each dispatch runs, forwards and backwards', async () => {
    const { data, model } = toyRun(await gpuEngine(), { net: 'conv' });
    using _data = data;
    using _model = model;
    const [{ dispatches, work }] = TrainStep.plan(model, data, toyTraining()) as [StepPlan];
    expect(work.map(({ note }) => note)).toEqual(dispatches);
    const layersOf = (kernel: RegExp) => dispatches.filter(note => kernel.test(note.kernel)).map(({ layer }) => layer);
    const weighted = model.chain.filter(({ parameters }) => parameters.length > 0).map(({ name }) => name);
    expect(weighted.length).toBeGreaterThan(1);
    for (const name of weighted) {
      const own = dispatches.filter(({ layer }) => layer === name).map(({ kernel }) => kernel);
      expect(own.some(kernel => !kernel.includes('grad'))).toBe(true);
      expect(own.some(kernel => kernel.includes('grad') || kernel === 'matmul')).toBe(true);
    }
    for (const layer of layersOf(/conv2d_kernel_grad/)) expect(weighted).toContain(layer);
    expect(layersOf(/gather_batch|softmax_cross_entropy|adam/).every(layer => layer === undefined)).toBe(true);
  });

  it('measures every dispatch', async () => {
    const { data, model } = toyRun(await gpuEngine());
    using _data = data;
    using _model = model;
    using step = await TrainStep.compile(model, data, toyTraining());
    const lines = await step.compiled[0]!.profile(1);
    expect(lines.map(line => line.kernel)).toEqual(expect.arrayContaining(['gather_batch', 'adam']));
    for (const line of lines) expect(line.milliseconds).toBeGreaterThan(0);
  });
});
