import { GpuDataset } from '../data/gpu-dataset.ts';
import { noise } from '../data/noise.ts';
import type { KernelCall } from '../kernels/choose.ts';
import type { Recipe } from '../models/index.ts';
import { Model } from '../nn/index.ts';
import type { Engine } from '../tensor/engine.ts';
import { Evaluator } from './evaluate.ts';
import { TrainStep } from './step.ts';

/** As many as Fashion-MNIST has to train on: gathering a batch knows how many there are. */
const IMAGES = 60_000;

/**
 * The distinct kernel calls of a model, sliced as this device needs it: those of a training step with these many images
 * and of an evaluation. Nothing is compiled or run.
 */
export function modelCalls(engine: Engine, recipe: Recipe, batch: number = recipe.defaults.batch): KernelCall[] {
  const { chooser } = engine.gpu;
  const before = new Set(chooser.calls.keys());
  using model = new Model(engine, recipe.build(), { name: recipe.name, inputShape: recipe.inputShape, seed: 1 });
  using data = new GpuDataset(engine, noise(recipe.inputShape, IMAGES));
  TrainStep.plan(model, data, { ...recipe.defaults, batch, seed: 1 });
  Evaluator.plan(model, data);
  return [...chooser.calls].filter(([key]) => !before.has(key)).map(([, call]) => call);
}
