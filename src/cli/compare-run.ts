import { isDeepStrictEqual } from 'node:util';
import type { DataSet } from '../data/dataset.ts';
import { GpuDataset } from '../data/gpu-dataset.ts';
import { median } from '../gpu/profile.ts';
import type { Recipe } from '../models/index.ts';
import { ResumeError } from '../platform/errors.ts';
import type { FileStore } from '../platform/platform.ts';
import { collectTest } from '../report/collect.ts';
import { curvesSvg } from '../report/curves.ts';
import type { DeviceReport, RunResult } from '../report/types.ts';
import type { Engine } from '../tensor/engine.ts';
import { checkResumable, describeData, describeRun, type RunConfig, type TrainingOptions } from '../train/config.ts';
import { Evaluator } from '../train/evaluate.ts';
import { fit } from '../train/fit.ts';
import { RunFolder } from '../train/run-folder.ts';
import { type Protocol, type Speed, secondsLeft } from './compare-plan.ts';
import { buildModel } from './compare-speed.ts';
import type { ProgressBar } from './progress.ts';

/** What all runs of a comparison share. */
export interface Workbench {
  readonly engine: Engine;
  readonly device: DeviceReport;
  readonly files: FileStore;
  readonly dataSet: DataSet;
  /** The training images on the device. */
  readonly data: GpuDataset;
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly protocol: Protocol;
  readonly version: string;
  readonly signal: AbortSignal;
}

/**
 * Trains one model, or goes on where it was interrupted, and evaluates it once on the test set.
 * @param rest what the time that is left is made of: this model's speed, and the seconds of all that comes after it.
 * @throws InterruptedError when the signal fires; the folder then holds a checkpoint. ResumeError when the run in the
 *   folder is not the one that the protocol asks for.
 */
export async function runOne(
  bench: Workbench,
  recipe: Recipe,
  training: TrainingOptions,
  path: string,
  bar: ProgressBar,
  rest: { readonly speed: Speed; readonly secondsAfter: number },
): Promise<RunResult> {
  const { engine, data, dataSet, train, validation, signal } = bench;
  const started = new Date().toISOString();
  const counts = { train: train.length, validation: validation.length };
  const folder = new RunFolder(bench.files, path);
  const config = (await folder.isTaken()) ? await folder.readConfig() : undefined;
  const resume = config && (await folder.readCheckpoint());
  using model = await buildModel(engine, recipe, data, training.seed);
  const { limit } = bench.protocol;
  const described = describeData(dataSet.train, { ...counts, full: false, ...(limit && { limit }) });
  if (config) checkPlanned(config, { model: model.toJSON(), training, data: described }, path);
  const result = await fit(
    model,
    { data, train, validation },
    {
      training,
      folder,
      resume,
      signal,
      onCompile: (done, total) => bar.status(`compiling kernels ${done}/${total}`),
      onReady: async program => {
        if (config) return await checkResumable(config, engine, dataSet.train, path);
        await folder.writeConfig(await describeRun(model, training, described, bench.version, program, recipe.weights));
      },
      onStep: progress => {
        const left = secondsLeft(progress, rest.speed, { ...counts, test: dataSet.test.count });
        bar.step({ ...progress, secondsLeft: left + rest.secondsAfter });
      },
      onEpoch: metrics => bar.epoch(metrics, training.epochs),
    },
  );
  bar.status('evaluating on the test set');
  const { parameters, flops } = model.describe();
  const title = shortTitle(recipe);
  await bench.files.write(folder.at('curves.svg'), curvesSvg(title, [{ name: title, epochs: result.history }]));
  using testData = new GpuDataset(engine, dataSet.test);
  using evaluator = await Evaluator.compile(model, testData);
  const test = await evaluator.run(
    Uint32Array.from({ length: dataSet.test.count }, (_, i) => i),
    signal,
  );
  bar.clear();
  return {
    model: recipe.name,
    title,
    description: recipe.title,
    seed: training.seed,
    parameters,
    flopsPerImage: flops,
    epochs: result.history,
    tested: { epoch: result.epoch, because: result.because },
    test: collectTest(test, dataSet.test),
    seconds: result.seconds,
    imagesPerSecond: median(result.history.map(m => m.imagesPerSecond)),
    options: describeTraining(training),
    device: bench.device,
    started: config?.created ?? started,
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
      `${folder}: cannot resume: '${part}' in its config.json is not what this comparison planned; move that run away, ` +
        'and it will be trained anew',
    );
  }
}

/** 'mlp' -> 'MLP': the heading of a column. Longer names are names already. */
export function shortTitle({ name, title }: Recipe): string {
  return name.length <= 4 ? name.toUpperCase() : title;
}

function describeTraining(training: TrainingOptions): Record<string, string | number | boolean> {
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
