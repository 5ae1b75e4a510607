import type { Selection } from '../../data/selection.ts';

/** How long the training of one model takes on this device, from a few timed steps. */
export interface Speed {
  readonly model: string;
  /** Images in a step. */
  readonly batch: number;
  /** One training step. */
  readonly stepSeconds: number;
  /** Judging one image. */
  readonly evaluationSeconds: number;
  /** What its frozen beginning makes of one image, which is computed once. Absent: it has none. */
  readonly featureSeconds?: number;
}

/** What a run costs depends on. */
export interface Work extends Selection {
  readonly epochs: number;
  /** Whether it ends with the test set. Default true. */
  readonly tested?: boolean;
  /** How often the training images pass its frozen beginning: 1, with augmented copies more; default 0, all is kept already. */
  readonly passes?: number;
}

export interface Counts {
  /** Images there are for training. */
  readonly train: number;
  /** Images held back from it. */
  readonly validation: number;
  /** Pictures that are judged after a training: the test set, and changed copies of a part of it. */
  readonly test: number;
}

/** Images that a run learns from and watches. */
export function imagesOf(work: Selection, counts: Counts): { readonly train: number; readonly validation: number } {
  const all = work.full ? counts.train + counts.validation : counts.train;
  const held = Math.min(work.validation ?? counts.validation, counts.validation);
  return { train: Math.min(work.limit ?? all, all), validation: work.full ? 0 : held };
}

/** Seconds that one run takes by a model's measured speed, with its validation and its test. */
export function expectedSeconds(speed: Speed, work: Work, counts: Counts): number {
  const { train, validation } = imagesOf(work, counts);
  const epoch = Math.ceil(train / speed.batch) * speed.stepSeconds + validation * speed.evaluationSeconds;
  const test = work.tested === false ? 0 : counts.test;
  // Once more, for the temperature that the test is scaled by.
  const judged = work.tested === false ? 0 : test + validation;
  const { passes = 0 } = work;
  const features = passes > 0 ? passes * train + validation + test : 0;
  return work.epochs * epoch + judged * speed.evaluationSeconds + features * (speed.featureSeconds ?? 0);
}

/** Seconds until the end of a run from within an epoch: what `fit` knows of, and the validation and the test to come. */
export function secondsLeft(
  progress: { readonly epoch: number; readonly epochs: number; readonly secondsLeft: number },
  speed: Speed,
  counts: { readonly validation: number; readonly test: number },
): number {
  const images = (progress.epochs - progress.epoch + 1) * counts.validation + counts.test;
  return progress.secondsLeft + images * speed.evaluationSeconds;
}

/** What every row of a comparison is trained on and for how long, unless the row says otherwise. */
export interface Protocol extends Selection {
  /** Undefined: each recipe's own. */
  readonly epochs?: number;
  /** Images in a step. Undefined: as many as each recipe takes. */
  readonly batch?: number;
}

/**
 * What `quick` plans of its twenty minutes. Where it takes 30 % longer than that, there are still more than a hundred
 * seconds for measuring, compiling and the reports.
 */
export const QUICK_SECONDS = 840;

/** Of this time, what is left for learning on a device where all else takes too long already. */
const LEARNING_SHARE = 0.25;

/** Numbers of training images that `quick` chooses from: round, so that reports of several machines can be compared. */
const SUBSETS = [48_000, 24_000, 12_000, 6_000, 3_000, 1_500, 600];
/** With fewer training images than this, watching all validation images would take longer than learning. */
const FULL_VALIDATION_FROM = 6_000;
const SMALL_VALIDATION = 1_000;
/** With fewer training images than this, batches as large as for all of them would leave too few steps to learn in. */
const LARGE_BATCHES_FROM = 6_000;
export const SMALL_BATCH = 32;
/** Of `quick` on a device that is fast enough, and the least with which a smaller subset is not better still. */
export const EPOCHS = 10;

/**
 * The most images, at ten epochs, with which a plan stays within the time; if not even the fewest do, fewer epochs of
 * them. What is `asked` for stands, and only the rest is chosen.
 * @param cost seconds of the whole plan under a protocol.
 */
export function quickProtocol(
  cost: (protocol: Protocol) => number,
  counts: Counts,
  asked: { readonly epochs?: number | undefined; readonly limit?: number | undefined } = {},
): Protocol {
  const limits = asked.limit === undefined ? [counts.train, ...SUBSETS] : [Math.min(asked.limit, counts.train)];
  const choices = limits
    .filter((limit, i) => i === 0 || limit < counts.train)
    .map(limit => (limit < counts.train ? { limit, ...watched(limit, counts), ...batched(limit) } : {}));
  let epochs = asked.epochs ?? EPOCHS;
  // What tests and frozen beginnings take, no choice here makes less; learning too little would not make up for it.
  const fixed = cost({ ...choices.at(-1)!, epochs: 0 });
  const most = Math.max(QUICK_SECONDS, fixed + LEARNING_SHARE * QUICK_SECONDS);
  const fits = (protocol: Protocol) => cost(protocol) <= most;
  for (const choice of choices) if (fits({ ...choice, epochs })) return { ...choice, epochs };
  const fewest = choices.at(-1)!;
  if (asked.epochs === undefined) while (epochs > 1 && !fits({ ...fewest, epochs })) epochs--;
  return { ...fewest, epochs };
}

/** How many validation images go with so few training images; nothing where it is all of them. */
export function watched(limit: number, { validation }: Pick<Counts, 'validation'>): { validation?: number } {
  return limit < FULL_VALIDATION_FROM && validation > SMALL_VALIDATION ? { validation: SMALL_VALIDATION } : {};
}

const batched = (limit: number): { batch?: number } => (limit < LARGE_BATCHES_FROM ? { batch: SMALL_BATCH } : {});
