import type { GpuDataset } from '../../data/gpu-dataset.ts';
import { createModel, type Recipe } from '../../models/index.ts';
import type { Model } from '../../nn/index.ts';
import { InterruptedError } from '../../platform/errors.ts';
import { nodeWeights } from '../../platform/node.ts';
import { compile } from '../../tensor/compile.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { TrainingOptions } from '../../train/config.ts';
import { EVALUATION_BATCH } from '../../train/evaluate.ts';
import { cacheFeatures } from '../../train/features.ts';
import { frozenPrefix } from '../../train/prefix.ts';
import { prepareRun } from '../../train/prepare.ts';
import { configureParts } from '../../train/trained-parts.ts';
import type { Speed } from './timing.ts';

/** A timing ends after this many seconds, or this many steps. */
const SECONDS = 1.5;
const STEPS = 50;
/** So few steps may take longer: the plan hangs on the dearest model, and one step of it on what else the machine does. */
const FEW_STEPS = 10;
const SECONDS_OF_FEW = 8;
/** Timed passes through a frozen beginning, each of a whole batch: they are the dearest of all that is timed. */
const PASSES = 2;

/**
 * Times a few training steps and evaluations of a model that is thrown away afterwards. Its kernels stay compiled, so
 * this is no lost time: the run needs them.
 * @throws InterruptedError when `signal` fires.
 */
export async function measureSpeed(
  engine: Engine,
  recipe: Recipe,
  data: GpuDataset,
  options: { training: TrainingOptions; signal: AbortSignal; onCompile?: (done: number, total: number) => void },
): Promise<Speed> {
  const { training, signal, onCompile } = options;
  const { batch } = training;
  using model = await buildModel(engine, recipe, data, training.seed);
  configureParts(model, training);
  const frozen = training.features === 'off' ? 0 : frozenPrefix(model);
  const few = Uint32Array.from({ length: Math.min(batch, data.count) }, (_, i) => i);
  const examples = frozen > 0 ? await cacheFeatures(model, data, few, { batch, signal }) : data;
  const featureSeconds = frozen > 0 ? (await secondsOfPart(model, data, batch, frozen)) / batch : undefined;
  using prepared = await prepareRun(model, examples, training, {
    evaluate: true,
    ...(onCompile && { progress: onCompile }),
  });
  const { step, evaluator } = prepared;
  const check = () => {
    if (signal.aborted) throw new InterruptedError('compare: interrupted before the first run; nothing to save');
  };
  const count = frozen > 0 ? few.length : data.count;
  const indices = Uint32Array.from({ length: batch }, (_, i) => i % count);
  let number = 0;
  // A step by itself, from submission to the end: what a run would queue up behind must not count.
  const train = async () => {
    check();
    await step.run(indices, batch, ++number, training.learningRate);
    await engine.gpu.device.finish();
  };
  const pictures = Uint32Array.from({ length: Math.min(EVALUATION_BATCH, data.count) }, (_, i) => i % count);
  const evaluate = async () => {
    check();
    await evaluator!.run(pictures);
  };
  return {
    model: recipe.name,
    batch,
    stepSeconds: await secondsOf(train),
    evaluationSeconds: (await secondsOf(evaluate)) / pictures.length,
    ...(featureSeconds !== undefined && { featureSeconds }),
  };
}

/** Seconds of one batch through the first `to` layers of a model's chain, without what compiling and keeping them takes. */
async function secondsOfPart(model: Model, data: GpuDataset, batch: number, to: number): Promise<number> {
  const { engine, parameters } = model;
  using feed = data.feed(batch);
  feed.select(Uint32Array.from({ length: batch }, (_, i) => i % data.count));
  const pass = () => engine.noGrad(() => model.forwardPart(feed.batch().images, { to }));
  const constants = parameters.frozen ? [parameters.frozen] : [];
  using step = await compile(engine, pass, { label: 'features', constants });
  return await secondsOf(async () => {
    await step.run({ rows: batch });
    await engine.gpu.device.finish();
  }, PASSES);
}

/** Seconds a call takes, the mean of several after a first one that does not count. */
async function secondsOf(call: () => Promise<void>, most = STEPS): Promise<number> {
  await call();
  const start = performance.now();
  let calls = 0;
  let seconds = 0;
  while (calls < most && seconds < (calls < FEW_STEPS ? SECONDS_OF_FEW : SECONDS)) {
    await call();
    calls++;
    seconds = (performance.now() - start) / 1000;
  }
  return seconds / calls;
}

/** A recipe's network for this data set. */
export async function buildModel(engine: Engine, recipe: Recipe, data: GpuDataset, seed: number): Promise<Model> {
  const { imageShape: inputShape, classes } = data;
  return await createModel(engine, recipe, { seed, inputShape, classes: classes.length, weights: nodeWeights() });
}
