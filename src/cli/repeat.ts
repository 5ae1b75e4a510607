import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import type { DataSet } from '../data/dataset.ts';
import { findDataSet } from '../data/find.ts';
import type { Recipe } from '../models/index.ts';
import { layerFromJSON } from '../nn/index.ts';
import { ResumeError, UsageError, WeftError } from '../platform/errors.ts';
import { nodeDataPlaces, nodeFiles } from '../platform/node.ts';
import { count, duration, fromBase64, percent } from '../report/format.ts';
import type { RunResult } from '../report/types.ts';
import type { Engine } from '../tensor/engine.ts';
import { checkResumable, type RunConfig } from '../train/config.ts';
import { differenceOf, type RunDifference } from '../train/difference.ts';
import { RunFolder } from '../train/run-folder.ts';
import { keyOf } from './compare/rows.ts';
import { evaluateTest, type Job, trainJob } from './compare/run.ts';
import { logTest, readState } from './compare/state.ts';
import { listenForInterrupt } from './interrupt.ts';
import { openEngine } from './open-engine.ts';
import { dataOption, example, type GlobalOptions, jsonOption } from './options.ts';
import { log, print, printJson } from './output.ts';
import { weftVersion } from './package-json.ts';
import { ProgressBar } from './progress.ts';

interface RepeatOptions extends GlobalOptions {
  row?: string;
  data?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('repeat')
    .description('train finished runs again, and say whether they are bit-identical')
    .argument('<report>', 'the folder of a comparison, its report, or the folder of a run')
    .option('--row <name>', 'one row of a comparison, such as cnn or cnn-seed1 (default: all rows)');
  command.addHelpText('after', '\nExit code 0: bit-identical; 1: not, and the output says by how much.');
  example(
    jsonOption(dataOption(command)),
    'weft repeat compare/2026-11-25-081012 --row mlp',
    'weft repeat runs/cnn-seed1',
  );
  command.action(async (report: string) => {
    const options = command.optsWithGlobals<RepeatOptions>();
    const outcomes = await repeat(report, options);
    if (options.json) printJson(outcomes);
    else for (const outcome of outcomes) print(describe(outcome));
    if (!outcomes.every(({ bitIdentical }) => bitIdentical)) process.exitCode = 1;
  });
}

/** What `weft repeat --json` prints of each run. */
interface Outcome extends RunDifference {
  run: string;
  /** What is not as it was, and may be why the bits differ. */
  conditions: string[];
  seconds: number;
  accuracy?: { was: number; now: number };
}

/** A run that is there to be repeated. */
interface Target {
  readonly name: string;
  readonly folder: RunFolder;
  /** What its comparison says of it. */
  readonly result?: RunResult;
  /** The folder of that comparison. */
  readonly comparison?: string;
}

async function repeat(report: string, options: RepeatOptions): Promise<Outcome[]> {
  const targets = await findTargets(report, options.row);
  const dataSet = await findDataSet(nodeDataPlaces(options.data), log);
  using stop = listenForInterrupt();
  const outcomes: Outcome[] = [];
  for (const [i, target] of targets.entries()) {
    const took = target.result ? `, which took ${duration(target.result.seconds)}` : '';
    log(`${target.name} (${i + 1} of ${targets.length})${took}`);
    outcomes.push(await repeatOne(target, dataSet, options, stop.signal));
  }
  return outcomes;
}

/** @throws UsageError when there is no such row; FileError when there is neither a comparison nor a run. */
async function findTargets(report: string, row: string | undefined): Promise<Target[]> {
  const folder = /\.(html|md|json)$/.test(report) ? dirname(report) : report;
  const state = await readState(nodeFiles, folder);
  if (!state) {
    if (row !== undefined) throw new UsageError(`--row: ${folder} is no comparison, so it has no rows; leave it out`);
    return [{ name: basename(folder), folder: new RunFolder(nodeFiles, folder) }];
  }
  const targets = state.comparison.runs.map((result): Target & { readonly row: string } => {
    const name = keyOf({ id: result.row, seed: result.seed });
    return { name, row: result.row, folder: new RunFolder(nodeFiles, `${folder}/${name}`), result, comparison: folder };
  });
  const chosen = row === undefined ? targets : targets.filter(target => target.name === row || target.row === row);
  if (chosen.length > 0) return chosen;
  const names = targets.map(({ name }) => name).join(', ');
  throw new UsageError(
    row === undefined
      ? `${folder}: holds no finished run to repeat; go on with weft compare --resume --out ${folder}`
      : `--row: ${folder} has no finished row '${row}'; there are ${names || 'none yet'}`,
  );
}

