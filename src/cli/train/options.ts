import { type Command, Option } from 'commander';
import { AUGMENTATION_NAMES, type AugmentationName, findAugmentation } from '../../data/augmentation.ts';
import type { TrainingDefaults } from '../../models/index.ts';
import { OPTIMIZERS, SCHEDULES } from '../../optim/index.ts';
import { UsageError } from '../../platform/errors.ts';
import { type TrainingOptions, withSettings } from '../../train/config.ts';
import type { AllowOptions, GlobalOptions } from '../options.ts';
import { numberBetween, wholeFrom } from '../parse.ts';

/** What is trained with, as typed: undefined where the recipe decides. */
export interface TrainOptions extends GlobalOptions, AllowOptions {
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

/** What a run that goes on may be told anew; all else is what it was started with. */
const CHANGEABLE: readonly string[] = ['epochs', 'watch', 'resume', 'out', 'data', 'json', 'adapter', 'install'];

/** Adds what only `weft train` can be told. */
export function addTrainOptions(command: Command): Command {
  return command
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
}

/** @throws UsageError for an option by which a run that is resumed would become another. */
export function refuseChanges(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (CHANGEABLE.includes(name) || command.getOptionValueSource(name) !== 'cli') continue;
    throw new UsageError(`${option.long}: a run that is resumed keeps what it was started with; leave it out`);
  }
}

/** The recipe's defaults, with what was typed in their place. */
export function chooseTraining(recipe: TrainingDefaults, options: TrainOptions): TrainingOptions {
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
