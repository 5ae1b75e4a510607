import { type Command, Option } from 'commander';
import { AUGMENTATION_NAMES, type AugmentationName, findAugmentation } from '../data/augmentation.ts';
import type { ImageData8 } from '../data/dataset.ts';
import { findDataSet } from '../data/find.ts';
import { GpuDataset } from '../data/gpu-dataset.ts';
import { type Selected, select } from '../data/selection.ts';
import { pick, subset } from '../data/subset.ts';
import { createModel, findModel, loadPretrained, models, type TrainingDefaults } from '../models/index.ts';
import { Model } from '../nn/index.ts';
import { makeOptimizer, OPTIMIZERS, SCHEDULES } from '../optim/index.ts';
import { ResumeError, UsageError, ValueError } from '../platform/errors.ts';
import { nodeDataPlaces, nodeFiles, nodeWeights } from '../platform/node.ts';
import { curvesSvg } from '../report/curves.ts';
import { count, duration, percent } from '../report/format.ts';
import { projectFeatures } from '../study/projection.ts';
import { RunWatch, readLooks, Watcher } from '../study/watch.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import {
  checkResumable,
  describeData,
  describeRun,
  type RunConfig,
  type TrainingOptions,
  withSettings,
} from '../train/config.ts';
import { examplesFor } from '../train/features.ts';
import { type FitResult, fit } from '../train/fit.ts';
import { RunFolder } from '../train/run-folder.ts';
import { featureHooks } from './features.ts';
import { listenForInterrupt } from './interrupt.ts';
import { openEngine } from './open-engine.ts';
import {
  type AllowOptions,
  allowOption,
  dataOption,
  example,
  type GlobalOptions,
  jsonOption,
  tuneOption,
} from './options.ts';
import { log, print, printJson } from './output.ts';
import { weftVersion } from './package-json.ts';
import { fromTyped, numberBetween, recipeOf, wholeFrom } from './parse.ts';
import { ProgressBar, withValidation } from './progress.ts';
import { readTable, tuneIfUnknown } from './tuning.ts';

/** What is trained with, as typed: undefined where the recipe decides. */
interface TrainOptions extends GlobalOptions, AllowOptions {
  epochs?: number;
  batch?: number;
  seed?: number;
  lr?: number;
  optimizer?: TrainingOptions['optimizer'];
  schedule?: TrainingOptions['schedule'];
  momentum?: number;
  nesterov?: boolean;
  amsgrad?: boolean;
  weightDecay?: number;
  warmUp?: number;
  clipNorm?: number;
  labelSmoothing?: number;
  augment?: AugmentationName;
  copies?: number;
  features?: TrainingOptions['features'];
  ema?: number;
  patience?: number;
  microBatches?: number;
  full?: boolean;
  limit?: number;
  watch?: boolean;
  resume?: boolean;
  table?: string;
  out?: string;
  data?: string;
  json?: boolean;
}

/** Training images that a watched run is looked at with. */
const WATCHED = 200;

/** What a run that goes on may be told anew; all else is what it was started with. */
const CHANGEABLE: readonly string[] = ['epochs', 'watch', 'resume', 'out', 'data', 'json', 'adapter', 'install'];

