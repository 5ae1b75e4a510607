/** What a training step is made of: the tensors beside the model's own, and the functions that it is compiled from. */
import type { Examples, Feed } from '../data/examples.ts';
import { addGradientKernel, takeMeanKernel } from '../kernels/micro-batch.ts';
import type { DropoutRates, Model } from '../nn/index.ts';
import { makeOptimizer, type Optimizer, type OptimizerState } from '../optim/index.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';
import { allOrNone, type CompiledStep, type CompileOptions, compile } from '../tensor/compile.ts';
import { augment, softmaxCrossEntropy } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TrainingOptions } from './config.ts';
import { RunningMetrics } from './running-metrics.ts';

/** The tensors that a training step reads and changes, beside the model's own. */
export interface StepParts {
  readonly feed: Feed;
  readonly metrics: RunningMetrics;
  readonly notFinite: Tensor;
  readonly optimizer: Optimizer;
  readonly state: OptimizerState;
  /** Sum of the micro-batches' gradients, each times its rows. */
  readonly sum: Tensor | undefined;
}

/** One step; with micro-batches the part that runs for each, then the update. */
export type CompiledParts = readonly CompiledStep<unknown>[];

/** @throws ShapeError when the images do not fit the model; ValueError for micro-batches that do not divide the batch. */
export function checkStep(model: Model, data: Examples, { batch, microBatches = 1 }: TrainingOptions): void {
  checkFit(model, data);
  if (!Number.isInteger(microBatches) || microBatches < 1 || batch % microBatches !== 0) {
    throw new ValueError(`training: a batch of ${batch} cannot be cut into ${microBatches} equal micro-batches`);
  }
}

function checkFit(model: Model, data: Examples): void {
  const { outputShape, name } = model;
  const inputShape = data.passed === 0 ? model.inputShape : (model.chain[data.passed]?.input ?? []);
  if (inputShape.join() !== data.imageShape.join()) {
    throw new ShapeError(
      `model '${name}': input is [${inputShape.join(', ')}], the images are [${data.imageShape.join(', ')}]`,
    );
  }
  const classes = data.classes.length;
  if (outputShape.length !== 1 || outputShape[0]! < classes) {
    throw new ShapeError(`model '${name}': output is [${outputShape.join(', ')}], the data has ${classes} classes`);
  }
}

/** Makes them on the device. The optimizer starts from the model's present weights. */
export function makeParts(model: Model, data: Examples, options: TrainingOptions): StepParts {
  const { engine, parameters } = model;
  const { batch, microBatches = 1 } = options;
  const optimizer = makeOptimizer(options);
  const rows = batch / microBatches;
  // Made before the step is traced: what is made inside belongs to the trace.
  void parameters.gradients;
  return {
    feed: data.feed(rows),
    metrics: new RunningMetrics(engine),
    notFinite: engine.keep(engine.tensor([0], [1], 'u32', 'not finite')),
    optimizer,
    state: optimizer.init(parameters.values),
    sum: microBatches > 1 ? engine.keep(parameters.zerosLike('gradient sum')) : undefined,
  };
}

/** Frees them, and what was compiled for them. */
export function disposeParts(
  { feed, metrics, notFinite, state, sum }: StepParts,
  compiled: readonly Disposable[],
): void {
  for (const step of compiled) step[Symbol.dispose]();
  feed[Symbol.dispose]();
  for (const tensor of [notFinite, ...Object.values(state)]) tensor.dispose();
  metrics[Symbol.dispose]();
  sum?.dispose();
}

/** All that a step runs, compiled at the same time, with rates of dropout in place of those that layers were built with. */
export async function compileParts(
  model: Model,
  data: Examples,
  options: TrainingOptions,
  parts: StepParts,
  dropout: DropoutRates,
  progress?: (done: number, total: number) => void,
): Promise<CompiledParts> {
  const steps = stepFunctions(model, data, options, parts, dropout).map(({ fn, ...settings }) =>
    compile(model.engine, fn, { ...settings, ...(progress && { progress }) }),
  );
  return await allOrNone(steps);
}

/** What is traced: a whole step, or with micro-batches one of these and the update. */
export function stepFunctions(
  model: Model,
  { passed }: Examples,
  { batch, labelSmoothing = 0, augmentation }: TrainingOptions,
  { feed, metrics, notFinite, optimizer, state, sum }: StepParts,
  dropout: DropoutRates,
): ({ fn: () => void } & CompileOptions)[] {
  const { engine, parameters } = model;
  const constants = parameters.frozen ? [parameters.frozen] : [];
  const differentiate = () => {
    const { images, labels } = feed.batch();
    // By their numbers in the data set, so that a picture's changes do not depend on its place in the batch.
    // What has passed a part of the network was changed before that.
    const changed = augmentation && passed === 0 ? augment(images, feed.indices, augmentation) : images;
    const logits = model.forwardPart(changed, { training: true, dropout, from: passed });
    const { losses, counts } = metrics;
    const { loss } = softmaxCrossEntropy(logits, labels, { labelSmoothing, totals: { losses, counts } });
    parameters.backward(loss);
  };
  const update = () => {
    const { values, gradients, table } = parameters;
    optimizer.update({ parameters: values, gradients, state, segments: table, notFinite });
  };
  if (!sum) {
    const fn = () => {
      differentiate();
      update();
    };
    return [{ label: 'train', fn, constants }];
  }
  const { gradients } = parameters;
  const p = { size: sum.size };
  const add = () => {
    differentiate();
    engine.run(addGradientKernel, { ...p, batch: feed.indices.size }, { gradient: gradients, sum });
  };
  const meanAndUpdate = () => {
    engine.run(takeMeanKernel, { ...p, batch }, { sum }, { gradient: gradients });
    update();
  };
  return [
    { label: 'train micro-batch', fn: add, constants },
    { label: 'update', fn: meanAndUpdate },
  ];
}
