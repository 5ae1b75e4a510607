import { ValueError } from '../platform/errors.ts';
import type { Arrays } from './step.ts';

/** What training had made of the arrays after so many steps. */
export interface Moment {
  readonly step: number;
  readonly arrays: Arrays;
}

export interface TimelineOptions {
  /** Bytes that the kept arrays may have together; the first moment is kept however large it is. */
  readonly budget: number;
  /** Steps between two kept moments while there is room. */
  readonly every: number;
}

/**
 * Moments of a training in host memory, from which any other is reached by replaying the steps in between. They lie at equal
 * distances; whenever they exceed the budget the distance is doubled and every other one dropped, as on a tape of
 * fixed length. So no moment is ever more than one distance away from the one to start from, the first included.
 */
export class Timeline {
  private readonly moments: Moment[];
  private distance: number;

  /**
   * @param moments by step, at least one; the budget counts when one is added.
   * @throws ValueError unless budget is from 0 and `every` a whole number from 1.
   */
  constructor(
    moments: readonly Moment[],
    private readonly options: TimelineOptions,
  ) {
    const { budget, every } = options;
    if (!(budget >= 0)) throw new ValueError(`timeline: a budget of ${budget} bytes; it must be a number from 0`);
    if (!Number.isInteger(every) || every < 1) {
      throw new ValueError(`timeline: a moment every ${every} steps; it must be a whole number from 1`);
    }
    if (moments.length === 0) throw new ValueError('timeline: it begins with a moment; give one');
    this.moments = [...moments];
    this.distance = every;
  }

  /** Steps between two kept moments at present. */
  get every(): number {
    return this.distance;
  }

  /** The earliest step that can be gone back to. */
  get start(): number {
    return this.moments[0]!.step;
  }

  /** Steps of the kept moments, ascending. */
  get steps(): readonly number[] {
    return this.moments.map(({ step }) => step);
  }

  /** What is kept, by step. */
  get all(): readonly Moment[] {
    return this.moments;
  }

  /** Bytes of what is kept; arrays that moments share count once. */
  get bytes(): number {
    const arrays = new Set(this.moments.flatMap(moment => Object.values(moment.arrays)));
    return [...arrays].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Whether the moment after this step shall be kept. */
  wants(step: number): boolean {
    return step > this.start && (step - this.start) % this.distance === 0 && !this.steps.includes(step);
  }

  /** Keeps a moment, and makes room for it. */
  add(moment: Moment): void {
    const at = this.moments.findIndex(({ step }) => step >= moment.step);
    if (at === -1) this.moments.push(moment);
    else this.moments.splice(at, Number(this.moments[at]!.step === moment.step), moment);
    this.makeRoom();
  }

  private makeRoom(): void {
    while (this.moments.length > 1 && this.bytes > this.options.budget) {
      this.distance *= 2;
      this.keep(({ step }) => (step - this.start) % this.distance === 0);
    }
  }

  /** The last kept moment that is not after this step. @throws ValueError when all are. */
  before(step: number): Moment {
    const found = this.moments.findLast(moment => moment.step <= step);
    if (found) return found;
    throw new ValueError(`timeline: it begins after step ${this.start}; there is no way back to step ${step}`);
  }

  /** Forgets all but the last kept moment that is not after this step: there is no way back behind it. @throws as `before` */
  startAt(step: number): void {
    this.moments.splice(0, this.moments.length, this.before(step));
  }

  /** Forgets what came after this step. */
  cut(after: number): void {
    this.keep(({ step }) => step <= after);
  }

  /** Another timeline with the same moments up to this step; the arrays are shared, nobody changes them. */
  fork(upTo: number): Timeline {
    const kept = this.moments.filter(({ step }) => step <= upTo);
    return new Timeline(kept, { ...this.options, every: this.distance });
  }

  /** Another one that keeps to another budget. */
  within(budget: number): Timeline {
    const copy = new Timeline(this.moments, { budget, every: this.distance });
    copy.makeRoom();
    return copy;
  }

  private keep(isKept: (moment: Moment) => boolean): void {
    const kept = this.moments.filter((moment, i) => i === 0 || isKept(moment));
    this.moments.splice(0, this.moments.length, ...kept);
  }
}
