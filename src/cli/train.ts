import type { Command } from 'commander';
import type { ImageData8 } from '../data/dataset.ts';
import { findDataSet } from '../data/find.ts';
import { GpuDataset } from '../data/gpu-dataset.ts';
import { type Selected, select } from '../data/selection.ts';
import { pick, subset } from '../data/subset.ts';
import { findModel, models } from '../models/index.ts';
import type { Model } from '../nn/index.ts';
import { UsageError, ValueError } from '../platform/errors.ts';
import { nodeDataPlaces, nodeFiles } from '../platform/node.ts';
import { curvesSvg } from '../report/curves.ts';
import { count, duration, percent } from '../report/format.ts';
import { projectFeatures } from '../study/projection.ts';
import { RunWatch, readLooks, Watcher } from '../study/watch.ts';
import type { Engine } from '../tensor/engine.ts';
import { checkResumable, describeData, describeRun } from '../train/config.ts';
import { examplesFor } from '../train/features.ts';
import { type FitResult, fit } from '../train/fit.ts';
import { featureHooks } from './features.ts';
import { listenForInterrupt } from './interrupt.ts';
import { openEngine } from './open-engine.ts';
import { allowOption, dataOption, example, jsonOption, tuneOption } from './options.ts';
import { log, print, printJson } from './output.ts';
import { weftVersion } from './package-json.ts';
import { ProgressBar, withValidation } from './progress.ts';
import { addTrainOptions, refuseChanges, type TrainOptions } from './train/options.ts';
import { freshStart, makeModel, resumedStart, type Start } from './train/start.ts';
import { readTable, tuneIfUnknown } from './tuning.ts';

/** Training images that a watched run is looked at with. */
const WATCHED = 200;

export function register(program: Command): void {
  const command = program
    .command('train')
    .description('train a model and keep the run in a folder')
    .argument('[model]', `one of ${Object.keys(models).join(', ')}; may be left out with --resume --out`);
  example(
    jsonOption(dataOption(allowOption(tuneOption(addTrainOptions(command))))),
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

async function train(name: string | undefined, options: TrainOptions): Promise<void> {
  const start = options.resume ? await resumedStart(name, options) : await freshStart(name, options);
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

const findTitle = (name: string) => models[name]?.title ?? name;

/** Which images are learned from and which are held back. @throws UsageError for a limit that is too high. */
function chooseSplit(images: ImageData8, full: boolean, limit: number | undefined): Selected {
  try {
    return select(images, { full, ...(limit !== undefined && { limit }) });
  } catch (error) {
    throw error instanceof ValueError ? new UsageError(`--limit: ${error.message}`) : error;
  }
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
