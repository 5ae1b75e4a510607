import { createRequire } from 'node:module';
import process from 'node:process';
import type { DataSet } from '../data/dataset.ts';
import { GpuDataset } from '../data/gpu-dataset.ts';
import { splitOf } from '../data/split.ts';
import { subset } from '../data/subset.ts';
import { findModel, type Recipe } from '../models/index.ts';
import { ResumeError } from '../platform/errors.ts';
import { nodeFiles } from '../platform/node.ts';
import { accuracyText } from '../report/compare-markdown.ts';
import { conclusions } from '../report/conclusions.ts';
import { count, duration, magnitude } from '../report/format.ts';
import { summarize } from '../report/summary.ts';
import type { Comparison, DataReport, DeviceReport, PlannedRun } from '../report/types.ts';
import { COMPARISON_FILES, writeComparison } from '../report/write.ts';
import type { Engine } from '../tensor/engine.ts';
import type { TrainingOptions } from '../train/config.ts';
import { RunFolder } from '../train/run-folder.ts';
import { type Counts, type Protocol, planRuns, QUICK_SECONDS, quickProtocol, type Speed } from './compare-plan.ts';
import { runOne, shortTitle, type Workbench } from './compare-run.ts';
import { measureSpeed } from './compare-speed.ts';
import { type ComparisonState, checkSame, writeState } from './compare-state.ts';
import { log, print, printJson, table } from './output.ts';
import { weftVersion } from './package-json.ts';
import type { ProgressBar } from './progress.ts';

/** What a person may decide about a comparison; the rest follows from the device. */
export interface Wishes {
  readonly preset?: 'quick' | 'seed';
  readonly seeds?: readonly number[];
  readonly epochs?: number;
  readonly limit?: number;
}

/** Of the preset 'seed', and of 'quick' on a device that is fast enough. */
const EPOCHS = 10;

/** One process's work on a comparison. */
export class Session {
  private readonly device: DeviceReport;
  private readonly split: { readonly train: Uint32Array; readonly validation: Uint32Array };
  private state!: ComparisonState;

  constructor(
    private readonly engine: Engine,
    private readonly dataSet: DataSet,
    private readonly folder: string,
    private readonly recipes: readonly Recipe[],
    private readonly bar: ProgressBar,
    private readonly signal: AbortSignal,
  ) {
    const { device, description, software } = engine.gpu.device.info;
    this.device = { adapter: device, driver: description, software };
    this.split = splitOf(dataSet.train);
  }

  /** Measures, plans, says how long it will take, and trains. */
  async begin(options: Wishes): Promise<void> {
    const { train, validation } = this.split;
    const seedList = options.seeds ?? [1];
    await this.refuseForeignRuns(seedList);
    const preset = options.preset ?? (this.device.software ? 'quick' : 'seed');
    using data = new GpuDataset(this.engine, this.dataSet.train);
    const speeds = await this.measure(data);
    const counts: Counts = { train: train.length, validation: validation.length, test: this.dataSet.test.count };
    const { epochs = EPOCHS, limit } = options;
    const protocol: Protocol =
      preset === 'quick'
        ? quickProtocol(speeds, seedList.length, counts, options)
        : { epochs, ...(limit !== undefined && limit < train.length && { limit }) };
    const models = this.recipes.map((recipe, i) => {
      return { model: recipe.name, title: shortTitle(recipe), speed: speeds[i]! };
    });
    const pending = planRuns(models, seedList, protocol, counts);
    const now = new Date().toISOString();
    this.state = {
      format: 'weft comparison 1',
      protocol,
      speeds,
      variants: { ...this.engine.gpu.chooser.table },
      comparison: {
        preset,
        command: commandLine(),
        versions: versions(),
        data: this.describeData(protocol),
        device: this.device,
        epochs: protocol.epochs,
        runs: [],
        pending,
        started: now,
        updated: now,
      },
    };
    await this.save();
    this.announce(speeds);
    await this.train(data);
  }

  /** What another command trained, with its own epochs and images, must not pass for a part of this comparison. */
  private async refuseForeignRuns(seeds: readonly number[]): Promise<void> {
    for (const path of seeds.flatMap(seed => this.recipes.map(({ name }) => this.runPath(name, seed)))) {
      if (!(await new RunFolder(nodeFiles, path).isTaken())) continue;
      throw new ResumeError(
        `${path}: holds a run that is not of this comparison; name another folder with --out, or move the run away`,
      );
    }
  }

  private runPath(model: string, seed: number): string {
    return `${this.folder}/${model}-seed${seed}`;
  }

  async resume(state: ComparisonState): Promise<void> {
    const described = this.describeData(state.protocol);
    checkSame(this.folder, state.comparison, { device: this.device, data: described, versions: versions() });
    this.state = state;
    const { runs, pending } = state.comparison;
    log(`going on in ${this.folder}: ${runs.length} of ${runs.length + pending.length} models are trained`);
    using data = new GpuDataset(this.engine, this.dataSet.train);
    await this.train(data);
  }

  private async measure(data: GpuDataset): Promise<Speed[]> {
    const speeds: Speed[] = [];
    for (const recipe of this.recipes) {
      const title = shortTitle(recipe);
      log(`timing a few steps of the ${title} on ${this.device.adapter}`);
      const training: TrainingOptions = { ...recipe.defaults, seed: 1 };
      const onCompile = (done: number, total: number) => this.bar.status(`compiling kernels ${done}/${total}`);
      speeds.push(await measureSpeed(this.engine, recipe, data, { training, signal: this.signal, onCompile }));
      this.bar.clear();
    }
    return speeds;
  }

