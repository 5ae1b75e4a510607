import type { DataSet } from '../../data/dataset.ts';
import { GpuDataset } from '../../data/gpu-dataset.ts';
import { type Selection, select } from '../../data/selection.ts';
import { splitOf } from '../../data/split.ts';
import type { VariantTable } from '../../kernels/choose.ts';
import type { Trade } from '../../kernels/spec.ts';
import type { Recipe } from '../../models/index.ts';
import { makeOptimizer } from '../../optim/index.ts';
import { FileError } from '../../platform/errors.ts';
import { nodeFiles } from '../../platform/node.ts';
import type { FileStore } from '../../platform/platform.ts';
import { count, duration, epochs as epochsOf, percent } from '../../report/format.ts';
import {
  ranked,
  type SweepReport,
  sweepHtml,
  sweepSentence,
  sweepSvg,
  totalTrials,
  trialColumns,
  trialName,
  trialRow,
} from '../../report/sweep.ts';
import type { Engine } from '../../tensor/engine.ts';
import { withSettings } from '../../train/config.ts';
import { overridesOf } from '../../train/search.ts';
import { runTrial, type Workbench } from '../compare/run.ts';
import { measureSpeed } from '../compare/speed.ts';
import { type Counts, expectedSeconds, type Speed, watched } from '../compare/timing.ts';
import { log, print, printJson, table } from '../output.ts';
import type { RecipeFile } from '../own-recipes.ts';
import { weftVersion } from '../package-json.ts';
import { fromTyped } from '../parse.ts';
import type { ProgressBar } from '../progress.ts';
import { checkSame, commandLine, versions } from '../provenance.ts';
import { nextTrial, type SweepPlan, settingsOf } from './plan.ts';

const FORMAT = 'weft sweep 1';

/** A search as its folder keeps it. */
export interface SweepState {
  readonly format: typeof FORMAT;
  /** Name of the recipe, and the file it comes from where it is a user's own. */
  readonly recipe: string;
  readonly file?: RecipeFile;
  readonly selection: Selection;
  readonly speed: Speed;
  readonly variants: VariantTable;
  readonly allow: readonly Trade[];
  readonly report: SweepReport;
}

/** Training images when nothing is said: a search compares settings, and most of what it learns it learns with few. */
export const LIMIT = 6_000;

const STATE_FILE = 'sweep.json';

/** The search in a folder; undefined when there is none. @throws FileError when it is damaged. */
export async function readSweep(files: FileStore, folder: string): Promise<SweepState | undefined> {
  const where = `${folder}/${STATE_FILE}`;
  if (!(await files.exists(where))) return undefined;
  const text = new TextDecoder().decode(await files.read(where));
  try {
    const state = JSON.parse(text) as SweepState;
    if (state.format !== FORMAT || !Array.isArray(state.report?.trials)) throw new Error('parts missing');
    return state;
  } catch (cause) {
    throw new FileError(`${where}: not a search of this version, or damaged; start a new one with another --out`, {
      cause,
    });
  }
}

/** What a search is begun with. */
export interface SweepStart {
  readonly plan: SweepPlan;
  readonly selection: Selection;
  readonly file?: RecipeFile | undefined;
}

/** One process's work on a search. */
export class SweepSession {
  private readonly bench: Workbench;
  private readonly counts: Counts;
  private state!: SweepState;

  constructor(
    private readonly engine: Engine,
    private readonly dataSet: DataSet,
    private readonly folder: string,
    private readonly recipe: Recipe,
    bar: ProgressBar,
    signal: AbortSignal,
  ) {
    const { device, description, software } = engine.gpu.device.info;
    const report = { adapter: device, driver: description, software };
    this.bench = { engine, device: report, files: nodeFiles, dataSet, version: weftVersion(), bar, signal };
    const { train, validation } = splitOf(dataSet.train);
    this.counts = { train: train.length, validation: validation.length, test: 0 };
  }

  /**
   * Images of every trial; no more than there are, unless somebody names a number that is.
   * @throws UsageError when that is too high.
   */
  selectionOf(limit: number | undefined): Selection {
    const chosen = limit ?? Math.min(LIMIT, this.counts.train);
    fromTyped(() => select(this.dataSet.train, { limit: chosen }));
    return { limit: chosen, ...watched(chosen, this.counts) };
  }

