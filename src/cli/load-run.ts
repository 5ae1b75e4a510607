import { Model } from '../nn/index.ts';
import { nodeFiles } from '../platform/node.ts';
import type { Engine } from '../tensor/engine.ts';
import type { RunConfig } from '../train/config.ts';
import { RunFolder } from '../train/run-folder.ts';
import { openEngine } from './open-engine.ts';
import type { AllowOptions, GlobalOptions } from './options.ts';

/** A finished or interrupted run, with its weights on the device. Disposing it closes the device. */
export interface LoadedRun extends Disposable {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly engine: Engine;
  readonly model: Model;
}

/** @throws FileError when the folder holds no run or its weights are missing or damaged; AdapterError */
export async function loadRun(
  path: string,
  options: Pick<GlobalOptions, 'adapter' | 'tune'> & AllowOptions,
): Promise<LoadedRun> {
  const folder = new RunFolder(nodeFiles, path);
  const config = await folder.readConfig();
  const engine = await openEngine(options, { allow: options.allow ?? [] });
  try {
    const model = await loadModel(engine, folder, config);
    return {
      ...{ folder, config, engine, model },
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

/** A run's network with its weights. @throws FileError when they are missing or damaged. */
export async function loadModel(engine: Engine, folder: RunFolder, config: RunConfig): Promise<Model> {
  const weights = await folder.readModel();
  const model = Model.fromJSON(engine, config.model);
  try {
    model.load(weights, folder.at('model.safetensors'));
    return model;
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}
