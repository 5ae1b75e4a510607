/**
 * Trains a model:
 *
 *     const result = await fit(model, { data, train: split.train, validation: split.validation }, {
 *       training: { ...recipe.defaults, seed: 1 },
 *       onEpoch: metrics => console.log(metrics),
 *     });
 *
 * With a `folder` the run is kept there after every epoch and can be resumed to the bit.
 */
import type { Model } from '../nn/index.ts';
import { InterruptedError, ResumeError, ValueError } from '../platform/errors.ts';
import type { Checkpoint, RunPosition } from './checkpoint.ts';
import type { TrainingOptions } from './config.ts';
import { Course } from './course.ts';
import type { Evaluator } from './evaluate.ts';
import type { EpochMetrics, StepProgress } from './events.ts';
import { checkArrays, checkTotals, interruptedError, numericError, type Place } from './failures.ts';
import type { FitData, FitOptions, FitResult } from './fit-options.ts';
import { prepareRun } from './prepare.ts';
import { hashProgram } from './program.ts';
import type { Arrays, EpochTotals, TrainStep } from './step.ts';
import { encodeModel, type UsedArrays, writeModel } from './used-arrays.ts';

export type { FitData, FitOptions, FitResult };

/** Milliseconds between two looks at loss and accuracy. */
const LOOK_EVERY = 250;

/**
 * Trains until the last epoch or until early stopping ends it. The model then has the weights to be used: the last
 * epoch's, the best epoch's with `patience`, the averaged ones with `emaDecay`.
 *
 * @throws InterruptedError when `signal` fires; NumericError when loss, gradients or weights stop being finite;
 *   ResumeError when the checkpoint does not fit; FileError when the folder cannot be written. The folder's checkpoint is
 *   whole in every case.
 */
export async function fit(model: Model, data: FitData, options: FitOptions): Promise<FitResult> {
  const { training } = options;
  if (training.patience !== undefined && !data.validation) {
    throw new ValueError('fit: early stopping needs validation images; give some, or leave patience out');
  }
  using prepared = await prepareRun(model, data.data, training, {
    evaluate: data.validation !== undefined,
    ...(options.onCompile && { progress: options.onCompile }),
  });
  const { step, evaluator } = prepared;
  checkInterrupt(options);
  const program = await hashProgram([...step.compiled, ...(evaluator ? [evaluator.compiled] : [])]);
  if (options.resume) {
    // First what names the tensor that does not fit: it says more than two hashes.
    step.checkArrays(options.resume.arrays);
    checkProgram(options.resume, program, options.folder?.path ?? 'checkpoint');
  }
  await options.onReady?.(program);
  return await new Run(model, data, options, step, evaluator, program).go();
}

/** @throws ResumeError when this version of weft, or this adapter, computes the run in another way. */
function checkProgram({ position }: Checkpoint, program: string, where: string): void {
  if (position.program === program) return;
  throw new ResumeError(
    `${where}: cannot resume: the program of its steps was '${position.program}', is '${program}', so the bits would ` +
      'differ; use the version of weft and the adapter it was started with, or start a new run',
  );
}

function checkInterrupt({ signal }: FitOptions): void {
  if (signal?.aborted) throw new InterruptedError('training: interrupted before its first step; nothing was changed');
}

/** The best epoch so far, kept on the host: early stopping needs it once, at the end. */
interface Best {
  readonly epoch: number;
  readonly loss: number;
  readonly arrays: UsedArrays;
}

class Run {
  private readonly course: Course;
  private readonly training: TrainingOptions;
  private epoch = 1;
  private stepInEpoch = 0;
  private step = 0;
  /** Of the epoch under way: before the present process, and when the present one began with it. */
  private secondsBefore = 0;
  private since = 0;
  private history: EpochMetrics[] = [];
  private best: Best | undefined;
  private lastLook = 0;
  private look: Promise<void> | undefined;
  private failure: unknown;

  constructor(
    private readonly model: Model,
    private readonly data: FitData,
    private readonly options: FitOptions,
    private readonly trainStep: TrainStep,
    private readonly evaluator: Evaluator | undefined,
    private readonly program: string,
  ) {
    this.training = options.training;
    this.course = new Course(trainStep, data.train, this.training);
  }