  /** Measures, says how long it will take, and trains. */
  async begin({ plan, selection, file }: SweepStart): Promise<void> {
    const { bar, signal, device } = this.bench;
    const { defaults, name, title } = this.recipe;
    // A trial that cannot be is known before the first is trained.
    for (let trial = 0; trial < plan.rungs[0]!.trials; trial++) {
      fromTyped(() => makeOptimizer(this.trainingOf(plan, trial, 1)));
    }
    log(`timing a few steps of ${title} on ${device.adapter}`);
    using data = new GpuDataset(this.engine, this.dataSet.train);
    const onCompile = (done: number, total: number) => bar.status(`compiling kernels ${done}/${total}`);
    const training = { ...defaults, seed: plan.seed };
    const speed = await measureSpeed(this.engine, this.recipe, data, { training, signal, onCompile });
    bar.clear();
    const now = new Date().toISOString();
    const { allow, table: variants } = this.engine.gpu.chooser;
    const { train } = this.dataSet;
    this.state = {
      ...{ format: FORMAT, recipe: name, selection, speed, allow, variants: { ...variants } },
      ...(file && { file }),
      report: {
        ...{ title, device, ...plan, trials: [] },
        images: Math.min(selection.limit ?? this.counts.train, this.counts.train),
        validation: selection.validation ?? this.counts.validation,
        data: { name: this.dataSet.name, sha256: train.sha256 },
        versions: versions(),
        command: commandLine(),
        started: now,
        updated: now,
      },
    };
    await this.save();
    await this.train();
  }

  /** @throws ResumeError when device, data or version are not what the search began with. */
  async resume(state: SweepState): Promise<void> {
    const { report } = state;
    const then = { weft: report.versions.weft ?? '', device: report.device, data: dataHash(report.data.sha256) };
    const { version: weft, device } = this.bench;
    checkSame(this.folder, then, { weft, device, data: dataHash(this.dataSet.train.sha256) });
    this.state = state;
    log(`going on in ${this.folder}: ${report.trials.length} of ${totalTrials(report.rungs)} trainings are done`);
    await this.train();
  }

  private trainingOf(plan: SweepPlan, trial: number, epochs: number) {
    const settings = overridesOf(settingsOf(plan, trial));
    return { ...withSettings(this.recipe.defaults, { ...settings, epochs }), seed: plan.seed };
  }

  /** Seconds of all trainings that are not done yet, this one with them. */
  private secondsLeft(): number {
    const { report, selection, speed } = this.state;
    return report.rungs.reduce((sum, { trials, epochs }, rung) => {
      const left = trials - report.trials.filter(trial => trial.rung === rung).length;
      return sum + left * expectedSeconds(speed, { ...selection, epochs, tested: false }, this.counts);
    }, 0);
  }

  private async train(): Promise<void> {
    const { selection, speed, report } = this.state;
    const total = totalTrials(report.rungs);
    log(
      `${report.method}: ${total} trainings with ${count(report.images)} images, about ${duration(this.secondsLeft())}`,
    );
    for (;;) {
      const { report } = this.state;
      const next = nextTrial(report, report.trials);
      if (!next) return;
      const { trial, rung, epochs } = next;
      const settings = settingsOf(report, trial);
      const shown = Object.entries(settings).map(([key, value]) => `${key} ${value}`);
      const which = `trial ${trialName(next)} (${report.trials.length + 1} of ${total})`;
      log(`${which}: ${[...shown, epochsOf(epochs)].join(', ')}; about ${duration(this.secondsLeft())} left`);
      const training = this.trainingOf(report, trial, epochs);
      const own = expectedSeconds(speed, { ...selection, epochs, tested: false }, this.counts);
      const result = await runTrial(this.bench, {
        ...{ recipe: this.recipe, row: selection, training, speed },
        path: `${this.folder}/trial${trial}-${epochs}epochs`,
        secondsAfter: this.secondsLeft() - own,
      });
      const done = { trial, rung, epochs, settings, ...result };
      const variants = { ...this.engine.gpu.chooser.table };
      this.state = { ...this.state, variants, report: { ...report, trials: [...report.trials, done] } };
      await this.save();
      log(`trial ${trialName(next)}: ${percent(result.valAccuracy)} of the validation images; ${this.pagePath()}`);
    }
  }

  private pagePath(): string {
    return `${this.folder}/sweep.html`;
  }

  private async save(): Promise<void> {
    const report = { ...this.state.report, updated: new Date().toISOString() };
    this.state = { ...this.state, report };
    await nodeFiles.write(`${this.folder}/${STATE_FILE}`, `${JSON.stringify(this.state)}\n`);
    await nodeFiles.write(`${this.folder}/sweep.svg`, sweepSvg(report));
    await nodeFiles.write(this.pagePath(), sweepHtml(report));
  }

  /** The result, on stdout. */
  report(json: boolean): void {
    const { report } = this.state;
    const trials = ranked(report.trials);
    if (json) {
      printJson({ ...report, trials, best: trials[0], page: this.pagePath() });
      return;
    }
    const columns = trialColumns(report.space).map(title => ({ title, align: 'right' as const }));
    const rows = trials.map(trial => trialRow(report, trial));
    print(`${table(columns, rows)}\n\n${sweepSentence(report)}\n\npage: ${this.pagePath()}`);
  }
}

const dataHash = (sha256: string) => ({ 'the training data': sha256 });
