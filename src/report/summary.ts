import type { EpochMetrics } from '../train/events.ts';
import { type ClassMetrics, type ConfusedPair, classMetrics, confusedPairs } from '../train/metrics.ts';
import { fromBase64 } from './format.ts';
import { type SeedsDifference, seedsDifference } from './science/bootstrap.ts';
import { deviation, hits, type Interval, mean, type PairedDifference, pairedDifference, wilson } from './statistics.ts';
import type { Comparison, RunResult } from './types.ts';

/** Seeds that it takes before a difference is said to be of the models and not of these runs. */
export const SEEDS_FOR_A_VERDICT = 3;

/** One model of a comparison over all of its seeds. */
export interface ModelSummary {
  readonly row: string;
  readonly model: string;
  readonly title: string;
  readonly description: string;
  readonly runs: readonly RunResult[];
  readonly parameters: number;
  readonly flopsPerImage: number;
  /** Test accuracy of each run, and their mean. */
  readonly accuracies: readonly number[];
  readonly accuracy: number;
  /** 95 % interval over test images; for one run only. */
  readonly interval: Interval | undefined;
  /** Standard deviation over seeds; for two runs or more. */
  readonly deviation: number | undefined;
  readonly loss: number;
  /** Of training, with validation and what a frozen beginning computes once. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Summed over the runs, and what follows from it. */
  readonly confusion: readonly (readonly number[])[];
  readonly scores: readonly ClassMetrics[];
  readonly pairs: readonly ConfusedPair[];
  /** Means over the runs, epoch by epoch. */
  readonly epochs: readonly EpochMetrics[];
}

/**
 * The rows that stand side by side, in the order in which they first appear among the finished runs.
 * @param rows others of the comparison's.
 */
export function summarize(comparison: Comparison, rows: readonly string[] = comparison.headline): ModelSummary[] {
  const groups = new Map<string, RunResult[]>();
  for (const run of comparison.runs) {
    if (rows.includes(run.row)) groups.set(run.row, [...(groups.get(run.row) ?? []), run]);
  }
  return [...groups.values()].map(runs => summarizeModel(runs, comparison.data.classes));
}

function summarizeModel(runs: readonly RunResult[], classes: readonly string[]): ModelSummary {
  const first = runs[0]!;
  const accuracies = runs.map(run => run.test.accuracy);
  const confusion = first.test.confusion.map((row, i) =>
    row.map((_, j) => runs.reduce((sum, run) => sum + run.test.confusion[i]![j]!, 0)),
  );
  const { images } = first.test;
  return {
    row: first.row,
    model: first.model,
    title: first.title,
    description: first.description,
    runs,
    parameters: first.parameters,
    flopsPerImage: first.flopsPerImage,
    accuracies,
    accuracy: mean(accuracies),
    interval: runs.length === 1 ? wilson(Math.round(first.test.accuracy * images), images) : undefined,
    deviation: runs.length > 1 ? deviation(accuracies) : undefined,
    loss: mean(runs.map(run => run.test.loss)),
    seconds: mean(runs.map(run => run.seconds + (run.featureSeconds ?? 0))),
    imagesPerSecond: mean(runs.map(run => run.imagesPerSecond)),
    confusion,
    scores: classMetrics(confusion, classes),
    pairs: confusedPairs(confusion, classes, 5),
    epochs: meanEpochs(runs),
  };
}

/** Epochs that all runs have: early stopping may have ended some before others. */
function meanEpochs(runs: readonly RunResult[]): EpochMetrics[] {
  const length = Math.min(...runs.map(run => run.epochs.length));
  const over = (i: number, value: (m: EpochMetrics) => number) => mean(runs.map(run => value(run.epochs[i]!)));
  return Array.from({ length }, (_, i) => {
    const held = runs.every(run => run.epochs[i]!.valLoss !== undefined);
    return {
      epoch: i + 1,
      loss: over(i, m => m.loss),
      accuracy: over(i, m => m.accuracy),
      ...(held ? { valLoss: over(i, m => m.valLoss!), valAccuracy: over(i, m => m.valAccuracy ?? Number.NaN) } : {}),
      seconds: over(i, m => m.seconds),
      imagesPerSecond: over(i, m => m.imagesPerSecond),
    };
  });
}

/**
 * How two models differ: over seeds and images where there are enough seeds, else over the images of the runs with the
 * first seed that both have.
 */
export type Difference =
  | ({ readonly over: 'seeds' } & SeedsDifference)
  | ({ readonly over: 'images'; readonly runs: readonly [RunResult, RunResult] } & PairedDifference);

/** A bootstrap takes a while, and the page, its text, the terminal and the next report all ask for the same one. */
const known = new WeakMap<RunResult, { a: readonly RunResult[]; b: readonly RunResult[]; difference: Difference }[]>();

/** Accuracy of `a` less that of `b`. */
export function compareModels(
  { runs: a }: Pick<ModelSummary, 'runs'>,
  { runs: b }: Pick<ModelSummary, 'runs'>,
): Difference {
  const before = known.get(a[0]!) ?? [];
  const found = before.find(entry => sameRuns(entry.a, a) && sameRuns(entry.b, b));
  if (found) return found.difference;
  const difference = measureDifference(a, b);
  known.set(a[0]!, [...before, { a, b, difference }]);
  return difference;
}

const sameRuns = (a: readonly RunResult[], b: readonly RunResult[]) =>
  a.length === b.length && a.every((run, i) => run === b[i]);

function measureDifference(a: readonly RunResult[], b: readonly RunResult[]): Difference {
  const right = ({ test }: RunResult) => hits(fromBase64(test.labels), fromBase64(test.predictions));
  if (Math.min(a.length, b.length) >= SEEDS_FOR_A_VERDICT) {
    return { over: 'seeds', ...seedsDifference(a.map(right), b.map(right)) };
  }
  const first = a.find(run => b.some(({ seed }) => seed === run.seed)) ?? a[0]!;
  const second = b.find(({ seed }) => seed === first.seed) ?? b[0]!;
  return { over: 'images', runs: [first, second], ...pairedDifference(right(first), right(second)) };
}
