import { findDataSet } from '../data/find.ts';
import { Model } from '../nn/index.ts';
import { UsageError } from '../platform/errors.ts';
import { nodeDataPlaces, nodeFiles } from '../platform/node.ts';
import type { Engine } from '../tensor/engine.ts';
import { loadRun } from './load-run.ts';
import { openEngine } from './open-engine.ts';
import type { AllowOptions, GlobalOptions } from './options.ts';
import { log } from './output.ts';
import { recipeOf } from './parse.ts';

/** A trained network to look at, on the device. Disposing it closes the device. */
export interface LoadedModel extends Disposable {
  readonly engine: Engine;
  readonly model: Model;
  readonly classes: readonly string[];
  /** Its pictures are those of the data set with their pixels in another order. */
  readonly permuted: boolean;
}

export interface LoadModelOptions extends Pick<GlobalOptions, 'adapter' | 'tune'>, AllowOptions {
  /** Of a file of weights: the recipe of the network that they belong to. */
  readonly model?: string | undefined;
  readonly data?: string | undefined;
}

/**
 * The network of a run, or of a file of weights by weft's names (`weft convert` makes such).
 * @throws FileError when there is neither, or the weights are damaged or of another network; UsageError; AdapterError
 */
export async function loadModel(path: string, options: LoadModelOptions): Promise<LoadedModel> {
  if (!path.endsWith('.safetensors')) {
    const run = await loadRun(path, options);
    const { engine, model, config } = run;
    return {
      ...{ engine, model, classes: config.data.classes, permuted: config.data.pixels === 'permuted' },
      [Symbol.dispose]: () => run[Symbol.dispose](),
    };
  }
  if (options.model === undefined) {
    throw new UsageError(`${path}: weights do not say what network they are of; name it with --model`);
  }
  const recipe = recipeOf(options.model);
  const bytes = await nodeFiles.read(path);
  const { test } = await findDataSet(nodeDataPlaces(options.data), log);
  const engine = await openEngine(options, { allow: options.allow ?? [] });
  try {
    const inputShape = [test.height, test.width, test.channels];
    const model = new Model(engine, recipe.build(test.classes.length), { name: recipe.name, inputShape });
    model.load(bytes, path);
    return {
      ...{ engine, model, classes: test.classes, permuted: false },
      [Symbol.dispose]() {
        model[Symbol.dispose]();
        engine[Symbol.dispose]();
      },
    };
  } catch (error) {
    engine[Symbol.dispose]();
    throw error;
  }
}
