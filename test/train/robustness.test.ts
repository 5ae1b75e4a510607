import { expect, it } from 'vitest';
import { corrupt } from '../../src/data/corruptions.ts';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { Evaluator } from '../../src/train/evaluate.ts';
import { evaluateCorruptions } from '../../src/train/robustness.ts';
import { gpuEngine } from '../support/engine.ts';
import { toyRun } from './toy.ts';

it('says of each change what an evaluation on the changed pictures says', async () => {
  const engine = await gpuEngine();
  const { data, model } = toyRun(engine, { net: 'conv', count: 60 });
  using _data = data;
  using _model = model;
  const corruptions = [
    { kind: 'contrast', strength: 0.4 },
    { kind: 'noise', strength: 0.4 },
  ] as const;
  const found = await evaluateCorruptions(model, data.source, { images: 60, corruptions, seed: 3 });
  expect(found).toMatchObject({ images: 60, seed: 3 });
  const accuracyOn = async (images: GpuDataset) => {
    using evaluator = await Evaluator.compile(model, images);
    return (await evaluator.run(Uint32Array.from({ length: 60 }, (_, i) => i))).accuracy;
  };
  expect(found.clean).toBe(await accuracyOn(data));
  for (const { accuracy, ...corruption } of found.results) {
    using changed = new GpuDataset(engine, corrupt(data.source, corruption, 3));
    expect(accuracy).toBe(await accuracyOn(changed));
  }
  expect(found.results.map(({ kind }) => kind)).toEqual(['contrast', 'noise']);
});

it('takes the classes in their proportions, all changes by default', async () => {
  const { data, model } = toyRun(await gpuEngine(), { net: 'conv', count: 60 });
  using _data = data;
  using _model = model;
  const found = await evaluateCorruptions(model, data.source, { images: 20 });
  expect(found.images).toBe(20);
  expect(found.results).toHaveLength(12);
  for (const { accuracy } of found.results) expect(accuracy * 20).toBeCloseTo(Math.round(accuracy * 20), 9);
});