  async go(): Promise<FitResult> {
    const { epochs } = this.training;
    if (this.options.resume) this.restore(this.options.resume);
    while (this.epoch <= epochs && !this.isExhausted()) {
      this.since = performance.now();
      try {
        await this.trainEpoch();
        await this.endEpoch();
      } catch (error) {
        if (error instanceof InterruptedError) await this.saveInterrupted();
        throw error;
      } finally {
        // Nothing may be left under way when the step's buffers go.
        await this.look?.catch(() => {});
      }
    }
    return await this.finish();
  }

  /** The steps of one epoch. Nothing in this loop waits for a result. */
  private async trainEpoch(): Promise<void> {
    const { stepsPerEpoch } = this.course;
    while (this.stepInEpoch < stepsPerEpoch) {
      if (this.options.signal?.aborted) throw interruptedError(this.place());
      this.step++;
      this.options.beforeStep?.({ epoch: this.epoch, step: this.stepInEpoch + 1, stepsPerEpoch });
      await this.course.run(this.step);
      this.stepInEpoch++;
      this.lookNowAndThen();
      if (this.failure) throw this.failure;
    }
    await this.look;
    if (this.failure) throw this.failure;
  }

  /** Asks for the sums so far without waiting for them; at most one such question is open. */
  private lookNowAndThen(): void {
    const now = performance.now();
    if (this.look || now - this.lastLook < LOOK_EVERY) return;
    this.lastLook = now;
    const asked = { epoch: this.epoch, step: this.stepInEpoch };
    this.look = this.trainStep
      .totals()
      .then(totals => {
        checkTotals(totals, this.place());
        this.options.onStep?.(this.progress(totals, asked));
      })
      .catch(error => {
        this.failure ??= error;
      })
      .finally(() => {
        this.look = undefined;
      });
  }

  private progress(totals: EpochTotals, asked: { epoch: number; step: number }): StepProgress {
    const { stepsPerEpoch } = this.course;
    const { epochs } = this.training;
    // The steps asked about were only submitted then; now that the answer is here they have run.
    const seconds = this.secondsInEpoch();
    const speed = asked.step / seconds;
    return {
      epoch: asked.epoch,
      epochs,
      step: asked.step,
      stepsPerEpoch,
      loss: totals.loss,
      accuracy: totals.accuracy,
      imagesPerSecond: totals.rows / seconds,
      secondsLeft: ((epochs - asked.epoch + 1) * stepsPerEpoch - asked.step) / speed,
    };
  }

  private secondsInEpoch(): number {
    return this.secondsBefore + (performance.now() - this.since) / 1000;
  }

  /** Sums up, validates, decides and saves. */
  private async endEpoch(): Promise<void> {
    const { epoch } = this;
    const totals = await this.trainStep.totals();
    checkTotals(totals, this.place());
    const trainSeconds = this.secondsInEpoch();
    const validation = await this.validate();
    const metrics: EpochMetrics = {
      epoch,
      loss: totals.loss,
      accuracy: totals.accuracy,
      ...(validation && { valLoss: validation.loss, valAccuracy: validation.accuracy }),
      seconds: this.secondsInEpoch(),
      imagesPerSecond: totals.rows / trainSeconds,
    };
    // Before the arrays are read: a checkpoint between two epochs holds the sums of the next one.
    this.trainStep.resetTotals();
    const arrays = await this.trainStep.readArrays();
    checkArrays(arrays, this.place());
    if (this.training.patience !== undefined && !(metrics.valLoss! >= (this.best?.loss ?? Number.POSITIVE_INFINITY))) {
      this.best = { epoch, loss: metrics.valLoss!, arrays: this.trainStep.usedArrays(arrays) };
    }
    this.history = [...this.history, metrics];
    this.epoch++;
    this.stepInEpoch = 0;
    this.secondsBefore = 0;
    await this.save(arrays);
    await this.options.onEpoch?.(metrics);
  }

