import { isDeepStrictEqual } from 'node:util';
import { type DataSet, sha256 } from '../../data/dataset.ts';
import { GpuDataset } from '../../data/gpu-dataset.ts';
import { PIXEL_SEED, permutePixels } from '../../data/permute.ts';
import { select } from '../../data/selection.ts';
import { median } from '../../gpu/profile.ts';
import type { Recipe } from '../../models/index.ts';
import type { Model } from '../../nn/index.ts';
import { NumericError, ResumeError } from '../../platform/errors.ts';
import type { FileStore } from '../../platform/platform.ts';
import { collectTest } from '../../report/collect.ts';
import { curvesSvg } from '../../report/curves.ts';
import type { DeviceReport, RunResult } from '../../report/types.ts';
import { projectFeatures } from '../../study/projection.ts';
import type { Engine } from '../../tensor/engine.ts';
import { changesNothing } from '../../tensor/ops/augment.ts';
import {
  checkResumable,
  describeData,
  describeRun,
  hashConfig,
  type RunConfig,
  type TrainingOptions,
} from '../../train/config.ts';
import { type Evaluation, Evaluator } from '../../train/evaluate.ts';
import { examplesFor } from '../../train/features.ts';
import { type FitResult, fit } from '../../train/fit.ts';
import { encodeOutputs, OUTPUTS_FILE } from '../../train/outputs.ts';
import { evaluateCorruptions, imagesToChange, picturesChanged } from '../../train/robustness.ts';
import { RunFolder } from '../../train/run-folder.ts';
import type { Judged } from '../../train/search.ts';
import { featureHooks } from '../features.ts';
import type { ProgressBar } from '../progress.ts';
import { keyOf, type Row } from './rows.ts';
import { buildModel } from './speed.ts';
import { logTest } from './state.ts';
import { type Speed, secondsLeft } from './timing.ts';

/** What all runs of a comparison or a search share. */
export interface Workbench {
  readonly engine: Engine;
  readonly device: DeviceReport;
  readonly files: FileStore;
  readonly dataSet: DataSet;
  readonly version: string;
  readonly bar: ProgressBar;
  readonly signal: AbortSignal;
}

/** What is trained. */
export interface Job {
  readonly recipe: Recipe;
  readonly row: Pick<Row, 'full' | 'limit' | 'validation' | 'pixels'>;
  readonly training: TrainingOptions;
  /** The run's folder. */
  readonly path: string;
  /** Of this recipe, for the time that is left. */
  readonly speed: Speed;
  /** Whether the test follows. */
  readonly tested: boolean;
  /** Of all that comes after it. */
  readonly secondsAfter: number;
}

/** A network that was trained, before it is thrown away. */
export interface Trained {
  readonly model: Model;
  readonly folder: RunFolder;
  readonly result: FitResult;
  /** ISO 8601. */
  readonly started: string;
  /** What its frozen beginning took; undefined where it has none. */
  readonly featureSeconds: number | undefined;
  /** What it says of the images held back; undefined where none were. */
  readonly validate?: () => Promise<Evaluation>;
}

/**
 * Trains one network, or goes on where that was interrupted, and hands it to `use`.
 * @throws InterruptedError when the signal fires; the folder then holds a checkpoint. ResumeError when the run in the
 *   folder is not the one that is asked for.
 */
