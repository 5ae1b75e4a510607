import type { DataSet } from '../../data/dataset.ts';
import { FASHION_MNIST_TRAIN } from '../../data/fashion-mnist.ts';
import { GpuDataset } from '../../data/gpu-dataset.ts';
import { splitOf } from '../../data/split.ts';
import type { Recipe } from '../../models/index.ts';
import { ResumeError } from '../../platform/errors.ts';
import { nodeFiles } from '../../platform/node.ts';
import { ORIGINAL_STUDY } from '../../report/beside.ts';
import { completeComparison } from '../../report/complete.ts';
import { count, duration } from '../../report/format.ts';
import type { Comparison, DataReport, DeviceReport, FigureBeside, PlannedRun } from '../../report/types.ts';
import { COMPARISON_FILES, writeComparison } from '../../report/write.ts';
import type { Engine } from '../../tensor/engine.ts';
import { imagesToChange, picturesChanged } from '../../train/robustness.ts';
import { RunFolder } from '../../train/run-folder.ts';
import { rank } from '../../train/search.ts';
import { log, print, printJson } from '../output.ts';
import type { RecipeFile } from '../own-recipes.ts';
import { weftVersion } from '../package-json.ts';
import type { ProgressBar } from '../progress.ts';
import { checkSame, commandLine, versions } from '../provenance.ts';
import { describeComparison, withoutBytes } from './describe.ts';
import { makePlan, type Preset, protocolOf, type Wishes } from './presets.ts';
import type { Frame } from './questions.ts';
import { keyOf, type Plan, type Row, shortTitle } from './rows.ts';
import { judgeRun, runTrial, trainJob, type Workbench } from './run.ts';
import { scheduleRuns, secondsOf, trainingOf } from './schedule.ts';
import { figuresBeside, readFullResults } from './shipped.ts';
import { measureSpeed } from './speed.ts';
import { type ComparisonState, conditionsOf, newState, writeState } from './state.ts';
import {
  type Counts,
  imagesOf,
  type Protocol,
  QUICK_SECONDS,
  quickProtocol,
  SMALL_BATCH,
  type Speed,
} from './timing.ts';

/** What the session is given besides the engine. */
export interface Setting {
  readonly dataSet: DataSet;
  /** Of the comparison. */
  readonly folder: string;
  /** All that there are, and those that stand side by side. */
  readonly recipes: ReadonlyMap<string, Recipe>;
  readonly families: readonly Recipe[];
  /** Where a user's own among them come from. */
  readonly files: readonly RecipeFile[];
  /** What had to be left out before anything was planned. */
  readonly notes: readonly string[];
  readonly bar: ProgressBar;
  readonly signal: AbortSignal;
}

/** What all rows are trained on, and how fast their steps are so. */
interface Measured {
  readonly protocol: Protocol;
  readonly speeds: readonly Speed[];
}

/** One process's work on a comparison. */
export class Session {
  private readonly bench: Workbench;
  private readonly counts: Counts;
  private state!: ComparisonState;

  constructor(
    private readonly engine: Engine,
    private readonly setting: Setting,
  ) {
    const { device, description, software } = engine.gpu.device.info;
    const { dataSet, bar, signal } = setting;
    const report: DeviceReport = { adapter: device, driver: description, software };
    this.bench = { engine, device: report, files: nodeFiles, dataSet, version: weftVersion(), bar, signal };
    const { train, validation } = splitOf(dataSet.train);
    const test = dataSet.test.count + picturesChanged(imagesToChange(dataSet.test.count, software));
    this.counts = { train: train.length, validation: validation.length, test };
  }

  /** Measures, plans, says how long it will take, and trains. */
  async begin(preset: Preset, wishes: Wishes): Promise<void> {
    const { device } = this.bench;
    // Which models there are does not hang on how many images they get; and what is in the way is known before measuring.
    const fixed = preset === 'quick' ? undefined : protocolOf(preset, wishes);
    await this.refuseForeignRuns(this.plan(preset, fixed ?? {}, wishes).rows);
    const { protocol, speeds } = fixed ? await this.measured(preset, fixed, wishes) : await this.chooseQuick(wishes);
    const plan = this.plan(preset, protocol, wishes);
    await this.refuseForeignRuns(plan.rows);
    const now = new Date().toISOString();
    const { allow, table } = this.engine.gpu.chooser;
    const headline = [...new Set(plan.rows.filter(row => row.purpose.includes('headline')).map(({ id }) => id))];
    this.state = newState({
      ...{ plan, speeds, allow, variants: { ...table }, files: this.setting.files },
      comparison: {
        ...{ preset, headline, questions: plan.questions, trials: [], notes: plan.notes },
        command: commandLine(),
        versions: versions(),
        data: this.describeData(protocol),
        device,
        epochs: Math.max(...plan.rows.map(row => trainingOf(this.recipe(row), row).epochs)),
        runs: [],
        beside: await this.beside(preset, protocol),
        pending: this.schedule(plan, speeds),
        started: now,
        updated: now,
      },
    });
    await this.save();
    this.announce();
    await this.train();
  }