  private async validate(): Promise<{ loss: number; accuracy: number } | undefined> {
    const { evaluator } = this;
    if (!evaluator) return undefined;
    const { signal } = this.options;
    const result = await this.trainStep.withUsedWeights(() => evaluator.run(this.data.validation!, signal));
    if (!Number.isFinite(result.loss)) throw numericError('the validation loss', this.place());
    return result;
  }

  private isExhausted(): boolean {
    const { patience } = this.training;
    return patience !== undefined && this.best !== undefined && this.epoch - 1 - this.best.epoch >= patience;
  }

  private place(): Place {
    const { epoch, stepInEpoch: step, history, options } = this;
    const { stepsPerEpoch } = this.course;
    const { learningRate } = this.training;
    return { epoch, step, stepsPerEpoch, learningRate, folder: options.folder?.path, finished: history.length };
  }

  private async saveInterrupted(): Promise<void> {
    if (!this.options.folder) return;
    this.secondsBefore = this.secondsInEpoch();
    checkTotals(await this.trainStep.totals(), this.place());
    const arrays = await this.trainStep.readArrays();
    checkArrays(arrays, this.place());
    await this.save(arrays);
  }

  private async save(arrays: Arrays): Promise<void> {
    const { folder } = this.options;
    if (!folder) return;
    // What is frozen is in every epoch what it is now.
    const { frozen: _, ...used } = this.best?.arrays ?? {};
    const best = Object.entries(used).map(([name, values]) => [`best.${name}`, values]);
    await folder.writeCheckpoint({
      position: this.position(),
      arrays: { ...arrays, ...Object.fromEntries(best) },
    });
    await this.saveResults(this.best?.arrays ?? this.trainStep.usedArrays(arrays));
  }

  private async saveResults(used: UsedArrays): Promise<void> {
    const { folder } = this.options;
    if (!folder) return;
    await folder.writeMetrics(this.history);
    const epoch = this.best?.epoch ?? this.history.length;
    // Weights of an interrupted run lie between two epochs: the step says where.
    const step = this.best ? epoch * this.course.stepsPerEpoch : this.step;
    const metadata = { model: this.model.name, epoch: String(epoch), step: String(step) };
    await folder.writeModel(encodeModel(this.model, used, metadata));
  }

  private position(): RunPosition {
    const { epoch, stepInEpoch, step, secondsBefore, history, program } = this;
    const best = this.best && { bestEpoch: this.best.epoch };
    return { epoch, stepInEpoch, step, seconds: secondsBefore, history, ...best, program };
  }

  private restore({ position, arrays }: Checkpoint): void {
    this.trainStep.writeArrays(arrays);
    this.epoch = position.epoch;
    this.stepInEpoch = position.stepInEpoch;
    this.step = position.step;
    this.secondsBefore = position.seconds;
    this.history = [...position.history];
    const { bestEpoch } = position;
    if (bestEpoch === undefined) return;
    const loss = this.history[bestEpoch - 1]?.valLoss;
    const { 'best.parameters': parameters, 'best.state': state } = arrays as Record<string, Float32Array>;
    if (loss === undefined || !parameters) {
      throw new ResumeError(
        `checkpoint: it names epoch ${bestEpoch} as the best but does not hold it; start a new run`,
      );
    }
    const { frozen } = arrays as Partial<UsedArrays>;
    const best = { parameters, ...(frozen && { frozen }), ...(state && { state }) };
    this.best = { epoch: bestEpoch, loss, arrays: best };
  }

  /** Puts the weights to be used into the model. */
  private async finish(): Promise<FitResult> {
    const arrays = this.best?.arrays ?? this.trainStep.usedArrays(await this.trainStep.readArrays());
    writeModel(this.model, arrays);
    // A process that died between two files of one epoch left older ones behind.
    if (this.options.resume) await this.saveResults(arrays);
    const epochsRun = this.history.length;
    return {
      history: this.history,
      epoch: this.best?.epoch ?? epochsRun,
      because: this.best ? 'best-validation' : 'last',
      stoppedEarly: epochsRun < this.training.epochs,
      seconds: this.history.reduce((sum, { seconds }) => sum + seconds, 0),
    };
  }
}
