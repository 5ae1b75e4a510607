import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../src/gpu/capabilities.ts';
import { findModel } from '../../src/models/index.ts';
import { layerFromJSON, Model } from '../../src/nn/index.ts';
import type { StepPlan } from '../../src/tensor/compile.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { GpuBackend } from '../../src/tensor/gpu-backend.ts';
import { TrainStep } from '../../src/train/step.ts';
import { gpuEngine } from '../support/engine.ts';
import { noiseImages } from './images.ts';

/** A device whose kernels need no subgroups: what most GPUs are to us. */
const LIKE_A_GPU: Partial<Capabilities> = { software: false, subgroupSize: 0 };

/** A model as it would be trained on the device at hand, or on another one; and the plan of its step for a batch. */
async function planner(name: string, options: { size?: number; caps?: Partial<Capabilities> } = {}) {
  const engine = new Engine(new GpuBackend((await gpuEngine()).gpu.device, { caps: options.caps ?? {} }));
  const recipe = findModel(name);
  const [side, , channels] = recipe.inputShape as [number, number, number];
  const inputShape = [options.size ?? side, options.size ?? side, channels];
  // Zeros are made faster than millions of random numbers.
  const zeros = JSON.parse(JSON.stringify(recipe.build()), (key, value) => (key === 'initializer' ? 'zeros' : value));
  const model = new Model(engine, layerFromJSON(zeros), { name, inputShape, seed: 1 });
  const data = noiseImages(engine, inputShape, 64);
  const plan = (batch: number) => TrainStep.plan(model, data, { ...recipe.defaults, batch, seed: 1 })[0]!;
  const release = () => {
    for (const owned of [data, model]) owned[Symbol.dispose]();
  };
  return { model, plan, [Symbol.dispose]: release };
}

const ratio = ({ memory }: StepPlan) => memory.peakBytes / memory.liveBytes;

describe('the steps of the models', () => {
  it.each(['mlp', 'cnn', 'peer-cnn', 'resnet20'])('%s takes little more memory than is alive at once', async name => {
    for (const caps of [{}, LIKE_A_GPU]) {
      using planned = await planner(name, { caps });
      for (const batch of [8, 100, 128, 1024]) expect(ratio(planned.plan(batch))).toBeLessThanOrEqual(1.2);
    }
  });

  it('the step of the cnn has at most 25 dispatches on a GPU', async () => {
    using planned = await planner('cnn', { caps: LIKE_A_GPU });
    const kernels = planned.plan(128).dispatches.map(({ kernel }) => kernel);
    expect(kernels.length, kernels.join(' ')).toBeLessThanOrEqual(25);
  });

  it('vgg16 takes little more memory than is alive at once, whatever is frozen', async () => {
    for (const caps of [{}, LIKE_A_GPU]) {
      using planned = await planner('vgg16-plain', { caps });
      const whole = planned.plan(128);
      const { parameters } = planned.model;
      parameters.configure(({ name }) => /^base\.block[1-4]/.test(name), { trainable: false });
      const lastBlock = planned.plan(128);
      parameters.configure('base.block5', { trainable: false });
      const head = planned.plan(128);
      for (const plan of [whole, lastBlock, head]) expect(ratio(plan)).toBeLessThanOrEqual(1.2);
      // What is frozen needs no gradient, and so nothing of it is kept.
      expect(lastBlock.memory.peakBytes).toBeLessThan(whole.memory.peakBytes);
      expect(head.dispatches.length).toBeLessThan(lastBlock.dispatches.length);
    }
  });
});
