import type { RelabelledExamples } from '../data/relabelled.ts';
import type { Model } from '../nn/index.ts';
import type { TrainingOptions } from './config.ts';
import { Course } from './course.ts';
import { type Edit, type Settings, settingsAfter } from './edits.ts';
import { checkArrays, type Place } from './failures.ts';
import type { FitData } from './fit-options.ts';
import type { TrainStep } from './step.ts';
import { type StepMetrics, StepWatch } from './step-watch.ts';
import type { Moment, Timeline } from './timeline.ts';

/** Where a training stands. */
export interface Position {
  /** Steps that were made. */
  readonly step: number;
  /** The epoch of the latest step, from 1. */
  readonly epoch: number;
  /** Steps of that epoch that were made; 0 only before the first of all. */
  readonly stepInEpoch: number;
  readonly stepsPerEpoch: number;
  /** The last step that has been recorded: larger than `step` after going back. */
  readonly head: number;
}

export interface RunOptions {
  /** Ends the run after the step under way: a pause. */
  readonly signal?: AbortSignal | undefined;
  /** After every step, a little later than it was made: nothing waits for it. */
  readonly onStep?: ((metrics: StepMetrics) => void) | undefined;
}

/** What has happened in a training, and what is going to. */
export interface Recorded {
  readonly timeline: Timeline;
  readonly history: readonly StepMetrics[];
  readonly edits: readonly Edit[];
}

/** Moves a training along its timeline, forth by steps and back to kept moments, and makes the edits it comes by. */
export class Track {
  readonly timeline: Timeline;
  private readonly watch: StepWatch;
  private readonly course: Course;
  private made = 0;
  private all: readonly Edit[];
  private current: Settings;

  constructor(
    private readonly model: Model,
    private readonly data: FitData,
    /** What the step was compiled for: `data.data` with labels that can be changed. */
    private readonly examples: RelabelledExamples,
    private readonly step: TrainStep,
    private readonly training: TrainingOptions,
    { timeline, history, edits }: Recorded,
  ) {
    this.timeline = timeline;
    this.watch = new StepWatch(step, history);
    this.course = new Course(step, data.train, training);
    this.all = sorted(edits);
    this.current = settingsAfter([], training.learningRate, model.dropouts);
  }

  get position(): Position {
    const { made: step, head } = this;
    const { stepsPerEpoch } = this.course;
    // At the end of an epoch it is that epoch, not the next one.
    const before = Math.max(0, Math.ceil(step / stepsPerEpoch) - 1);
    return { step, epoch: before + 1, stepInEpoch: step - before * stepsPerEpoch, stepsPerEpoch, head };
  }

  private get head(): number {
    return Math.max(this.made, this.watch.history.length);
  }

  get history(): readonly StepMetrics[] {
    return this.watch.history;
  }

  get totals(): { readonly loss: number; readonly accuracy: number } {
    return this.watch.totals;
  }

  get edits(): readonly Edit[] {
    return this.all;
  }

  get settings(): Settings {
    return this.current;
  }

  get nextBatch(): ReturnType<Course['at']> {
    return this.course.at(this.made + 1);
  }

  /** What the arrays are now. */
  async present(): Promise<Moment> {
    return { step: this.made, arrays: await this.step.readArrays() };
  }

  /** Makes steps until so many were made, or until it is told to pause. */
  async advance(target: number, { signal, onStep }: RunOptions = {}): Promise<void> {
    while (this.made < target && !signal?.aborted) {
      const step = this.made + 1;
      const beginsEpoch = this.made % this.course.stepsPerEpoch === 0;
      // Not when an epoch ends: whoever stops there wants to see what it came to.
      if (beginsEpoch) this.step.resetTotals();
      await this.course.run(step);
      this.made = step;
      await this.watch.look(step, beginsEpoch, this.place(), onStep);
      if (this.timeline.wants(step)) await this.keep();
      if (this.all.some(edit => edit.step === step)) await this.arrive();
    }
    await this.watch.settle();
  }

  private async keep(): Promise<void> {
    // What is not finite is nothing to go back to.
    await this.watch.settle();
    const moment = await this.present();
    checkArrays(moment.arrays, this.place());
    this.timeline.add(moment);
  }

  /** Goes to where it was after `step` steps, from the nearest kept moment before or from where it is. */
  async goTo(step: number, options: RunOptions): Promise<void> {
    const moment = this.timeline.before(step);
    if (step < this.made || moment.step > this.made || this.watch.hasFailed) await this.restore(moment);
    await this.advance(step, options);
  }

  async restore({ step, arrays }: Moment): Promise<void> {
    this.step.writeArrays(arrays);
    this.made = step;
    await this.watch.restart();
    await this.arrive();
  }

  /** Makes an edit at this step, behind which there is nothing then: neither what was recorded nor what was planned. */
  async edit(edit: Edit): Promise<void> {
    this.timeline.cut(this.made);
    this.watch.cut(this.made);
    this.all = [...this.all.filter(({ step }) => step <= this.made), edit];
    await this.arrive();
  }

  /** Makes everything hold that was edited up to this step. A second time it changes nothing. */
  async arrive(): Promise<void> {
    const { made, model, training, step, examples } = this;
    const edits = this.all.filter(edit => edit.step <= made);
    const before = this.current;
    this.current = settingsAfter(edits, training.learningRate, model.dropouts);
    const { learningRate, dropout, labels } = this.current;
    this.course.setLearningRate(learningRate);
    examples.labels.set(this.data.data.labels);
    for (const [example, label] of labels) examples.labels[example] = label;
    const drops = Object.entries(dropout).some(([layer, rate]) => rate !== before.dropout[layer]);
    if (drops) await step.setDropout(dropout);
    for (const edit of edits) {
      // Those of earlier steps are in the weights.
      if (edit.kind === 'parameter' && edit.step === made) await step.writeParameter(edit.name, edit.values, edit.at);
    }
  }

  private place(): Place {
    const { epoch, stepInEpoch: step, stepsPerEpoch } = this.position;
    const { learningRate } = this.current;
    return { epoch, step, stepsPerEpoch, learningRate, folder: undefined, finished: epoch - 1 };
  }
}

/** By step; those of one step stay in their order. */
function sorted(edits: readonly Edit[]): Edit[] {
  return [...edits].sort((a, b) => a.step - b.step);
}
