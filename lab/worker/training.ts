import {
  type Change,
  confusionMatrix,
  DeviceLostError,
  LimitError,
  type Model,
  NumericError,
  TrainingSession,
} from '../../src/index.ts';
import type { Network } from '../network.ts';
import type { Events, Judged, Moment, TrainingState } from '../protocol.ts';
import type { Lab } from './lab.ts';
import type { Player } from './player.ts';

/** Milliseconds that steps are made for before anything else gets its turn. */
const TURN = 60;
/** Milliseconds between two pictures of what is looked at. */
const PAINT_EVERY = 150;
/** Bytes of the moments that can be gone back to without replaying much. */
const BUDGET = 96 * 2 ** 20;
/** Held-back pictures that are looked at after an epoch where a processor plays the GPU, and where there is one. */
const JUDGED = { software: 500, gpu: 5000 };

/** Trains the lab's model in turns with everything else that uses the engine. */
export class Training implements Player {
  /** Steps that are still to be made. */
  private left = 0;
  /** Steps of a turn. */
  private chunk = 1;
  private running: Promise<void> | undefined;
  private pausing = new AbortController();
  private imagesPerSecond: number | undefined;
  private lastPaint = 0;
  private judgements: readonly Judged[] = [];

  private constructor(
    private readonly lab: Lab,
    readonly session: TrainingSession,
    private readonly batch: number,
  ) {}

  /** Begins with the numbers that the model has. */
  static async make(lab: Lab, model: Model, { training, seed }: Network): Promise<Training> {
    const { dataset, packed } = lab.bench.pictures;
    const data = { data: dataset!, ...packed.split };
    const options = { ...training, epochs: 1, schedule: 'constant', seed } as const;
    const session = await TrainingSession.create(model, data, { training: options, budget: BUDGET });
    return new Training(lab, session, training.batch);
  }

  /** Goes on from the bytes that `save` or `rescue` gave. The session has a model of its own. */
  static async restore(lab: Lab, bytes: Uint8Array, { training }: Network): Promise<Training> {
    const { engine, pictures } = lab.bench;
    const data = pictures.dataset!;
    const session = await TrainingSession.restore(engine, bytes, { data, otherProgram: 'continue' });
    return new Training(lab, session, training.batch);
  }

  get state(): TrainingState {
    const { step, head, stepsPerEpoch } = this.session.position;
    const { learningRate, dropout } = this.session.settings;
    return {
      recorded: false,
      running: this.running !== undefined,
      ...{ step, head, stepsPerEpoch, learningRate },
      start: this.session.timeline.start,
      dropout: Object.values(dropout)[0],
      imagesPerSecond: this.running && this.imagesPerSecond,
    };
  }

  get history(): Events['history'] {
    return { moments: this.session.history, judged: this.judgements };
  }

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
    this.pausing.abort();
  }

  /** Pauses, and waits until it stands. Not in a turn: it waits for others. */
  async rest(): Promise<void> {
    this.pause();
    await this.running;
  }

  private tell(): void {
    this.lab.update({ training: this.state });
  }

  private async loop(): Promise<void> {
    try {
      while (this.left > 0) await this.lab.turns.take(() => this.advance());
      await this.lab.turns.take(() => this.lab.refresh());
    } catch (error) {
      this.left = 0;
      if (error instanceof NumericError || error instanceof LimitError)
        await this.lab.turns.take(() => this.fallBack(error));
      // The lab opens another device and goes on from what was kept.
      else if (!(error instanceof DeviceLostError)) throw error;
    }
  }

  /** As many steps as fit into a turn, and what is due after them. */
  private async advance(): Promise<void> {
    const { session } = this;
    const { step, head, stepsPerEpoch } = session.position;
    const steps = Math.min(this.left, this.chunk, stepsPerEpoch - (step % stepsPerEpoch));
    // A pause may have come before the turn did.
    if (steps <= 0) return;
    this.pausing = new AbortController();
    const made: Moment[] = [];
    const start = performance.now();
    try {
      await session.run(steps, { signal: this.pausing.signal, onStep: metrics => made.push(metrics) });
    } finally {
      // Those that are replayed are known.
      const added = made.filter(one => one.step > head);
      if (added.length > 0) this.lab.emit('moments', added);
    }
    const milliseconds = performance.now() - start;
    this.left -= made.length;
    this.imagesPerSecond = (1000 * made.length * this.batch) / milliseconds;
    this.chunk = Math.min(256, Math.max(1, Math.round((steps * TURN) / milliseconds)));
    this.tell();
    if (performance.now() - this.lastPaint >= PAINT_EVERY) {
      await this.lab.refresh();
      this.lastPaint = performance.now();
    }
    if (session.position.step % stepsPerEpoch === 0) await this.judge();
  }

  /** Looks at held-back pictures and tells how many are recognised. In a turn. */
  async judge(): Promise<void> {
    const { engine, pictures } = this.lab.bench;
    const { data, split } = pictures.packed;
    const images = split.validation.subarray(0, engine.caps.software ? JUDGED.software : JUDGED.gpu);
    const { loss, accuracy, labels, predictions } = await this.session.evaluate(images);
    const confusion = confusionMatrix(labels, predictions, data.classes.length);
    const { step } = this.session.position;
    const judged = { step, loss, accuracy, confusion };
    this.judgements = [...this.judgements.filter(one => one.step !== step), judged].sort((a, b) => a.step - b.step);
    this.lab.emit('judged', judged);
  }

  async goTo(step: number): Promise<void> {
    const { head } = this.session.position;
    const made: Moment[] = [];
    await this.session.goTo(step, { onStep: metrics => void (metrics.step > head && made.push(metrics)) });
    if (made.length > 0) this.lab.emit('moments', made);
    this.tell();
    await this.lab.refresh();
  }

  /** Changes something for the steps to come; what was recorded behind the present one is forgotten. In a turn. */
  async change(change: Change): Promise<void> {
    const { step, head } = this.session.position;
    await this.session.change(change);
    this.tell();
    if (head === step) return;
    this.judgements = this.judgements.filter(one => one.step <= step);
    this.lab.emit('history', this.history);
  }

  /** A loss or a gradient was not finite, or there was no memory for a step: back to the latest kept moment. In a turn. */
  private async fallBack(error: NumericError | LimitError): Promise<void> {
    const { session } = this;
    const { step: now } = session.position;
    const step = session.timeline.steps.findLast(one => one < now) ?? session.timeline.start;
    await session.goTo(step);
    this.tell();
    this.lab.emit('history', this.history);
    await this.lab.refresh();
    const back = `${error.message}. The weights of step ${step} are back`;
    const [title, text] =
      error instanceof NumericError
        ? ['Numbers ran away', `${back}; go on with a smaller learning rate.`]
        : ['The memory of the GPU is full', `${back}; go on with a smaller batch or network, or close other pages.`];
    this.lab.emit('notice', { kind: 'problem', title, text });
  }

  [Symbol.dispose](): void {
    this.pause();
    this.session[Symbol.dispose]();
  }
}
