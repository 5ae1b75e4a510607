import { expect, it } from 'vitest';
import type { Examples } from '../../src/data/examples.ts';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { findModel } from '../../src/models/index.ts';
import { layerFromJSON, Model } from '../../src/nn/index.ts';
import { Evaluator } from '../../src/train/evaluate.ts';
import { FeatureTable } from '../../src/train/feature-table.ts';
import { CachedFeatures } from '../../src/train/features.ts';
import { frozenPrefix } from '../../src/train/prefix.ts';
import { TrainStep } from '../../src/train/step.ts';
import { configureParts } from '../../src/train/trained-parts.ts';
import { gpuEngine } from '../support/engine.ts';
import { readGolden, relativeError } from '../support/goldens.ts';
import { toyImages } from './toy.ts';

const { tensors, attributes } = readGolden('train_vgg16_head.safetensors');
const { batch } = attributes as { batch: number };
const recipe = findModel('vgg16');

/** The recipe's network without dropout; what its blocks would make of pictures is in the golden. */
function withoutDropout(): ReturnType<typeof layerFromJSON> {
  const off: Record<string, unknown> = { rate: 0, dropout: 0, initializer: 'zeros' };
  return layerFromJSON(JSON.parse(JSON.stringify(recipe.build()), (key, value) => off[key] ?? value));
}

it('a head on features of VGG16 follows 60 steps of Keras: the loss of each step, and the logits in the end', async () => {
  const engine = await gpuEngine();
  const labels = Uint8Array.from(tensors.labels!.values);
  using data = new GpuDataset(engine, { ...toyImages(labels.length), labels, classes: Array.from('0123456789') });
  using model = new Model(engine, withoutDropout(), { inputShape: [28, 28, 1], seed: 1 });
  configureParts(model, recipe.defaults);
  const passed = frozenPrefix(model);
  const table = await FeatureTable.open({ key: 'golden', count: labels.length, shape: [1, 1, 512], precision: 'f32' });
  for (const image of labels.keys()) {
    table.set(image, tensors.features!.values.slice(512 * image, 512 * (image + 1)) as Float32Array);
  }
  const examples: Examples = new CachedFeatures(engine, data, passed, [table]);
  for (const name of ['dense1.kernel', 'logits.kernel']) {
    model.parameters.get(`head.${name}`).write(tensors[`init.${name}`]!.values);
  }
  const training = { ...recipe.defaults, batch, seed: 1 };
  using step = await TrainStep.compile(model, examples, training);
  const losses: number[] = [];
  const indices = Uint32Array.from(tensors.indices!.values);
  for (let i = 0; i * batch < indices.length; i++) {
    await step.run(indices.slice(batch * i, batch * (i + 1)), batch, i + 1, training.learningRate);
    losses.push((await step.totals()).loss);
    step.resetTotals();
  }
  const expected = tensors.loss!.values;
  expect(losses).toHaveLength(expected.length);
  expect(expected.at(-1)!).toBeLessThan(0.1 * expected[0]!);
  expect(relativeError(Float32Array.from(losses), expected)).toBeLessThan(1e-4);
  // Late losses are small: each by itself, too.
  for (const [i, loss] of losses.entries())
    expect(Math.abs(loss / expected[i]! - 1), `step ${i + 1}`).toBeLessThan(1e-3);
  using evaluator = await Evaluator.compile(model, examples, { batch });
  const { probabilities } = await evaluator.run(Uint32Array.from(labels.keys()));
  const logits = tensors.logits!.values as Float32Array;
  const softmax = Float32Array.from(logits, (_, i) => {
    const row = logits.slice(i - (i % 10), i - (i % 10) + 10);
    return Math.exp(logits[i]!) / row.reduce((sum, value) => sum + Math.exp(value), 0);
  });
  expect(relativeError(probabilities, softmax)).toBeLessThan(1e-3);
});
