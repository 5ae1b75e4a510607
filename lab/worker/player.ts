import type { Events, TrainingState } from '../protocol.ts';

/** A training that can be run, stopped and gone back in: one under way, or one that was recorded. */
export interface Player extends Disposable {
  readonly state: TrainingState;
  /** All of its past. */
  readonly history: Events['history'];
  /** Makes so many steps, or goes on until it is paused. Settles when it stands. */
  run(steps: number): Promise<void>;
  pause(): void;
  /** Goes to where it was after so many steps. In a turn. */
  goTo(step: number): Promise<void>;
}
