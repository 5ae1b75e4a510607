/**
 * A training that can be stopped after any step, looked into, changed, taken back and forked:
 *
 *     using session = await TrainingSession.create(model, { data, ...splitOf(images) }, { training });
 *     await session.run(200, { onStep: ({ step, loss }) => draw(step, loss) });
 *     await session.goTo(137);                                       // the very bits that were there before
 *     using other = await session.fork();
 *     await other.change({ kind: 'learningRate', value: 1e-4 });
 *     await session.run(50); await other.run(50);                    // side by side, one after the other
 *     const bytes = await session.save();                            // TrainingSession.restore(engine, bytes, { data })
 *
 * Seed and step decide all that is random in a step, so that a moment of the past is an earlier one, replayed.
 */
import { RelabelledExamples } from '../data/relabelled.ts';
import type { Model } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import { checkEdit, type Edit, type Settings } from './edits.ts';
import type { Evaluation } from './evaluate.ts';
import type { FitData } from './fit-options.ts';
import { type LookAhead, type LookAheadOptions, lookAhead } from './look-ahead.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { type Prepared, prepareRun } from './prepare.ts';
import { hashProgram } from './program.ts';
import { decodeSession, encodeSession, type Validation } from './session-file.ts';
import { type Change, type RestoreOptions, SESSION_DEFAULTS, type SessionOptions } from './session-options.ts';
import { forkedOrigin, type Origin, type Past, recordedOrigin, recordOf, type SessionParts } from './session-parts.ts';
import type { StepMetrics } from './step-watch.ts';
import { Timeline } from './timeline.ts';
import { type Position, type RunOptions, Track } from './track.ts';

export type { Change, Position, RestoreOptions, RunOptions, SessionOptions, Validation };

export class TrainingSession implements Disposable {
  private readonly alone = new OneAtATime('session');

  private constructor(
    readonly model: Model,
    private readonly data: FitData,
    private readonly examples: RelabelledExamples,
    private readonly options: SessionOptions,
    private readonly prepared: Prepared,
    private readonly program: string,
    private readonly track: Track,
    private validated: readonly Validation[],
    /** Whether the model was made for this session. */
    private readonly owns: boolean,
  ) {}

  /**
   * Begins at the model's present weights; training then changes them. Model and data must outlive the session.
   * @throws what `fit` does for a model, data or options that do not fit; ValueError for an edit that cannot be made.
   */
  static async create(model: Model, data: FitData, options: SessionOptions): Promise<TrainingSession> {
    return await TrainingSession.make(model, data, options, session => session.track.arrive());
  }

  private static async make(
    model: Model,
    data: FitData,
    options: SessionOptions,
    start: (session: TrainingSession) => Promise<void>,
    past?: Past,
  ): Promise<TrainingSession> {
    const { training, edits = [], budget, every, onCompile } = { ...SESSION_DEFAULTS, ...options };
    const examples = new RelabelledExamples(data.data);
    for (const edit of edits) checkEdit(edit, model, examples);
    const compiling = { evaluate: true, ...(onCompile && { progress: onCompile }) };
    const prepared = await prepareRun(model, examples, training, compiling);
    try {
      const { step, evaluator } = prepared;
      const program = await hashProgram([...step.compiled, evaluator!.compiled]);
      const timeline =
        past?.timeline ?? new Timeline([{ step: 0, arrays: await step.readArrays() }], { budget, every });
      const { history = [], validations = [] } = past ?? {};
      const track = new Track(model, data, examples, step, training, { timeline, history, edits });
      const owns = past !== undefined;
      const session = new TrainingSession(model, data, examples, options, prepared, program, track, validations, owns);
      await start(session);
      return session;
    } catch (error) {
      prepared[Symbol.dispose]();
      throw error;
    }
  }

  get position(): Position {
    return this.track.position;
  }

  /** Loss and accuracy of the batch of every recorded step, the first one's in place 0. */
  get history(): readonly StepMetrics[] {
    return this.track.history;
  }

  /** Means over the epoch of the latest step; NaN before the first. */
  get totals(): { readonly loss: number; readonly accuracy: number } {
    return this.track.totals;
  }

  get hasValidation(): boolean {
    return this.data.validation !== undefined;
  }

  /** What `evaluate` has found on the validation images, by step. */
  get validations(): readonly Validation[] {
    return this.validated;
  }

  /** All edits by step, those to come too. */
  get edits(): readonly Edit[] {
    return this.track.edits;
  }

  /** What the edits up to now come to: learning rate, rates of dropout, labels that were changed. */
  get settings(): Settings {
    return this.track.settings;
  }

  /** What can be gone back to: from `start` on anything, `steps` without replaying any. */
  get timeline(): Pick<Timeline, 'start' | 'steps' | 'every' | 'bytes'> {
    return this.track.timeline;
  }

  /** The images that the next step will see, by their index, of which the first `rows` count, and its learning rate. */
  get nextBatch(): { readonly indices: Uint32Array; readonly rows: number; readonly learningRate: number } {
    return this.track.nextBatch;
  }

  /**
   * Makes so many steps and waits until they have run. What was recorded of them before is replayed.
   * @throws NumericError when a loss or a gradient is not finite: then go back to an earlier step. DeviceLostError: then
   *   `rescue`.
   */
  async run(steps = 1, options: RunOptions = {}): Promise<void> {
    await this.alone.run('run', () => this.track.advance(this.position.step + steps, options));
  }

  /** Makes the steps that the epoch under way still has, at its end those of the next one. @throws as `run`. */
  async runEpoch(options: RunOptions = {}): Promise<void> {
    const { step, stepsPerEpoch } = this.position;
    await this.run(stepsPerEpoch - (step % stepsPerEpoch), options);
  }

