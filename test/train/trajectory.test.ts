import { describe, expect, it } from 'vitest';
import { findDataSet } from '../../src/data/find.ts';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { Conv2d, Dense, Flatten, MaxPool2d, Model, Sequential } from '../../src/nn/index.ts';
import { nodeDataPlaces } from '../../src/platform/node.ts';
import { TrainStep } from '../../src/train/step.ts';
import { gpuEngine } from '../support/engine.ts';
import { keptOf, readGolden, relativeError } from '../support/goldens.ts';

const ALLOWED = 1e-3;
/**
 * Late gradient norms differ by up to 7e-3, in both directions, while the losses of the same steps agree within 1e-3: rounding,
 * which the steps before have amplified.
 */
const ALLOWED_LATE = 2e-2;
/**
 * A gradient near zero may have either sign, and Adam makes a whole step of it: which weights that happens to, and when,
 * changes with the order in which a kernel adds. So no weight may be further off than two steps, ...
 */
const LEARNING_RATE = 1e-3;
/** ... and all of them together by no more than this share of their length. */
const ALLOWED_TOGETHER = 2e-3;

/** conv16 pool conv32 pool dense64 dense10, as the golden's metadata says. */
const network = () =>
  new Sequential({
    layers: [
      new Conv2d({ name: 'conv1', filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new MaxPool2d({ name: 'pool1', window: 2 }),
      new Conv2d({ name: 'conv2', filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new MaxPool2d({ name: 'pool2', window: 2 }),
      new Flatten({ name: 'flatten' }),
      new Dense({ name: 'dense1', units: 64, activation: 'relu' }),
      new Dense({ name: 'logits', units: 10 }),
    ],
  });

describe('training', () => {
  it('follows 40 steps of Keras on Fashion-MNIST: losses, gradient norms, final weights', async () => {
    const { tensors } = readGolden('train_cnn_40_steps.safetensors');
    const engine = await gpuEngine();
    const { train } = await findDataSet(nodeDataPlaces());
    using data = new GpuDataset(engine, train);
    using model = new Model(engine, network(), { inputShape: [28, 28, 1], seed: 1 });
    const { parameters } = model;
    parameters.segments.forEach(({ name }, i) => {
      const first = tensors[`init.${i}`];
      parameters.get(name).write(first ? first.values : new Float32Array(parameters.get(name).size));
    });
    using step = await TrainStep.compile(model, data, {
      epochs: 1,
      batch: 64,
      optimizer: 'adam',
      learningRate: LEARNING_RATE,
      schedule: 'constant',
      seed: 1,
    });
    const [losses, norms]: [number[], number[]] = [[], []];
    const indices = Uint32Array.from(tensors.indices!.values);
    for (let i = 0; i < 40; i++) {
      await step.run(indices.slice(64 * i, 64 * (i + 1)), 64, i + 1, LEARNING_RATE);
      losses.push((await step.totals()).loss);
      step.resetTotals();
      norms.push(Math.hypot(...(await parameters.gradients.data())));
    }
    expect(relativeError(Float32Array.from(losses), tensors.loss!.values), 'losses').toBeLessThanOrEqual(ALLOWED);
    const expected = tensors.grad_norm!.values;
    const norm = (end: number) => relativeError(Float32Array.from(norms.slice(0, end)), expected.slice(0, end));
    expect(norm(16), 'norms of 16 steps').toBeLessThanOrEqual(ALLOWED);
    expect(norm(40), 'norms of 40 steps').toBeLessThanOrEqual(ALLOWED_LATE);
    const [apart, length]: [number[], number[]] = [[], []];
    for (const [i, { name }] of parameters.segments.entries()) {
      const final = tensors[`final.${i}`]!;
      const weights = keptOf(await parameters.get(name).data(), final);
      const golden = final.values;
      const differences = Array.from(golden, (value, k) => weights[k]! - value);
      const largest = differences.reduce((most, difference) => Math.max(most, Math.abs(difference)), 0);
      expect(largest, name).toBeLessThanOrEqual(2 * LEARNING_RATE);
      apart.push(Math.hypot(...differences));
      length.push(Math.hypot(...golden));
    }
    expect(Math.hypot(...apart) / Math.hypot(...length), 'all weights').toBeLessThanOrEqual(ALLOWED_TOGETHER);
  });
});