export async function trainJob<T>(bench: Workbench, job: Job, use: (trained: Trained) => Promise<T>): Promise<T> {
  const { engine, signal, bar } = bench;
  const { recipe, row, training, path } = job;
  // What was done to the pictures stands beside the name of the data set; which images they are goes by the original.
  const images = bench.dataSet.train;
  using data = new GpuDataset(engine, dataSetFor(bench, row).train);
  const selected = select(images, row);
  const { train, validation } = selected;
  const counts = { train: train.length, validation: validation?.length ?? 0 };
  const started = new Date().toISOString();
  const folder = new RunFolder(bench.files, path);
  const config = (await folder.isTaken()) ? await folder.readConfig() : undefined;
  const resume = config && (await folder.readCheckpoint());
  using model = await buildModel(engine, recipe, data, training.seed);
  const { full = false, limit, pixels } = row;
  const kept = { ...counts, full, ...(limit !== undefined && { limit }), ...(pixels && { pixels }) };
  const described = describeData(images, kept);
  if (config) checkPlanned(config, { model: model.toJSON(), training, data: described }, path);
  const needed = Uint32Array.from([...train, ...(validation ?? [])]);
  const hooks = featureHooks(bar, signal);
  const before = performance.now();
  await projectFeatures(model, data, train, training, hooks);
  const examples = await examplesFor(model, data, needed, training, hooks);
  const featureSeconds = examples === data ? undefined : (performance.now() - before) / 1000;
  const result = await fit(
    model,
    { data: examples, ...selected },
    {
      training,
      folder,
      resume,
      signal,
      onCompile: (done, total) => bar.status(`compiling kernels ${done}/${total}`),
      onReady: async program => {
        if (config) return await checkResumable(config, engine, images, path);
        await folder.writeConfig(await describeRun(model, training, described, bench.version, program, recipe.weights));
      },
      onStep: progress => {
        const { count } = bench.dataSet.test;
        const changed = picturesChanged(imagesToChange(count, bench.device.software));
        const test = job.tested ? count + changed + counts.validation : 0;
        const left = secondsLeft(progress, job.speed, { validation: counts.validation, test });
        bar.step({ ...progress, secondsLeft: left + job.secondsAfter });
      },
      onEpoch: metrics => bar.epoch(metrics, training.epochs),
    },
  );
  const validate = async (held: Uint32Array) => {
    using evaluator = await Evaluator.compile(model, examples);
    return await evaluator.run(held, signal);
  };
  try {
    const trained = { model, folder, result, featureSeconds, started: config?.created ?? started };
    return await use({ ...trained, ...(validation && { validate: () => validate(validation) }) });
  } finally {
    bar.clear();
  }
}

/** What a trial came to: it is judged by the validation images alone, and may have diverged. */
export interface TrialResult extends Judged {
  readonly seconds: number;
}

/** Trains one setting and looks at nothing but validation. @throws InterruptedError, ResumeError as `trainJob` does. */
export async function runTrial(bench: Workbench, job: Omit<Job, 'tested'>): Promise<TrialResult> {
  try {
    const { history, seconds } = await trainJob(bench, { ...job, tested: false }, async ({ result }) => result);
    const { valAccuracy, valLoss } = history.at(-1)!;
    return { valAccuracy: valAccuracy!, valLoss: valLoss!, seconds };
  } catch (error) {
    // A learning rate that is too high is an answer, not a failure.
    if (!(error instanceof NumericError)) throw error;
    bench.bar.line(`diverged: ${error.message}`);
    return { valAccuracy: 0, seconds: 0 };
  }
}

/** The pictures that a row is about. */
function dataSetFor({ dataSet }: Pick<Workbench, 'dataSet'>, { pixels }: Pick<Row, 'pixels'>): DataSet {
  if (!pixels) return dataSet;
  const { train, test } = dataSet;
  return { ...dataSet, train: permutePixels(train, PIXEL_SEED), test: permutePixels(test, PIXEL_SEED) };
}

/** What a network says of all test images, of the kind that it was trained on. */
export async function evaluateTest(
  bench: Pick<Workbench, 'engine' | 'dataSet' | 'signal' | 'bar'>,
  model: Model,
  { row, training }: { readonly row: Pick<Row, 'pixels'>; readonly training: TrainingOptions },
): Promise<Evaluation> {
  const { test } = dataSetFor(bench, row);
  using data = new GpuDataset(bench.engine, test);
  const all = Uint32Array.from({ length: test.count }, (_, i) => i);
  using evaluator = await Evaluator.compile(model, await testExamples(bench, model, training)(data, all));
  return await evaluator.run(all, bench.signal);
}

