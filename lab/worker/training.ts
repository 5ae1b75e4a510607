import { Batches, confusionMatrix, DeviceLostError, Evaluator, type Model, NumericError } from '../../src/index.ts';
import { type Arrays, type EpochTotals, TrainStep } from '../../src/train/step.ts';
import type { Network, TrainingSettings } from '../network.ts';
import type { Events, Judged, Moment, TrainingState } from '../protocol.ts';
import type { Lab } from './lab.ts';

/** Where training stood, with all that it needs to go on. */
export interface Saved {
  readonly step: number;
  readonly learningRate: number;
  readonly arrays: Arrays;
}

/** Milliseconds between two looks at loss and accuracy, and between two pictures of what is looked at. */
const LOOK_EVERY = 200;
/** Steps between two checkpoints that a lost device or a NaN falls back to. */
const CHECKPOINT_EVERY = 50;
/** Held-back pictures that are looked at after an epoch where a processor plays the GPU. */
const JUDGED = { software: 500, gpu: 5000 };

/** Trains the lab's model step by step, in turns with everything else that uses the engine. */
export class Training implements Disposable {
  private learningRate: number;
  private step = 0;
  /** Steps that are still to be made. */
  private left = 0;
  private running: Promise<void> | undefined;
  private before: EpochTotals | undefined;
  private lastLook = 0;
  private lastPaint = 0;
  private saved: Saved | undefined;
  private imagesPerSecond: number | undefined;
  private moments: Moment[] = [];
  private judgements: Judged[] = [];

  private constructor(
    private readonly lab: Lab,
    settings: TrainingSettings,
    private readonly batches: Batches,
    private readonly trainStep: TrainStep,
    private readonly evaluator: Evaluator,
  ) {
    this.learningRate = settings.learningRate;
  }

  static async make(lab: Lab, model: Model, network: Network, saved?: Saved): Promise<Training> {
    const { training: settings, seed } = network;
    const { pictures } = lab.bench;
    const dataset = pictures.dataset!;
    const options = { ...settings, epochs: 1, schedule: 'constant', seed } as const;
    const step = await TrainStep.compile(model, dataset, options);
    const evaluator = await Evaluator.compile(model, dataset, { batch: 50 });
    const batches = new Batches(pictures.packed.split.train, { batch: settings.batch, seed });
    const training = new Training(lab, settings, batches, step, evaluator);
    if (saved) training.restore(saved);
    return training;
  }

  get state(): TrainingState {
    return {
      running: this.running !== undefined,
      step: this.step,
      stepsPerEpoch: this.batches.stepsPerEpoch,
      learningRate: this.learningRate,
      dropout: undefined,
      imagesPerSecond: this.running && this.imagesPerSecond,
    };
  }

  get history(): Events['history'] {
    return { moments: this.moments, judged: this.judgements };
  }

  /** The latest checkpoint. */
  get latest(): Saved | undefined {
    return this.saved;
  }

  /** Makes so many steps, or goes on until it is paused. Settles when it stands. */
  async run(steps: number): Promise<void> {
    this.left = steps;
    this.running ??= this.loop().finally(() => {
      this.running = undefined;
      this.tell();
    });
    this.tell();
    await this.running;
  }

  pause(): void {
    this.left = 0;
  }

  setLearningRate(learningRate: number): void {
    this.learningRate = learningRate;
    this.tell();
  }

  private tell(): void {
    this.lab.update({ training: this.state });
  }

  private async loop(): Promise<void> {
    try {
      while (this.left > 0) await this.lab.turns.take(() => this.advance());
    } catch (error) {
      if (error instanceof NumericError) await this.lab.turns.take(() => this.fallBack(error));
      // The lab opens another device and goes on from the latest checkpoint.
      else if (!(error instanceof DeviceLostError)) throw error;
    }
  }

  /** One step, and what is due after it. */
  private async advance(): Promise<void> {
    if (this.left <= 0) return;
    this.left--;
    const { stepsPerEpoch } = this.batches;
    const { epoch, step } = this.batches.after(this.step);
    const { indices, rows } = this.batches.at(epoch, step);
    await this.trainStep.run(indices, rows, ++this.step, this.learningRate);
    const now = performance.now();
    const ends = this.step % stepsPerEpoch === 0;
    if (ends || this.left === 0 || now - this.lastLook >= LOOK_EVERY) await this.look(now);
    if (this.left === 0 || now - this.lastPaint >= LOOK_EVERY) {
      this.lastPaint = now;
      await this.lab.refresh();
    }
    if (ends) {
      this.trainStep.resetTotals();
      this.before = undefined;
      await this.judge();
    }
    if (this.step % CHECKPOINT_EVERY === 0) await this.save();
  }

  /** Tells loss and accuracy of the steps since the look before. @throws NumericError */
  private async look(now: number): Promise<void> {
    const totals = await this.trainStep.totals();
    if (totals.notFinite || totals.gradientNotFinite) {
      throw new NumericError(`step ${this.step}: the loss or a gradient became NaN or infinite`);
    }
    const { before } = this;
    const rows = totals.rows - (before?.rows ?? 0);
    if (rows === 0) return;
    const since = (part: 'loss' | 'accuracy') =>
      (totals[part] * totals.rows - (before ? before[part] * before.rows : 0)) / rows;
    const seconds = (now - this.lastLook) / 1000;
    this.imagesPerSecond = rows / seconds;
    const moment = { step: this.step, loss: since('loss'), accuracy: since('accuracy') };
    this.moments.push(moment);
    this.lab.emit('moments', [moment]);
    this.before = totals;
    this.lastLook = now;
    this.tell();
  }

  /** Looks at held-back pictures and tells how many are recognised. In a turn. */
  async judge(): Promise<void> {
    const { engine, pictures } = this.lab.bench;
    const count = engine.caps.software ? JUDGED.software : JUDGED.gpu;
    const { loss, accuracy, labels, predictions } = await this.evaluator.run(
      pictures.packed.split.validation.subarray(0, count),
    );
    const confusion = confusionMatrix(labels, predictions, pictures.packed.data.classes.length);
    const judged = { step: this.step, loss, accuracy, confusion };
    this.judgements.push(judged);
    this.lab.emit('judged', judged);
  }

  private async save(): Promise<void> {
    this.saved = { step: this.step, learningRate: this.learningRate, arrays: await this.trainStep.readArrays() };
  }

  private restore(saved: Saved): void {
    this.saved = saved;
    this.step = saved.step;
    this.learningRate = saved.learningRate;
    this.trainStep.writeArrays(saved.arrays);
    this.before = undefined;
  }

  private fallBack(error: NumericError): void {
    const { saved } = this;
    if (saved) this.restore(saved);
    const where = saved ? `The weights of step ${saved.step} are back` : 'Start the network anew';
    this.lab.emit('notice', {
      kind: 'problem',
      title: 'Numbers ran away',
      text: `${error.message}. ${where}; go on with a smaller learning rate.`,
    });
  }

  [Symbol.dispose](): void {
    this.pause();
    this.evaluator[Symbol.dispose]();
    this.trainStep[Symbol.dispose]();
  }
}