async function repeatOne(
  target: Target,
  dataSet: DataSet,
  options: RepeatOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  const config = await target.folder.readConfig();
  const weights = await target.folder.readModel();
  if (config.data.sha256 !== dataSet.train.sha256) {
    throw new ResumeError(
      `${target.folder.path}: was trained on ${config.data.name} (${config.data.sha256}), this is ${dataSet.train.name} ` +
        `(${dataSet.train.sha256}); name its data with --data`,
    );
  }
  const { engine, conditions } = await openAsBefore(config, dataSet, options, target.folder.path);
  const place = mkdtempSync(join(tmpdir(), 'weft-repeat-'));
  const bar = new ProgressBar();
  try {
    const { device, description, software } = engine.gpu.device.info;
    const report = { adapter: device, driver: description, software };
    const bench = { engine, device: report, files: nodeFiles, dataSet, version: weftVersion(), bar, signal };
    const job = jobOf(config, place);
    return await trainJob(bench, job, async ({ model, folder, result }) => {
      const { result: known, comparison } = target;
      if (comparison !== undefined) await logTest(nodeFiles, comparison, `${target.name}, repeated`);
      const tested = known && (await evaluateTest(bench, model, job));
      const then = {
        weights,
        history: known?.epochs ?? (await target.folder.readMetrics()),
        predictions: known && fromBase64(known.test.predictions),
      };
      const now = { weights: await folder.readModel(), history: result.history, predictions: tested?.predictions };
      const accuracy = known && tested && { accuracy: { was: known.test.accuracy, now: tested.accuracy } };
      return { run: target.name, conditions, seconds: result.seconds, ...accuracy, ...differenceOf(then, now) };
    });
  } finally {
    bar.clear();
    engine[Symbol.dispose]();
    rmSync(place, { recursive: true, force: true });
  }
}

/** The run as a job of its own, from nothing but what its config.json says. */
function jobOf({ model, data, training, weights }: RunConfig, path: string): Job {
  const recipe: Recipe = {
    name: model.name,
    title: model.name,
    inputShape: model.inputShape,
    build: () => layerFromJSON(model.layer),
    ...(weights && { weights }),
    defaults: training,
  };
  const { full, limit, pixels, validation } = data;
  const row = {
    full,
    ...(limit !== undefined && { limit }),
    ...(!full && { validation }),
    ...(pixels && { pixels }),
  };
  const speed = { model: model.name, batch: training.batch, stepSeconds: 0, evaluationSeconds: 0 };
  return { recipe, row, training, path, speed, tested: false, secondsAfter: 0 };
}

/** With the very kernels of the run where they are to be had, else with this machine's own; and what is not as it was. */
async function openAsBefore(
  config: RunConfig,
  dataSet: DataSet,
  options: RepeatOptions,
  path: string,
): Promise<{ engine: Engine; conditions: string[] }> {
  const { allow = [] } = config;
  const conditions = config.weft === weftVersion() ? [] : [`weft ${weftVersion()} in place of ${config.weft}`];
  const engine = await openEngine(options, { allow, table: config.variants });
  try {
    await checkResumable(config, engine, dataSet.train, path);
    return { engine, conditions };
  } catch (error) {
    engine[Symbol.dispose]();
    // Another adapter or other shaders: the run can be made again, only not to the bit.
    if (!(error instanceof WeftError)) throw error;
    conditions.push(error.message.replace(/^.*cannot resume: /, '').replace(/; use what.*$/, ''));
    return { engine: await openEngine(options, { allow }), conditions };
  }
}

function describe(outcome: Outcome): string {
  const { run, bitIdentical, weights, epochs, predictions, accuracy, conditions, seconds } = outcome;
  const images = predictions && `${count(predictions.images)} predictions`;
  if (bitIdentical) {
    const what = [
      `${count(weights.count)} weights`,
      `the losses of ${epochs.count} epochs`,
      ...(images ? [images] : []),
    ];
    return `${run}: bit-identical (${what.join(', ')}; ${duration(seconds)})`;
  }
  const lines = [
    `${run}: not bit-identical`,
    `  ${count(weights.differing)} of ${count(weights.count)} weights differ, by ${weights.largest.toExponential(1)} at most (the largest weight is ${weights.scale.toPrecision(3)})`,
    `  the losses of ${epochs.differing} of ${epochs.count} epochs differ, by ${epochs.largest.toExponential(1)} at most`,
  ];
  if (predictions) lines.push(`  ${count(predictions.differing)} of ${images} differ`);
  if (accuracy) lines.push(`  test accuracy ${percent(accuracy.now)}, was ${percent(accuracy.was)}`);
  return [...lines, ...conditions.map(text => `  other conditions: ${text}`)].join('\n');
}
