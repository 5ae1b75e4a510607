import { checkTotals, type Place } from './failures.ts';
import type { EpochTotals, TrainStep } from './step.ts';

/** What one step's batch came to, as the step saw it: augmented, with dropout, before the update. */
export interface StepMetrics {
  /** From 1. */
  readonly step: number;
  /** Mean over the batch's images. */
  readonly loss: number;
  /** 0 to 1. */
  readonly accuracy: number;
}

/** Looks whose answers are on their way at most. */
const DEPTH = 3;

type Sums = Pick<EpochTotals, 'loss' | 'accuracy' | 'rows'>;

const NONE: Sums = { loss: Number.NaN, accuracy: Number.NaN, rows: 0 };

/** Loss and accuracy of every step, by looking at the epoch's sums after each without holding up the next. */
export class StepWatch {
  private readonly metrics: StepMetrics[];
  private latest: Sums = NONE;
  /** The sums behind the latest look; each look waits for the one before it. */
  private sums: Promise<Sums> = Promise.resolve(NONE);
  private pending: Promise<unknown>[] = [];
  private failed = false;

  constructor(
    private readonly step: TrainStep,
    history: readonly StepMetrics[],
  ) {
    this.metrics = [...history];
  }

  get history(): readonly StepMetrics[] {
    return this.metrics;
  }

  /** Means of the epoch; NaN before its first step. */
  get totals(): { readonly loss: number; readonly accuracy: number } {
    return this.latest;
  }

  /** Whether a step was not finite: all that follow are not, until another state is restored. */
  get hasFailed(): boolean {
    return this.failed;
  }

  /**
   * Looks at the step that was submitted last.
   * @param beginsEpoch whether the sums were reset right before it.
   * @throws NumericError of this step or one shortly before.
   */
  async look(step: number, beginsEpoch: boolean, place: Place, onStep?: (metrics: StepMetrics) => void): Promise<void> {
    // The copies take their place in the queue now.
    const answers = Promise.all([this.sums, this.step.totals()]);
    this.sums = answers.then(([before, totals]) => {
      checkTotals(totals, place);
      this.latest = totals;
      const metrics = { step, ...difference(totals, beginsEpoch ? NONE : before) };
      this.metrics[step - 1] = metrics;
      onStep?.(metrics);
      return totals;
    });
    // Whoever awaits it gets the error; until then it must not count as unhandled.
    this.sums.catch(() => {
      this.failed = true;
    });
    this.pending.push(this.sums);
    if (this.pending.length > DEPTH) await this.pending.shift();
  }

  /** Waits for all answers. @throws NumericError of the first step that was not finite. */
  async settle(): Promise<void> {
    this.pending = [];
    await this.sums;
  }

  /** Goes on from the sums that the device holds now. */
  async restart(): Promise<void> {
    this.pending = [];
    await this.sums.catch(() => {});
    this.latest = await this.step.totals();
    this.sums = Promise.resolve(this.latest);
    this.failed = false;
  }

  /** Forgets the steps behind this one. */
  cut(after: number): void {
    this.metrics.length = Math.min(this.metrics.length, after);
  }
}

/** Means over the rows that came to the sums `before`. */
function difference(after: Sums, before: Sums): { loss: number; accuracy: number } {
  const rows = after.rows - before.rows;
  const sum = (key: 'loss' | 'accuracy') => {
    const earlier = before.rows === 0 ? 0 : before[key] * before.rows;
    return after[key] * after.rows - earlier;
  };
  // Right rows are counted, which their share has lost to rounding.
  return { loss: sum('loss') / rows, accuracy: Math.round(sum('accuracy')) / rows };
}
