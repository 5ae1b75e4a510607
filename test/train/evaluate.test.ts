import { describe, expect, it } from 'vitest';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { InterruptedError } from '../../src/platform/errors.ts';
import { Evaluator, judge } from '../../src/train/evaluate.ts';
import { gpuEngine } from '../support/engine.ts';
import { toyRun } from './toy.ts';

const range = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

describe('evaluation', () => {
  it('does not depend on the batch, padding included', async () => {
    const { data, model } = toyRun(await gpuEngine(), { net: 'conv', count: 50 });
    using _data = data;
    using _model = model;
    using whole = await Evaluator.compile(model, data);
    using parts = await Evaluator.compile(model, data, { batch: 16 });
    const [a, b] = [await whole.run(range(50)), await parts.run(range(50))];
    expect(b.predictions).toEqual(a.predictions);
    expect(b.labels).toEqual(a.labels);
    expect(b.loss).toBeCloseTo(a.loss, 5);
    // Any selection, in any order.
    const some = await parts.run(Uint32Array.of(41, 3, 17));
    expect([...some.predictions]).toEqual([41, 3, 17].map(i => a.predictions[i]));
    expect([...some.labels]).toEqual([41 % 4, 3, 17 % 4]);
  });

  it('drops nothing and leaves the running statistics alone', async () => {
    const { data, model } = toyRun(await gpuEngine(), { net: 'conv', count: 20 });
    using _data = data;
    using _model = model;
    using evaluator = await Evaluator.compile(model, data);
    const before = await model.parameters.state!.data();
    const once = await evaluator.run(range(20));
    expect((await evaluator.run(range(20))).probabilities).toEqual(once.probabilities);
    expect(await model.parameters.state!.data()).toEqual(before);
  });

  it('takes the mean of the logits of a picture and its mirror image for tta flip', async () => {
    const engine = await gpuEngine();
    const { data, model, images } = toyRun(engine, { net: 'conv', count: 20 });
    using _data = data;
    using _model = model;
    const { width } = images;
    const mirrored = images.images.map((_, i) => images.images[i - (i % width) + width - 1 - (i % width)]!);
    using mirroredData = new GpuDataset(engine, { ...images, images: mirrored });
    const logits = async (which: GpuDataset) => {
      using evaluator = await Evaluator.compile(model, which);
      return (await evaluator.run(range(20))).probabilities.map(Math.log);
    };
    const [a, b] = [await logits(data), await logits(mirroredData)];
    using both = await Evaluator.compile(model, data, { tta: 'flip' });
    const { probabilities } = await both.run(range(20));
    for (let i = 0; i < 20; i++) {
      const row = Array.from({ length: 4 }, (_, c) => Math.exp((a[4 * i + c]! + b[4 * i + c]!) / 2));
      const sum = row.reduce((total, value) => total + value, 0);
      for (let c = 0; c < 4; c++) expect(probabilities[4 * i + c]!).toBeCloseTo(row[c]! / sum, 4);
    }
  });

  it('sees the weights that the model has by then, though it prepares what depends on them alone', async () => {
    const { data, model } = toyRun(await gpuEngine(), { net: 'conv', count: 20 });
    using _data = data;
    using _model = model;
    using evaluator = await Evaluator.compile(model, data, { batch: 8 });
    const before = await evaluator.run(range(20));
    const { values } = model.parameters;
    values.write((await values.data()).map(value => -value));
    const after = await evaluator.run(range(20));
    expect(after.probabilities).not.toEqual(before.probabilities);
    using fresh = await Evaluator.compile(model, data, { batch: 8 });
    expect(after.probabilities).toEqual((await fresh.run(range(20))).probabilities);
  });

  it('can be interrupted', async () => {
    const { data, model } = toyRun(await gpuEngine(), { count: 20 });
    using _data = data;
    using _model = model;
    using evaluator = await Evaluator.compile(model, data);
    await expect(evaluator.run(range(20), AbortSignal.abort())).rejects.toThrow(InterruptedError);
  });

  it('judges logits: the first of equals wins, large ones do not overflow, NaN is not hidden', () => {
    const logits = Float32Array.of(1, 1, 0, 300, -300, 0);
    const { predictions, probabilities, accuracy, loss } = judge(logits, Uint8Array.of(0, 1), 3);
    expect([...predictions]).toEqual([0, 0]);
    expect(accuracy).toBe(0.5);
    const first = Math.log(2 * Math.E + 1) - 1;
    expect(loss).toBeCloseTo((first + 600) / 2, 5);
    expect(probabilities.slice(0, 3).reduce((a, b) => a + b)).toBeCloseTo(1);
    expect(judge(Float32Array.of(0, Number.NaN), Uint8Array.of(0), 2).loss).toBeNaN();
  });
});