/** What a network is to see of pictures that it is judged by: they are never augmented. */
function testExamples(bench: Pick<Workbench, 'bar' | 'signal'>, model: Model, training: TrainingOptions) {
  const { augmentation: _, ...plain } = training;
  return async (data: GpuDataset, images: Uint32Array) =>
    await examplesFor(model, data, images, plain, featureHooks(bench.bar, bench.signal));
}

/** Judges a trained network by the test set, once and on record, and says all that a report shows of it. */
export async function judgeRun(
  bench: Workbench,
  job: Job & { readonly row: Row; readonly comparison: string },
  trained: Trained,
): Promise<RunResult> {
  const { recipe, row, training } = job;
  const { model, folder, result, started, featureSeconds } = trained;
  bench.bar.status('evaluating on the test set');
  const curves = curvesSvg(row.title, [{ name: row.title, epochs: result.history }]);
  await bench.files.write(folder.at('curves.svg'), curves);
  await logTest(bench.files, job.comparison, keyOf(row));
  const evaluation = await evaluateTest(bench, model, job);
  const validation = await trained.validate?.();
  await bench.files.write(folder.at(OUTPUTS_FILE), encodeOutputs(evaluation, validation));
  const { test } = dataSetFor(bench, row);
  // Of pictures whose pixels lie in another order nobody can say what a shift or a turn would be.
  const robustness = row.pixels
    ? undefined
    : await evaluateCorruptions(model, test, { signal: bench.signal, examples: testExamples(bench, model, training) });
  const { augmentation } = training;
  const config = await folder.readConfig();
  const { parameters, flops } = model.describe();
  return {
    row: row.id,
    model: recipe.name,
    title: row.title,
    description: recipe.title,
    seed: training.seed,
    trained: config.data.train,
    parameters,
    flopsPerImage: flops,
    epochs: result.history,
    tested: { epoch: result.epoch, because: result.because },
    test: collectTest(evaluation, test, validation),
    seen: config.data.train * result.history.length,
    ...(augmentation && !changesNothing(augmentation) && { augmentation }),
    ...(recipe.weights && { weights: recipe.weights }),
    outputs: `${keyOf(row)}/${OUTPUTS_FILE}`,
    ...(robustness && { robustness }),
    seconds: result.seconds,
    ...(featureSeconds !== undefined && { featureSeconds }),
    imagesPerSecond: median(result.history.map(m => m.imagesPerSecond)),
    options: describeTraining(training),
    device: bench.device,
    sha256: { config: await hashConfig(config), weights: await sha256(await folder.readModel()) },
    repeat: `weft repeat ${job.comparison} --row ${keyOf(row)}`,
    started,
    finished: new Date().toISOString(),
  };
}

/** A run that goes on must be the very one that its comparison planned. @throws ResumeError naming what differs. */
function checkPlanned(
  config: RunConfig,
  planned: Pick<RunConfig, 'model' | 'training' | 'data'>,
  folder: string,
): void {
  for (const part of ['model', 'training', 'data'] as const) {
    // As a file would hold it: without what is undefined.
    if (isDeepStrictEqual(config[part], JSON.parse(JSON.stringify(planned[part])))) continue;
    throw new ResumeError(
      `${folder}: cannot resume: '${part}' in its config.json is not what was planned; move that run away, and it will ` +
        'be trained anew',
    );
  }
}

/** Settings as plain values for people. */
export function describeTraining(training: TrainingOptions): Record<string, string | number | boolean> {
  const { optimizer, learningRate, schedule, batch, epochs, momentum, weightDecay } = training;
  const { labelSmoothing, augmentation } = training;
  return {
    optimizer,
    'learning rate': learningRate,
    schedule,
    ...(momentum !== undefined && { momentum }),
    ...(weightDecay !== undefined && { 'weight decay': weightDecay }),
    ...(labelSmoothing !== undefined && { 'label smoothing': labelSmoothing }),
    ...(augmentation && { augmentation: augmentation.name }),
    batch,
    epochs,
  };
}
