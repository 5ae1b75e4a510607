import { GpuDataset } from '../data/gpu-dataset.ts';
import { noise } from '../data/noise.ts';
import type { AdapterInfo } from '../gpu/capabilities.ts';
import type { Recipe } from '../models/index.ts';
import { Model } from '../nn/index.ts';
import type { Engine } from '../tensor/engine.ts';
import { prepareRun } from './prepare.ts';

/** Seconds from nothing to the first finished training step, part by part. */
export interface Startup {
  /** The device and the choice of its kernels. */
  readonly open: number;
  /** Weights and images on the device. */
  readonly upload: number;
  /** Planning and compiling the training step and the evaluation. */
  readonly compile: number;
  /** The first training step, and, to compare, the second. */
  readonly firstStep: number;
  readonly secondStep: number;
  /** To the end of the first step. */
  readonly total: number;
  readonly adapter: AdapterInfo;
}

/**
 * Times the start of a run. What a driver keeps on disk is there or not: for a cold start, call it in a process whose
 * driver finds an empty cache; within one process only the first call says anything.
 * @param open opens the engine, which is closed again at the end.
 */
export async function measureStartup(
  open: () => Promise<Engine>,
  recipe: Recipe,
  options: { readonly batch?: number | undefined; readonly progress?: (done: number, total: number) => void } = {},
): Promise<Startup> {
  const { batch = recipe.defaults.batch, progress } = options;
  const start = performance.now();
  let last = start;
  const lap = () => {
    const seconds = (performance.now() - last) / 1000;
    last = performance.now();
    return seconds;
  };
  using engine = await open();
  const opened = lap();
  using model = new Model(engine, recipe.build(), { name: recipe.name, inputShape: recipe.inputShape, seed: 1 });
  using data = new GpuDataset(engine, noise(recipe.inputShape, batch));
  const upload = lap();
  const training = { ...recipe.defaults, batch, seed: 1 };
  using prepared = await prepareRun(model, data, training, { evaluate: true, ...(progress && { progress }) });
  const compile = lap();
  const indices = Uint32Array.from({ length: batch }, (_, i) => i);
  const step = async (number: number) => {
    await prepared.step.run(indices, batch, number, training.learningRate);
    await engine.gpu.device.finish();
    return lap();
  };
  const firstStep = await step(1);
  const total = (last - start) / 1000;
  const secondStep = await step(2);
  return { open: opened, upload, compile, firstStep, secondStep, total, adapter: engine.gpu.device.info };
}
