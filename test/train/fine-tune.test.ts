import { describe, expect, it } from 'vitest';
import { vgg16Layers } from '../../src/models/index.ts';
import { Model } from '../../src/nn/index.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { TrainStep } from '../../src/train/step.ts';
import { noiseImages } from '../models/images.ts';
import { gpuEngine, limitedEngine } from '../support/engine.ts';

const BATCH = 16;
const SIZE = 16;
/** Holds each kernel of the first two blocks, but not the maps of the batch: they are worked on in slices. */
const LIMIT = 704 << 10;

/** Two steps of a VGG16 cut behind its second block, of which the second block and the head are trained. */
async function fineTune(engine: Engine) {
  using model = new Model(engine, vgg16Layers({ cut: 2, units: 16, classes: 10 }), {
    inputShape: [SIZE, SIZE, 3],
    seed: 1,
  });
  const { parameters } = model;
  parameters.configure('base.block1', { trainable: false });
  using data = noiseImages(engine, [SIZE, SIZE, 3], BATCH);
  const options = {
    optimizer: 'sgd',
    learningRate: 0.01,
    batch: BATCH,
    epochs: 1,
    schedule: 'constant',
    seed: 1,
  } as const;
  const before = await read(model);
  using step = await TrainStep.compile(model, data, options);
  const indices = Uint32Array.from({ length: BATCH }, (_, i) => i);
  for (const number of [1, 2]) await step.run(indices, BATCH, number, options.learningRate);
  const { loss } = await step.totals();
  const [{ work, prepared, memory }] = step.compiled as [(typeof step.compiled)[number]];
  const bindings = [...prepared, ...work].flatMap(({ dispatch }) => dispatch.bindings);
  return { loss, before, after: await read(model), bindings, dispatches: work.length, memory };
}

const read = async ({ parameters }: Model): Promise<Map<string, Float32Array>> =>
  new Map([...(await parameters.read())].map(([name, { data }]) => [name, data]));

describe('fine-tuning', () => {
  it('moves what is trained alone, and comes to the same in slices of a small binding', async () => {
    const whole = await fineTune(await gpuEngine());
    const sliced = await fineTune(await limitedEngine(LIMIT));
    expect(Math.max(...whole.bindings.map(({ bytes }) => bytes))).toBeGreaterThan(LIMIT);
    expect(Math.max(...sliced.bindings.map(({ bytes }) => bytes))).toBeLessThanOrEqual(LIMIT);
    expect(sliced.dispatches).toBeGreaterThan(whole.dispatches);
    expect(sliced.memory.peakBytes).toBeLessThanOrEqual(1.2 * sliced.memory.liveBytes);
    expect(sliced.loss).toBeCloseTo(whole.loss, 4);
    for (const [name, values] of whole.before) {
      const [one, other] = [whole.after.get(name)!, sliced.after.get(name)!];
      if (name.startsWith('base.block1')) {
        expect(one, name).toEqual(values);
        expect(other, name).toEqual(values);
        continue;
      }
      expect(one, name).not.toEqual(values);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0.01);
      const apart = one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
      expect(apart / largest, name).toBeLessThan(1e-4);
    }
  });
});
