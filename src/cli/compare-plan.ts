import type { PlannedRun } from '../report/types.ts';

/** How long the training of one model takes on this device, from a few timed steps. */
export interface Speed {
  readonly model: string;
  /** Images in a step. */
  readonly batch: number;
  /** One training step. */
  readonly stepSeconds: number;
  /** Judging one image. */
  readonly evaluationSeconds: number;
}

/** What every model of a comparison is trained on, and for how long. */
export interface Protocol {
  /** Training images, the same for all models; undefined: all there are. */
  readonly limit?: number;
  /** Validation images of those held back; undefined: all of them. */
  readonly validation?: number;
  readonly epochs: number;
}

export interface Counts {
  /** Images there are for training. */
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Seconds that one run takes by a model's measured speed, with its validation and its test. */
export function expectedSeconds(speed: Speed, protocol: Protocol, counts: Counts): number {
  const images = Math.min(protocol.limit ?? counts.train, counts.train);
  const validation = protocol.validation ?? counts.validation;
  const epoch = Math.ceil(images / speed.batch) * speed.stepSeconds + validation * speed.evaluationSeconds;
  return protocol.epochs * epoch + counts.test * speed.evaluationSeconds;
}

/** Seconds until the end of a run from within an epoch: what `fit` knows of, and the validation and the test to come. */
export function secondsLeft(
  progress: { readonly epoch: number; readonly epochs: number; readonly secondsLeft: number },
  speed: Speed,
  counts: Counts,
): number {
  const images = (progress.epochs - progress.epoch + 1) * counts.validation + counts.test;
  return progress.secondsLeft + images * speed.evaluationSeconds;
}

/**
 * All runs of a comparison in the order in which they are trained: seed by seed, and for each seed the quickest model
 * first, so that there is something to look at soon.
 */
export function planRuns(
  models: readonly { readonly model: string; readonly title: string; readonly speed: Speed }[],
  seeds: readonly number[],
  protocol: Protocol,
  counts: Counts,
): PlannedRun[] {
  const timed = models
    .map(({ model, title, speed }) => ({ model, title, expectedSeconds: expectedSeconds(speed, protocol, counts) }))
    .sort((a, b) => a.expectedSeconds - b.expectedSeconds);
  return seeds.flatMap(seed => timed.map(run => ({ ...run, seed })));
}

/**
 * What `quick` plans of its quarter of an hour. A machine that turns out half as fast as when it was measured still
 * leaves a minute for compiling and for the reports.
 */
export const QUICK_SECONDS = 420;

/** Numbers of training images that `quick` chooses from: round, so that reports of several machines can be compared. */
const SUBSETS = [48_000, 24_000, 12_000, 6_000, 3_000, 1_500, 600];
/** With fewer training images than this, watching all validation images would take longer than learning. */
const FULL_VALIDATION_FROM = 6_000;
const SMALL_VALIDATION = 1_000;
const EPOCHS = 10;

/**
 * The most images, at ten epochs, with which all runs together stay within the time; if not even the fewest do, fewer
 * epochs of them. What is `asked` for stands, and only the rest is chosen.
 */
export function quickProtocol(
  speeds: readonly Speed[],
  seeds: number,
  counts: Counts,
  asked: { readonly epochs?: number | undefined; readonly limit?: number | undefined } = {},
): Protocol {
  const fits = (protocol: Protocol) =>
    seeds * speeds.reduce((sum, speed) => sum + expectedSeconds(speed, protocol, counts), 0) <= QUICK_SECONDS;
  const limits = asked.limit === undefined ? [counts.train, ...SUBSETS] : [Math.min(asked.limit, counts.train)];
  const choices = limits
    .filter((limit, i) => i === 0 || limit < counts.train)
    .map(limit => (limit < counts.train ? { limit, ...watched(limit, counts) } : {}));
  let epochs = asked.epochs ?? EPOCHS;
  for (const choice of choices) if (fits({ ...choice, epochs })) return { ...choice, epochs };
  const fewest = choices.at(-1)!;
  if (asked.epochs === undefined) while (epochs > 1 && !fits({ ...fewest, epochs })) epochs--;
  return { ...fewest, epochs };
}

function watched(limit: number, { validation }: Counts): { validation?: number } {
  return limit < FULL_VALIDATION_FROM && validation > SMALL_VALIDATION ? { validation: SMALL_VALIDATION } : {};
}