export function register(program: Command): void {
  const command = program
    .command('train')
    .description('train a model and keep the run in a folder')
    .argument('[model]', `one of ${Object.keys(models).join(', ')}; may be left out with --resume --out`)
    .option('--epochs <n>', 'epochs to train', wholeFrom(1))
    .option('--batch <n>', 'images in a step', wholeFrom(1))
    .option('--seed <n>', 'key of first weights, order and dropout (default: 1)', wholeFrom(0))
    .option(
      '--lr <rate>',
      'learning rate, the largest of its schedule',
      numberBetween(0, Number.POSITIVE_INFINITY, 'above'),
    )
    .addOption(new Option('--optimizer <name>', 'what moves the weights').choices(OPTIMIZERS))
    .addOption(new Option('--schedule <name>', 'how the learning rate changes').choices(SCHEDULES))
    .option('--momentum <share>', 'of sgd and rmsprop', numberBetween(0, 1))
    .option('--nesterov', 'sgd looks ahead along its momentum')
    .option('--amsgrad', 'adam and adamw divide by the largest second moment so far')
    .option('--weight-decay <rate>', 'decoupled weight decay', numberBetween(0, Number.POSITIVE_INFINITY))
    .option('--warm-up <epochs>', 'epochs in which the learning rate rises', numberBetween(0, Number.POSITIVE_INFINITY))
    .option(
      '--clip-norm <norm>',
      'largest global norm of the gradients',
      numberBetween(0, Number.POSITIVE_INFINITY, 'above'),
    )
    .option('--label-smoothing <share>', 'share of the target spread over all classes', numberBetween(0, 1))
    .addOption(
      new Option('--augment <policy>', 'what is done to training pictures, see weft augment').choices(
        AUGMENTATION_NAMES,
      ),
    )
    .option(
      '--copies <n>',
      'augmented copies of each image for which a frozen part is computed (default: 4)',
      wholeFrom(0),
    )
    .addOption(
      new Option(
        '--features <how>',
        'what a frozen part makes of the images: kept as f32 (default) or f16, or off, computed in every step',
      ).choices(['f32', 'f16', 'off']),
    )
    .option('--ema <decay>', 'use a moving average of the weights, such as 0.999', numberBetween(0, 1))
    .option('--patience <epochs>', 'stop when validation loss has not fallen for so long; keep the best', wholeFrom(1))
    .option('--micro-batches <n>', 'compute each batch in so many parts, for less memory', wholeFrom(1))
    .option('--full', 'train on all images, without validation')
    .option('--limit <n>', 'train on so many images, all classes in proportion', wholeFrom(1))
    .option('--watch', 'keep statistics of all layers after every epoch, for weft study (watch.jsonl)')
    .option('--table <file>', 'compute with the kernel variants of another run, named by its config.json')
    .option('--resume', 'go on with the run in --out')
    .option('--out <folder>', 'where the run is kept (default: runs/MODEL-seedN)');
  example(
    jsonOption(dataOption(allowOption(tuneOption(command)))),
    'weft train mlp',
    'weft train cnn --full --epochs 10 --seed 1 --out runs/cnn',
    'weft train --resume --out runs/cnn',
  );
  command.action(async (model: string | undefined) => {
    const options = command.optsWithGlobals<TrainOptions>();
    if (options.resume) refuseChanges(command);
    await train(model, options);
  });
}

function refuseChanges(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (CHANGEABLE.includes(name) || command.getOptionValueSource(name) !== 'cli') continue;
    throw new UsageError(`${option.long}: a run that is resumed keeps what it was started with; leave it out`);
  }
}

/** A run before it starts: a new one, or one that goes on. */
interface Start {
  readonly folder: RunFolder;
  readonly training: TrainingOptions;
  readonly limit: number | undefined;
  readonly full: boolean;
  /** Of the run that goes on. */
  readonly config: RunConfig | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly model: string;
}

async function train(name: string | undefined, options: TrainOptions): Promise<void> {
  const start = options.resume ? await resumed(name, options) : await fresh(name, options);
  const { folder, training, config, full, limit } = start;
  const { train: images } = await findDataSet(nodeDataPlaces(options.data), log);
  // Until here Ctrl-C ends the process at once: there is nothing to bring to an end.
  using stop = listenForInterrupt();
  const split = chooseSplit(images, full, limit);
  // Before anything that takes long: a folder that cannot be written to is known now.
  if (!config) await folder.writeMetrics([]);
  const bar = new ProgressBar();
  const pinned = config ?? (options.table === undefined ? undefined : await readTable(options.table));
  const allow = options.allow ?? pinned?.allow ?? [];
  const step = { recipe: findModel(start.model), batch: training.batch };
  if (!pinned) await tuneIfUnknown({ ...options, allow }, [step], bar, stop.signal);
  using engine = await openEngine(options, { allow, table: pinned?.variants });
  if (config) await checkResumable(config, engine, images, folder.path);
  using data = new GpuDataset(engine, images);
  using model = await makeModel(engine, start, images);
  using watch = await openWatch(model, start, images, split.train, options.watch);
  let latest = start.checkpoint?.position.history.at(-1);
  try {
    announce(model, start, split, engine);
    const needed = Uint32Array.from([...split.train, ...(split.validation ?? [])]);
    const hooks = featureHooks(bar, stop.signal);
    await projectFeatures(model, data, split.train, training, hooks);
    const examples = await examplesFor(model, data, needed, training, hooks);
    bar.clear();
    const result = await fit(
      model,
      { data: examples, ...split },
      {
        training,
        folder,
        resume: start.checkpoint,
        signal: stop.signal,
        onCompile: (done, total) => bar.status(`compiling kernels ${done}/${total}`),
        onReady: async program => {
          const counts = { train: split.train.length, validation: split.validation?.length ?? 0, full };
          const run = describeData(images, { ...counts, ...(limit !== undefined && { limit }) });
          const { weights } = config ?? findModel(start.model);
          const described = await describeRun(model, training, run, weftVersion(), program, weights);
          await folder.writeConfig(config ? { ...described, created: config.created } : described);
          if (!start.checkpoint) await watch?.begin();
        },
        beforeStep: place => watch?.beforeStep(place),
        onStep: progress => bar.step(withValidation(progress, latest, split.train.length)),
        onEpoch: async metrics => {
          latest = metrics;
          bar.epoch(metrics, training.epochs);
          await watch?.endEpoch(metrics.epoch);
        },
      },
    );
    bar.clear();
    const title = findTitle(start.model);
    await nodeFiles.write(folder.at('curves.svg'), curvesSvg(title, [{ name: title, epochs: result.history }]));
    report(result, start, model, options.json ?? false);
  } finally {
    bar.clear();
  }
}