  /**
   * Goes to where training was after `step` steps: back to the nearest kept moment before it and on from there, or forth.
   * The bits are those of the first time: weights, optimizer's moments, running statistics, sums of the epoch.
   * @throws ValueError for a step before the timeline's start; else as `run`.
   */
  async goTo(step: number, options: RunOptions = {}): Promise<void> {
    if (!Number.isInteger(step) || step < 0) {
      throw new ValueError(`session: there is no step ${step}; steps are whole numbers from 0`);
    }
    await this.alone.run('goTo', () => this.track.goTo(step, options));
  }

  /**
   * Changes something for the next step and those that follow. In the past that makes another future: what was recorded or
   * planned behind it is forgotten; `fork` before to keep it.
   * @throws ValueError for what cannot be done to this model and data.
   */
  async change(change: Change): Promise<void> {
    await this.alone.run('change', async () => {
      const { step } = this.position;
      const edit = { ...change, step } as Edit;
      checkEdit(edit, this.model, this.examples);
      await this.track.edit(edit);
      // What was validated here was so before the edit.
      this.validated = this.validated.filter(one => one.step < step);
    });
  }

  /**
   * A second session, on a model of its own, that has the past of this one up to `step`, stands there and is free to go
   * on otherwise. Run the two in turn.
   * @param edits its own, at `step` or later; it has none of those that this session has behind `step`.
   * @throws ValueError for a step that has not been recorded; else as `goTo`.
   */
  async fork(step = this.position.step, edits: readonly Edit[] = []): Promise<TrainingSession> {
    const { head, step: now } = this.position;
    if (step > head) throw new ValueError(`fork at step ${step}: only ${head} steps have been recorded`);
    const early = edits.find(edit => edit.step < step);
    if (early) throw new ValueError(`fork at step ${step}: an edit at step ${early.step} would change what was before`);
    return await this.alone.run('fork', async () => {
      // Where it stands nothing need be replayed.
      const present = step === now ? await this.track.present() : undefined;
      return await TrainingSession.reopen(forkedOrigin(this.parts, step, edits, present));
    });
  }

  /** A session on a model that it disposes of, replayed from a moment to a step. */
  private static async reopen({ model, data, options, past, moment, step, check }: Origin): Promise<TrainingSession> {
    const start = async (session: TrainingSession) => {
      check?.(session.program);
      await session.track.restore(moment);
      await session.track.advance(step);
    };
    try {
      return await TrainingSession.make(model, data, options, start, past);
    } catch (error) {
      model[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Judges the model as it is used, by the validation images or others of the data.
   * @throws ValueError when there are none; InterruptedError when `signal` fires.
   */
  async evaluate(images = this.data.validation, signal?: AbortSignal): Promise<Evaluation> {
    if (!images) throw new ValueError('session: it has no validation images; name some, or create it with some');
    return await this.alone.run('evaluate', async () => {
      const { step: trainStep, evaluator } = this.prepared;
      const result = await trainStep.withUsedWeights(() => evaluator!.run(images, signal));
      if (images === this.data.validation) {
        const { step } = this.position;
        const { loss, accuracy } = result;
        const others = this.validated.filter(one => one.step !== step);
        this.validated = [...others, { step, loss, accuracy }].sort((a, b) => a.step - b.step);
      }
      return result;
    });
  }

  /**
   * What the next step will compute, without its update: what layers give for the images of its batch, with its
   * augmentation and dropout, and the gradients. Changes nothing.
   * @throws ValueError for a layer that does not exist, or with micro-batches.
   */
  async lookAhead(options: LookAheadOptions = {}): Promise<LookAhead> {
    return await this.alone.run('lookAhead', async () => {
      const { model, examples, nextBatch, settings } = this;
      const next = { ...nextBatch, step: this.position.step + 1, dropout: settings.dropout };
      return await lookAhead(model, examples, this.options.training, next, options);
    });
  }

  /**
   * The whole session as a file: what was recorded and edited, the kept moments, and the present. It goes on to the same
   * bits.
   * @param options.budget bytes that the kept moments may have in it. Default: all that are kept.
   */
  async save({ budget }: { readonly budget?: number } = {}): Promise<Uint8Array> {
    return await this.alone.run('save', async () => {
      const present = await this.track.present();
      const { timeline } = this.track;
      const kept = budget === undefined ? timeline : timeline.within(budget);
      const others = kept.all.filter(moment => moment.step !== present.step);
      const moments = [...others, present].sort((a, b) => a.step - b.step);
      return await encodeSession(recordOf(this.parts, moments, present.step));
    });
  }

  /**
   * The same without asking the device, which may be lost: as of the last step that is known to have run. It is replayed when
   * the session is restored.
   */
  async rescue(): Promise<Uint8Array> {
    const { position, history, track } = this;
    const step = Math.max(track.timeline.start, Math.min(position.step, history.length));
    return await encodeSession(recordOf(this.parts, track.timeline.all, step));
  }

  private get parts(): SessionParts {
    const { model, data, options, program, edits, history, validated: validations } = this;
    return { model, data, options, program, edits, past: { timeline: this.track.timeline, history, validations } };
  }

  /**
   * A session from the bytes of `save` or `rescue`, on a model that it disposes of.
   * @throws FileError for bytes that are damaged or no session; ResumeError for other data or, unless allowed, another
   *   program.
   */
  static async restore(engine: Engine, bytes: Uint8Array, options: RestoreOptions): Promise<TrainingSession> {
    const record = await decodeSession(bytes, options.where ?? 'session');
    return await TrainingSession.reopen(recordedOrigin(engine, record, options));
  }

  /** Frees what training needs, and the model where it was made for this session. */
  [Symbol.dispose](): void {
    this.prepared[Symbol.dispose]();
    if (this.owns) this.model[Symbol.dispose]();
  }
}