  private describeData({ limit, validation }: Protocol): DataReport {
    const { name, train, test } = this.dataSet;
    const trained = Math.min(limit ?? this.split.train.length, this.split.train.length);
    return {
      name,
      classes: train.classes,
      available: { train: train.count, test: test.count },
      trained,
      trainable: this.split.train.length,
      validation: validation ?? this.split.validation.length,
      subset: trained < this.split.train.length,
      sha256: { train: train.sha256, test: test.sha256 },
    };
  }

  /** What will be done and how long it will take, before it starts. */
  private announce(speeds: readonly Speed[]): void {
    const { comparison } = this.state;
    const { data, epochs, pending, preset } = comparison;
    const images = data.subset ? `${count(data.trained)} of ${count(this.split.train.length)}` : count(data.trained);
    log(`${preset}: ${images} training images, ${epochs} epochs, ${count(data.validation)} images for validation`);
    for (const [i, { batch, stepSeconds }] of speeds.entries()) {
      const recipe = this.recipes[i]!;
      const { expectedSeconds } = pending.find(run => run.model === recipe.name)!;
      const step = `${(1000 * stepSeconds).toPrecision(3)} ms for a step of ${batch} images`;
      log(`  ${shortTitle(recipe)}: ${step}, about ${duration(expectedSeconds)} a run`);
    }
    const seconds = secondsOf(pending);
    log(`about ${duration(seconds)} in all; the report grows in ${this.reportPath()}`);
    if (preset === 'quick' && seconds > QUICK_SECONDS)
      log('that is more than quick plans for; fewer epochs, images or seeds take less');
  }

  private async train(data: GpuDataset): Promise<void> {
    const { protocol } = this.state;
    const { labels } = this.dataSet.train;
    const { engine, device, dataSet, signal } = this;
    const bench: Workbench = {
      ...{ engine, device, files: nodeFiles, dataSet, data, protocol, signal, version: weftVersion() },
      train: subset(this.split.train, labels, protocol.limit),
      validation: subset(this.split.validation, labels, protocol.validation),
    };
    while (this.state.comparison.pending.length > 0) {
      const { runs, pending } = this.state.comparison;
      const next = pending[0]!;
      const { model, title, seed } = next;
      const after = secondsOf(pending.slice(1));
      const left = `about ${duration(next.expectedSeconds + after)} left`;
      log(`${title}, seed ${seed} (${runs.length + 1} of ${runs.length + pending.length}, ${left})`);
      const training: TrainingOptions = { ...findModel(model).defaults, epochs: protocol.epochs, seed };
      const path = this.runPath(model, seed);
      const speed = this.state.speeds.find(one => one.model === model)!;
      const run = await runOne(bench, findModel(model), training, path, this.bar, { speed, secondsAfter: after });
      const comparison = { ...this.state.comparison, runs: [...runs, run], pending: pending.slice(1) };
      this.state = { ...this.state, variants: { ...this.engine.gpu.chooser.table }, comparison };
      await this.save();
      log(`${title}, seed ${seed}: ${(100 * run.test.accuracy).toFixed(2)} % of the test images; ${this.reportPath()}`);
    }
  }

  private reportPath(): string {
    return `${this.folder}/${COMPARISON_FILES.html}`;
  }

  private async save(): Promise<void> {
    const comparison = { ...this.state.comparison, updated: new Date().toISOString() };
    this.state = { ...this.state, comparison };
    await writeState(nodeFiles, this.folder, this.state);
    await writeComparison(nodeFiles, this.folder, comparison);
  }

  /** The result, on stdout. */
  report(json: boolean): void {
    const { comparison } = this.state;
    if (json) printJson({ ...withoutBytes(comparison), report: this.reportPath() });
    else print(`${describe(comparison)}\n\nreport: ${this.reportPath()}`);
  }
}

const secondsOf = (runs: readonly PlannedRun[]) => runs.reduce((sum, run) => sum + run.expectedSeconds, 0);

/** What people read at the end: a table, and the sentences that the numbers carry. */
function describe(comparison: Comparison): string {
  const models = summarize(comparison);
  const right = (title: string) => ({ title, align: 'right' as const });
  const results = table(
    [
      { title: 'model' },
      { title: 'test accuracy (95 %)' },
      right('test loss'),
      right('parameters'),
      right('FLOPs/image'),
      right('training'),
      right('images/s'),
    ],
    models.map(m => [
      m.title,
      accuracyText(m),
      m.loss.toFixed(4),
      count(m.parameters),
      magnitude(m.flopsPerImage),
      duration(m.seconds),
      count(m.imagesPerSecond),
    ]),
  );
  return [results, '', ...conclusions(comparison, models)].join('\n');
}

/** The comparison without what only its pictures and paired tests need. */
function withoutBytes(comparison: Comparison): object {
  const runs = comparison.runs.map(({ test, ...run }) => {
    const { labels: _, predictions: __, worst, ...rest } = test;
    return { ...run, test: { ...rest, worst: worst.map(({ picture: ___, ...mistake }) => mistake) } };
  });
  return { ...comparison, runs, conclusions: conclusions(comparison, summarize(comparison)) };
}

function commandLine(): string {
  return ['weft', ...process.argv.slice(2)].map(part => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${part}'`)).join(' ');
}

function versions(): Record<string, string> {
  const { version } = createRequire(import.meta.url)('webgpu/package.json') as { version: string };
  return { weft: weftVersion(), node: process.version, 'Dawn (npm webgpu)': version };
}