/** A run that goes on is watched when it was before. */
async function openWatch(
  model: Model,
  { folder, checkpoint }: Start,
  images: ImageData8,
  train: Uint32Array,
  wanted = false,
): Promise<RunWatch | undefined> {
  const finished = checkpoint?.position.history.length ?? 0;
  const looks = checkpoint ? await readLooks(folder) : undefined;
  if (!wanted && !looks) return undefined;
  const watched = await pick(images, subset(train, images.labels, WATCHED));
  return new RunWatch(
    new Watcher(model, watched),
    folder,
    (looks ?? []).filter(({ epoch }) => epoch <= finished),
  );
}

async function fresh(name: string | undefined, options: TrainOptions): Promise<Start> {
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

async function resumed(name: string | undefined, options: TrainOptions): Promise<Start> {
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

const defaultFolder = (model: string, seed: number) => `runs/${model}-seed${seed}`;

const findTitle = (name: string) => models[name]?.title ?? name;

/** The recipe's defaults, with what was typed in their place. */
function chooseTraining(recipe: TrainingDefaults, options: TrainOptions): TrainingOptions {
  const typed: Partial<Record<keyof TrainingOptions, unknown>> = {
    epochs: options.epochs,
    batch: options.batch,
    seed: options.seed,
    learningRate: options.lr,
    optimizer: options.optimizer,
    schedule: options.schedule,
    momentum: options.momentum,
    nesterov: options.nesterov,
    amsgrad: options.amsgrad,
    weightDecay: options.weightDecay,
    warmUpEpochs: options.warmUp,
    clipNorm: options.clipNorm,
    labelSmoothing: options.labelSmoothing,
    augmentation: options.augment && findAugmentation(options.augment),
    copies: options.copies,
    features: options.features,
    emaDecay: options.ema,
    patience: options.patience,
    microBatches: options.microBatches,
  };
  const given = Object.entries(typed).filter(([, value]) => value !== undefined);
  return { seed: 1, ...withSettings(recipe, Object.fromEntries(given) as Partial<TrainingOptions>) };
}

/** Which images are learned from and which are held back. @throws UsageError for a limit that is too high. */
function chooseSplit(images: ImageData8, full: boolean, limit: number | undefined): Selected {
  try {
    return select(images, { full, ...(limit !== undefined && { limit }) });
  } catch (error) {
    throw error instanceof ValueError ? new UsageError(`--limit: ${error.message}`) : error;
  }
}

async function makeModel(engine: Engine, start: Start, images: ImageData8): Promise<Model> {
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

function announce(
  model: Model,
  { training, folder, checkpoint }: Start,
  { train, validation }: { train: Uint32Array; validation?: Uint32Array },
  engine: Engine,
): void {
  const { device, description } = engine.gpu.device.info;
  const held = validation ? `${count(validation.length)} for validation` : 'none held back';
  log(`${findTitle(model.name)}: ${count(model.parameters.count)} parameters, on ${device || description}`);
  log(`${count(train.length)} images (${held}), ${training.epochs} epochs, batch ${training.batch}, in ${folder.path}`);
  if (checkpoint) log(`going on in epoch ${Math.min(checkpoint.position.epoch, training.epochs)}`);
}

function report(result: FitResult, { folder, training, model: name }: Start, model: Model, json: boolean): void {
  const { history, epoch, because, stoppedEarly, seconds } = result;
  const last = history[epoch - 1];
  if (json) {
    const { info } = model.engine.gpu.device;
    printJson({
      ...{ model: name, out: folder.path, parameters: model.parameters.count, training, epoch, because },
      ...{ stoppedEarly, seconds, epochs: history, adapter: info },
    });
    return;
  }
  const judged = last?.valAccuracy === undefined ? '' : `, validation accuracy ${percent(last.valAccuracy)}`;
  const which = because === 'last' ? `epoch ${epoch}` : `epoch ${epoch}, the best by validation loss`;
  print(`${name}: weights of ${which}${judged}; ${duration(seconds)}; kept in ${folder.path}`);
  print(`judge it with: weft eval ${folder.path}`);
}
