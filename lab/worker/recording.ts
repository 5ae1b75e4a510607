import type { Model } from '../../src/index.ts';
import type { Recording } from '../../src/study/index.ts';
import type { Events, TrainingState } from '../protocol.ts';
import type { Lab } from './lab.ts';
import type { Player } from './player.ts';

/** Milliseconds between two of the kept steps. */
const PACE = 800;

/** Plays a recorded training where nothing can be trained: the network as it was after the steps that were kept. */
export class RecordingPlayer implements Player {
  private at: number;
  /** Kept steps that are still to be shown. */
  private left = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly lab: Lab,
    private readonly model: Model,
    private readonly recording: Recording,
  ) {
    this.at = recording.snapshots.length - 1;
    this.load();
  }

  get state(): TrainingState {
    const { snapshots, about } = this.recording;
    return {
      recorded: true,
      running: this.running !== undefined,
      step: snapshots[this.at]!.step,
      start: snapshots[0]!.step,
      head: snapshots[snapshots.length - 1]!.step,
      stepsPerEpoch: Number(about.stepsPerEpoch),
      learningRate: Number(about.learningRate),
      dropout: undefined,
      imagesPerSecond: undefined,
    };
  }

  get history(): Events['history'] {
    const { history, validations } = this.recording;
    return { moments: history, judged: validations.map(one => ({ ...one, confusion: [] })) };
  }

  /** Shows so many of the kept steps; from the first one when it stands at the last. */
  async run(steps: number): Promise<void> {
    this.left = steps;
    this.running ??= this.loop().finally(() => {
      this.running = undefined;
      this.lab.update({ training: this.state });
    });
    await this.running;
  }

  pause(): void {
    this.left = 0;
  }

  private async loop(): Promise<void> {
    const last = this.recording.snapshots.length - 1;
    if (this.at === last) await this.lab.turns.take(() => this.show(0));
    while (this.left > 0 && this.at < last) {
      this.left--;
      await this.lab.turns.take(() => this.show(this.at + 1));
      if (this.left > 0) await new Promise(resolve => setTimeout(resolve, PACE));
    }
  }

  /** The last kept step that is not behind this one. */
  async goTo(step: number): Promise<void> {
    await this.show(this.recording.snapshots.findLastIndex(one => one.step <= step));
  }

  private async show(at: number): Promise<void> {
    this.at = at;
    this.load();
    this.lab.update({ training: this.state });
    await this.lab.refresh();
  }

  private load(): void {
    for (const [name, { data }] of this.recording.snapshots[this.at]!.values) {
      this.model.parameters.get(name).write(data);
    }
  }

  [Symbol.dispose](): void {
    this.pause();
  }
}
