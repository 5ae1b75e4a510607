import type { ImageData8 } from '../../data/dataset.ts';
import { createModel, findModel, loadPretrained, models } from '../../models/index.ts';
import { Model } from '../../nn/index.ts';
import { makeOptimizer } from '../../optim/index.ts';
import { ResumeError, UsageError } from '../../platform/errors.ts';
import { nodeFiles, nodeWeights } from '../../platform/node.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Checkpoint } from '../../train/checkpoint.ts';
import type { RunConfig, TrainingOptions } from '../../train/config.ts';
import { RunFolder } from '../../train/run-folder.ts';
import { fromTyped, recipeOf } from '../parse.ts';
import { chooseTraining, type TrainOptions } from './options.ts';

/** A run before it starts: a new one, or one that goes on. */
export interface Start {
  readonly folder: RunFolder;
  readonly training: TrainingOptions;
  readonly limit: number | undefined;
  readonly full: boolean;
  /** Of the run that goes on. */
  readonly config: RunConfig | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly model: string;
}

const defaultFolder = (model: string, seed: number) => `runs/${model}-seed${seed}`;

/** A new run, by the recipe's defaults and what was typed. @throws UsageError, ResumeError when its folder holds another. */
export async function freshStart(name: string | undefined, options: TrainOptions): Promise<Start> {
  if (name === undefined) throw new UsageError(`train: name a model: ${Object.keys(models).join(', ')}`);
  if (options.full && options.patience !== undefined) {
    throw new UsageError('--patience: --full holds back no images to judge by; leave one of the two out');
  }
  const { defaults } = recipeOf(name);
  const training = chooseTraining(defaults, options);
  fromTyped(() => makeOptimizer(training));
  if (training.batch % (training.microBatches ?? 1) !== 0) {
    throw new UsageError(`--micro-batches: ${training.microBatches} do not divide a batch of ${training.batch}`);
  }
  const folder = new RunFolder(nodeFiles, options.out ?? defaultFolder(name, training.seed));
  await folder.refuseOther();
  const { limit, full = false } = options;
  return { folder, training, limit, full, config: undefined, checkpoint: undefined, model: name };
}

/** A run that goes on from its folder. @throws UsageError, ResumeError, FileError when there is none or it is damaged. */
export async function resumedStart(name: string | undefined, options: TrainOptions): Promise<Start> {
  if (options.out === undefined && name === undefined) {
    throw new UsageError('--resume: name the folder of the run with --out, or its model');
  }
  const folder = new RunFolder(nodeFiles, options.out ?? defaultFolder(name!, 1));
  const config = await folder.readConfig();
  if (name !== undefined && name !== config.model.name) {
    throw new ResumeError(
      `${folder.path}: holds a run of ${config.model.name}, not of ${name}; name its folder with --out`,
    );
  }
  const checkpoint = await folder.readCheckpoint();
  const { limit, full } = config.data;
  const epochs = options.epochs ?? config.training.epochs;
  checkEpochs(folder.path, epochs, config, checkpoint);
  return {
    folder,
    training: { ...config.training, epochs },
    limit,
    full,
    config,
    checkpoint,
    model: config.model.name,
  };
}

/** Another number of epochs must leave the finished ones as they are. @throws ResumeError */
function checkEpochs(path: string, epochs: number, config: RunConfig, checkpoint: Checkpoint | undefined): void {
  const { schedule, epochs: planned } = config.training;
  if (epochs !== planned && schedule !== 'constant') {
    throw new ResumeError(
      `${path}: --epochs ${epochs}: its schedule '${schedule}' was laid out for ${planned} epochs, another number would ` +
        'change the learning rates of the steps already done; leave it out, or start a new run',
    );
  }
  const finished = checkpoint?.position.history.length ?? 0;
  if (epochs < finished) {
    throw new ResumeError(`${path}: --epochs ${epochs}: ${finished} are finished already; name at least as many`);
  }
}

/** The run's network; what a checkpoint holds is put into it when training begins. */
export async function makeModel(engine: Engine, start: Start, images: ImageData8): Promise<Model> {
  const { model: name, config, checkpoint } = start;
  const { seed } = start.training;
  const weights = nodeWeights();
  if (config) {
    const model = Model.fromJSON(engine, config.model, { seed });
    // A checkpoint holds them too.
    if (config.weights && !checkpoint) await loadPretrained(model, config.weights, weights);
    return model;
  }
  const { height, width, channels, classes } = images;
  const options = { seed, weights, inputShape: [height, width, channels], classes: classes.length };
  return await createModel(engine, findModel(name), options);
}