  /** As many images as there is time for, by steps that were timed with as many images as they will have. */
  private async chooseQuick(wishes: Wishes): Promise<Measured> {
    // A processor has time for a small subset only, a GPU for all; if it turns out otherwise, that is timed too.
    const likely: Protocol = this.engine.caps.software ? { batch: SMALL_BATCH } : {};
    const { speeds } = await this.measured('quick', likely, wishes);
    const choose = (speeds: readonly Speed[]): Protocol => {
      const cost = (protocol: Protocol) => secondsOf(this.schedule(this.plan('quick', protocol, wishes), speeds));
      return quickProtocol(cost, this.counts, wishes);
    };
    const protocol = choose(speeds);
    if (protocol.batch === likely.batch) return { protocol, speeds };
    const anew = await this.measured('quick', protocol, wishes);
    return { ...anew, protocol: choose(anew.speeds) };
  }

  private async measured(preset: Preset, protocol: Protocol, wishes: Wishes): Promise<Measured> {
    return { protocol, speeds: await this.measure(this.plan(preset, protocol, wishes)) };
  }

  private plan(preset: Preset, protocol: Protocol, wishes: Wishes): Plan {
    const { recipes, families, notes } = this.setting;
    const frame: Frame = { recipes, families, protocol, counts: this.counts };
    const plan = makePlan(preset, frame, wishes);
    return { ...plan, notes: [...notes, ...plan.notes] };
  }

  /** Figures of the study, and of whole trainings where this one is on a part of the images. */
  private async beside(preset: Preset, protocol: Protocol): Promise<FigureBeside[]> {
    const { sha256 } = this.setting.dataSet.train;
    const study = preset === 'seed' && sha256 === FASHION_MNIST_TRAIN ? ORIGINAL_STUDY : [];
    if (imagesOf(protocol, this.counts).train >= this.counts.train) return [...study];
    return [...study, ...figuresBeside(await readFullResults(), sha256)];
  }

  /** What another command trained, with its own epochs and images, must not pass for a part of this comparison. */
  private async refuseForeignRuns(rows: readonly Row[]): Promise<void> {
    for (const path of rows.map(row => this.pathOf(row))) {
      if (!(await new RunFolder(nodeFiles, path).isTaken())) continue;
      throw new ResumeError(
        `${path}: holds a run that is not of this comparison; name another folder with --out, or move the run away`,
      );
    }
  }

  async resume(state: ComparisonState): Promise<void> {
    const { folder, dataSet } = this.setting;
    const { train, test } = dataSet;
    const data = { ...state.comparison.data, sha256: { train: train.sha256, test: test.sha256 } };
    const now = { device: this.bench.device, data, versions: versions() };
    checkSame(folder, conditionsOf(state.comparison), conditionsOf(now));
    this.state = state;
    const { runs, pending, trials } = state.comparison;
    const done = runs.length + trials.length;
    log(`going on in ${folder}: ${done} of ${done + pending.length} runs are done`);
    await this.train();
  }

  /** Times each model once, whatever rows it has: what they change costs next to nothing. */
  private async measure({ rows }: Plan): Promise<Speed[]> {
    const { bar, signal } = this.setting;
    using data = new GpuDataset(this.engine, this.setting.dataSet.train);
    const speeds: Speed[] = [];
    for (const row of new Map(rows.map(row => [row.recipe, row])).values()) {
      const recipe = this.recipe(row);
      log(`timing a few steps of the ${shortTitle(recipe)} on ${this.bench.device.adapter}`);
      const onCompile = (done: number, total: number) => bar.status(`compiling kernels ${done}/${total}`);
      const training = trainingOf(recipe, row);
      speeds.push(await measureSpeed(this.engine, recipe, data, { training, signal, onCompile }));
      bar.clear();
    }
    return speeds;
  }

  private recipe(row: Pick<Row, 'recipe'>): Recipe {
    return this.setting.recipes.get(row.recipe)!;
  }

  private pathOf(row: Pick<Row, 'id' | 'seed'>): string {
    return `${this.setting.folder}/${keyOf(row)}`;
  }

  private schedule(plan: Plan, speeds: readonly Speed[]): PlannedRun[] {
    return scheduleRuns(plan.rows, this.setting.recipes, speeds, this.counts);
  }

