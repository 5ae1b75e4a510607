import { describe, expect, it } from 'vitest';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { cnn } from '../../src/models/index.ts';
import { Model } from '../../src/nn/index.ts';
import { openGpu } from '../../src/platform/node.ts';
import { Engine, type EngineOptions } from '../../src/tensor/engine.ts';
import { TrainStep } from '../../src/train/step.ts';
import { gpuEngine } from '../support/engine.ts';

const BATCH = 24;
const STEPS = 3;

/** The losses of the first steps of the CNN on pictures of noise, and its dispatches. The last batch is padded. */
async function losses(engine: Engine): Promise<{ losses: number[]; dispatches: number }> {
  const random = new Sampler(3);
  const bytes = (length: number, top: number) => Uint8Array.from({ length }, () => random.int(0, top));
  const images = {
    ...{ images: bytes(BATCH * 784, 255), labels: bytes(BATCH, 9), count: BATCH, height: 28, width: 28, channels: 1 },
    ...{ classes: Array.from('0123456789'), name: 'noise', sha256: '' },
  };
  using data = new GpuDataset(engine, images);
  using model = new Model(engine, cnn.build(), { inputShape: cnn.inputShape, seed: 1 });
  using step = await TrainStep.compile(model, data, { ...cnn.defaults, batch: BATCH, seed: 1 });
  const indices = Uint32Array.from({ length: BATCH }, (_, i) => i);
  const found: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    step.resetTotals();
    await step.run(indices, i === STEPS - 1 ? BATCH - 5 : BATCH, i + 1, 1e-3);
    const { loss, gradientNotFinite, rows } = await step.totals();
    expect(gradientNotFinite).toBe(false);
    expect(rows).toBe(i === STEPS - 1 ? BATCH - 5 : BATCH);
    found.push(loss);
  }
  return { losses: found, dispatches: step.compiled[0]!.work.length };
}

function expectAlike(actual: { losses: number[] }, expected: { losses: number[] }) {
  for (const [i, loss] of expected.losses.entries()) expect(actual.losses[i]!).toBeCloseTo(loss, 3);
}

async function onDevice<T>(options: EngineOptions, work: (engine: Engine) => Promise<T>): Promise<T> {
  using engine = await Engine.open(await openGpu(), options);
  return await work(engine);
}

describe('the CNN trains alike', () => {
  const usual = gpuEngine().then(losses);

  it('where a binding holds 1 MiB, in slices', async () => {
    const sliced = await onDevice({ maxBindingBytes: 1 << 20 }, async engine => {
      expect(engine.caps.maxBindingBytes).toBe(1 << 20);
      // The first activation alone takes 2.3 MiB.
      expect(BATCH * 28 * 28 * 32 * 4).toBeGreaterThan(engine.caps.maxBindingBytes);
      return await losses(engine);
    });
    expectAlike(sliced, await usual);
    expect(sliced.dispatches).toBeGreaterThan((await usual).dispatches);
  });

  it('on a bare device: default limits, no subgroups, no f16, no timestamps', async () => {
    const bare = await onDevice({ bare: true }, async engine => {
      expect(engine.gpu.device.handle.features.has('subgroups')).toBe(false);
      expect(engine.gpu.device.handle.limits.maxStorageBuffersPerShaderStage).toBe(8);
      return await losses(engine);
    });
    expectAlike(bare, await usual);
  });

  it('where kernels are chosen as for a GPU, in at most 40 dispatches', async () => {
    const planned = await onDevice({ caps: { software: false, subgroupSize: 0 } }, losses);
    expectAlike(planned, await usual);
    expect(planned.dispatches).toBeLessThanOrEqual(40);
  });
});
