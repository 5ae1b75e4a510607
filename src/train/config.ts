import { type ImageData8, sha256 } from '../data/dataset.ts';
import type { AdapterInfo } from '../gpu/capabilities.ts';
import type { VariantTable } from '../kernels/choose.ts';
import { shaders } from '../kernels/shaders.generated.ts';
import type { Trade } from '../kernels/spec.ts';
import type { PretrainedName, TrainingDefaults } from '../models/index.ts';
import type { Model, ModelConfig } from '../nn/index.ts';
import { optimizerKnows } from '../optim/index.ts';
import { ResumeError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';

/** How a model is trained: plain values, kept with the run. A recipe's defaults are most of it. */
export interface TrainingOptions extends TrainingDefaults {
  /** Key of first weights, order of the images and dropout. */
  readonly seed: number;
  /** Each batch is computed in this many parts whose gradients are added up, to need less memory. Default 1. */
  readonly microBatches?: number;
  /** Nesterov's look-ahead, for SGD with momentum. */
  readonly nesterov?: boolean;
  /** Adam and AdamW divide by the largest second moment so far. */
  readonly amsgrad?: boolean;
  /** Largest global norm of the gradients; longer ones are scaled down to it. Default: no limit. */
  readonly clipNorm?: number;
  /** Keeps an exponential moving average of the weights with this decay, and evaluates and saves that one. */
  readonly emaDecay?: number;
  /** Epochs in which the learning rate rises to its first value. Default 0. */
  readonly warmUpEpochs?: number;
  /** Ends the run after this many epochs without a smaller validation loss, and gives back the best epoch's weights. */
  readonly patience?: number;
}

/** A recipe's defaults with other settings in their place. Its momentum belongs to its own optimizer, and stays with that. */
export function withSettings<T extends Partial<TrainingOptions>>(defaults: TrainingDefaults, changes: T) {
  const { momentum, ...others } = defaults;
  const keeps = momentum !== undefined && optimizerKnows(changes.optimizer ?? defaults.optimizer, 'momentum');
  return { ...(keeps ? defaults : others), ...changes };
}

/** What a run was made of: enough to repeat it, and to know when that cannot be done. */
export interface RunConfig {
  readonly format: 'weft run 1';
  /** Version of weft. */
  readonly weft: string;
  /** ISO 8601. */
  readonly created: string;
  readonly model: ModelConfig;
  readonly training: TrainingOptions;
  /** What part of the model it started with; absent: all of it started at random. */
  readonly weights?: PretrainedName;
  readonly data: RunData;
  readonly adapter: AdapterInfo;
  /** Which kernel variant computed what: the bits depend on it. */
  readonly variants: VariantTable;
  /** What kernels were allowed to give up for speed; absent: nothing. */
  readonly allow?: readonly Trade[];
  /** Hash of all shaders of this version. */
  readonly shaders: string;
  /** What the device was told to do, as `fit` reports it to `onReady`; its checkpoints are bound to it too. */
  readonly program: string;
}

/** What a run was trained on. */
export interface RunData {
  readonly name: string;
  readonly sha256: string;
  readonly classes: readonly string[];
  /** Images trained on and held back for validation. */
  readonly train: number;
  readonly validation: number;
  /** Trained on all images, none held back. */
  readonly full: boolean;
  /** Only so many images of the training set were used. */
  readonly limit?: number;
  /** The pixels of every picture were put in another order: see `permutePixels`. */
  readonly pixels?: 'permuted';
}

/** Describes a run that is about to start. Call it when its steps are compiled: only then is the table of variants complete. */
export async function describeRun(
  model: Model,
  training: TrainingOptions,
  data: RunData,
  version: string,
  program: string,
  weights?: PretrainedName,
): Promise<RunConfig> {
  const { gpu } = model.engine;
  return {
    format: 'weft run 1',
    weft: version,
    created: new Date().toISOString(),
    model: model.toJSON(),
    training,
    ...(weights && { weights }),
    data,
    adapter: gpu.device.info,
    variants: { ...gpu.chooser.table },
    ...(gpu.chooser.allow.length > 0 && { allow: gpu.chooser.allow }),
    shaders: await hashShaders(),
    program,
  };
}

/** What `describeRun` says of the data. */
export function describeData(data: ImageData8, counts: Omit<RunData, 'name' | 'sha256' | 'classes'>): RunData {
  return { name: data.name, sha256: data.sha256, classes: data.classes, ...counts };
}

/**
 * A resumed run must be able to give the bits that an unbroken one would have given.
 * @param engine opened with `config.variants` as its table.
 * @throws ResumeError naming what differs: data, adapter, driver or kernels.
 */
export async function checkResumable(
  config: RunConfig,
  engine: Engine,
  data: ImageData8,
  folder: string,
): Promise<void> {
  const refuse = (what: string, was: string, is: string) => {
    throw new ResumeError(
      `${folder}: cannot resume: ${what} was '${was}', is '${is}'; use what it was started with, or start a new run`,
    );
  };
  if (config.data.sha256 !== data.sha256) refuse('the data set', config.data.sha256, data.sha256);
  const { info } = engine.gpu.device;
  for (const part of ['vendor', 'architecture', 'device', 'description'] as const) {
    if (config.adapter[part] !== info[part]) refuse(`the adapter (${part})`, config.adapter[part], info[part]);
  }
  const hash = await hashShaders();
  if (config.shaders !== hash) refuse('the hash of the shaders', config.shaders, hash);
  const { table } = engine.gpu.chooser;
  for (const [call, variant] of Object.entries(config.variants)) {
    if (table[call] !== variant) refuse(`the variant for ${call}`, variant, table[call] ?? 'none');
  }
}

/** SHA-256 of all that decides a run's bits: two runs with the same hash give the same weights. */
export async function hashConfig(config: RunConfig): Promise<string> {
  const { model, training, weights, data, adapter, variants, shaders: kernels, program } = config;
  const text = JSON.stringify({ model, training, weights, data, adapter, variants, kernels, program });
  return await sha256(new TextEncoder().encode(text));
}

async function hashShaders(): Promise<string> {
  // Those of the roofline only measure a device; no run computes with them.
  const computing = Object.entries(shaders).filter(([name]) => !name.startsWith('roofline/'));
  return await sha256(new TextEncoder().encode(JSON.stringify(Object.fromEntries(computing))));
}
