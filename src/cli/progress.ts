import process from 'node:process';
import { duration } from '../report/format.ts';
import type { EpochMetrics, StepProgress } from '../train/events.ts';

/** Where progress is shown; a terminal has a width and takes a line back. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const BAR = 24;
/** Without a terminal a line every this many seconds: a log that stays readable. */
const PLAIN_SECONDS = 15;

/**
 * The same moment, with the validations to come in the time that is left: as long as the one of the latest finished
 * epoch, if there is one.
 * @param images trained on in an epoch.
 */
export function withValidation(progress: StepProgress, latest: EpochMetrics | undefined, images: number): StepProgress {
  if (!latest) return progress;
  const validation = Math.max(0, latest.seconds - images / latest.imagesPerSecond);
  const epochs = progress.epochs - progress.epoch + 1;
  return { ...progress, secondsLeft: progress.secondsLeft + epochs * validation };
}

/**
 * Shows how a run gets on: on a terminal a bar that is redrawn in place, elsewhere plain lines. Each finished epoch
 * leaves one line behind in both.
 */
export class ProgressBar {
  private drawn = false;
  private lastPlain = Number.NEGATIVE_INFINITY;

  constructor(private readonly stream: ProgressStream = process.stderr) {}

  /** A moment within an epoch. */
  step(progress: StepProgress): void {
    const { epoch, epochs, step, stepsPerEpoch, loss, accuracy, imagesPerSecond, secondsLeft } = progress;
    const numbers = [
      `${Math.round(imagesPerSecond)} images/s`,
      `loss ${loss.toFixed(4)}`,
      `accuracy ${(100 * accuracy).toFixed(1)} %`,
      `${Number.isFinite(secondsLeft) ? duration(secondsLeft) : '?'} left`,
    ].join('  ');
    if (this.stream.isTTY) {
      const done = Math.min(BAR, Math.round((BAR * step) / stepsPerEpoch));
      const bar = '█'.repeat(done) + '░'.repeat(BAR - done);
      this.draw(`epoch ${epoch}/${epochs} ${bar} ${step}/${stepsPerEpoch}  ${numbers}`);
      return;
    }
    const now = performance.now() / 1000;
    if (now - this.lastPlain < PLAIN_SECONDS) return;
    this.lastPlain = now;
    this.stream.write(`epoch ${epoch}/${epochs} step ${step}/${stepsPerEpoch}  ${numbers}\n`);
  }

  /** The line that a finished epoch leaves. */
  epoch(metrics: EpochMetrics, epochs: number): void {
    const { epoch, loss, accuracy, valLoss, valAccuracy, seconds, imagesPerSecond } = metrics;
    const parts = [`epoch ${epoch}/${epochs}`, `loss ${loss.toFixed(4)}  accuracy ${(100 * accuracy).toFixed(2)} %`];
    if (valLoss !== undefined && valAccuracy !== undefined) {
      parts.push(`val loss ${valLoss.toFixed(4)}  val accuracy ${(100 * valAccuracy).toFixed(2)} %`);
    }
    parts.push(`${duration(seconds)}  ${Math.round(imagesPerSecond)} images/s`);
    this.line(parts.join('  '));
  }

  /** Something that is going on and has no number of steps, such as compiling kernels. */
  status(text: string): void {
    if (this.stream.isTTY) this.draw(text);
  }

  /** How far something is that takes minutes: also without a terminal, now and then. */
  moment(text: string): void {
    if (this.stream.isTTY) this.draw(text);
    else if (performance.now() / 1000 - this.lastPlain >= PLAIN_SECONDS) this.line(text);
  }

  /** A line that stays. */
  line(text: string): void {
    this.clear();
    this.stream.write(`${text}\n`);
    this.lastPlain = performance.now() / 1000;
  }

  /** Takes the bar away, before something else is written or the run ends. */
  clear(): void {
    if (this.drawn) this.stream.write('\r\x1b[K');
    this.drawn = false;
  }

  private draw(text: string): void {
    // A line that wraps could not be taken back.
    const width = (this.stream.columns ?? 120) - 1;
    this.stream.write(`\r\x1b[K${text.slice(0, width)}`);
    this.drawn = true;
  }
}