  private describeData(protocol: Protocol): DataReport {
    const { name, train, test } = this.setting.dataSet;
    const images = imagesOf(protocol, this.counts);
    return {
      name,
      classes: train.classes,
      available: { train: train.count, test: test.count },
      trained: images.train,
      trainable: this.counts.train,
      validation: images.validation,
      subset: images.train < this.counts.train,
      sha256: { train: train.sha256, test: test.sha256 },
    };
  }

  /** What will be done and how long it will take, before it starts. */
  private announce(): void {
    const { comparison, speeds, plan } = this.state;
    const { data, pending, preset, notes } = comparison;
    const images = data.subset ? `${count(data.trained)} of ${count(data.trainable)}` : count(data.trained);
    log(`${preset}: ${images} training images, ${count(data.validation)} images for validation`);
    for (const { model, batch, stepSeconds } of speeds) {
      const step = `${(1000 * stepSeconds).toPrecision(3)} ms for a step of ${batch} images`;
      const runs = pending.filter(run => run.model === model);
      const many = runs.length === 1 ? '1 run' : `${runs.length} runs`;
      log(`  ${shortTitle(this.recipe({ recipe: model }))}: ${step}, ${many}, about ${duration(secondsOf(runs))}`);
    }
    for (const { asks, contrasts } of plan.questions) {
      log(`  asks: ${asks} (${contrasts.length === 1 ? '1 contrast' : `${contrasts.length} contrasts`})`);
    }
    for (const note of notes) log(`  note: ${note}`);
    log(`about ${duration(secondsOf(pending))} in all; the report grows in ${this.reportPath()}`);
    if (preset === 'quick' && secondsOf(pending) > QUICK_SECONDS)
      log('that is more than quick plans for; fewer epochs, images or seeds take less');
  }

  private async train(): Promise<void> {
    const { plan } = this.state;
    const all = plan.rows.length;
    while (this.state.comparison.pending.length > 0) {
      const { pending } = this.state.comparison;
      const [next, ...rest] = pending;
      const row = plan.rows.find(one => one.id === next!.row && one.seed === next!.seed)!;
      const left = `about ${duration(secondsOf(pending))} left`;
      log(`${next!.title}, seed ${row.seed} (${all - rest.length} of ${all}, ${left})`);
      const comparison = await this.trainRow(row, secondsOf(rest));
      const variants = { ...this.engine.gpu.chooser.table };
      this.state = { ...this.state, variants, comparison: { ...comparison, pending: rest } };
      await this.save();
    }
  }

  /** The comparison with this row's result in it. */
  private async trainRow(row: Row, secondsAfter: number): Promise<Comparison> {
    const { comparison, speeds } = this.state;
    const recipe = this.recipe(row);
    const training = trainingOf(recipe, { ...row, overrides: this.settingsOf(row) });
    const speed = speeds.find(({ model }) => model === row.recipe)!;
    const job = { recipe, row, training, speed, secondsAfter, path: this.pathOf(row) };
    if (row.trial !== undefined) {
      const result = await runTrial(this.bench, job);
      const { id, trial: group, title } = row;
      log(`${title}, trial: ${(100 * result.valAccuracy).toFixed(2)} % of the validation images`);
      const trial = { row: id, group, title, settings: { 'learning rate': training.learningRate }, ...result };
      return { ...comparison, trials: [...comparison.trials, trial] };
    }
    const judged = { ...job, tested: true, comparison: this.setting.folder };
    const run = await trainJob(this.bench, judged, trained => judgeRun(this.bench, judged, trained));
    log(`${row.title}, seed ${row.seed}: ${(100 * run.test.accuracy).toFixed(2)} % of the test images`);
    return { ...comparison, runs: [...comparison.runs, run] };
  }

  /** What the row changes, or the best of its trials changed. */
  private settingsOf(row: Row): Row['overrides'] {
    const { comparison, plan } = this.state;
    const best = rank(comparison.trials.filter(({ group }) => group === row.chosenFrom))[0];
    return best ? plan.rows.find(({ id }) => id === best.row)!.overrides : row.overrides;
  }

  private reportPath(): string {
    return `${this.setting.folder}/${COMPARISON_FILES.html}`;
  }

  private async save(): Promise<void> {
    const updated = { ...this.state.comparison, updated: new Date().toISOString() };
    const comparison = completeComparison(updated, this.setting.dataSet);
    this.state = { ...this.state, comparison };
    await writeState(nodeFiles, this.setting.folder, this.state);
    await writeComparison(nodeFiles, this.setting.folder, comparison);
  }

  /** The result, on stdout. */
  report(json: boolean): void {
    const { comparison } = this.state;
    if (json) printJson({ ...withoutBytes(comparison), report: this.reportPath() });
    else print(`${describeComparison(comparison)}\n\nreport: ${this.reportPath()}`);
  }
}
