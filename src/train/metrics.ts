import { ValueError } from '../platform/errors.ts';

/** How one class fared. */
export interface ClassMetrics {
  readonly name: string;
  /** Of those called this class, the share that were it. NaN-free: 0 when none was called so. */
  readonly precision: number;
  /** Of those that are this class, the share that were called so. 0 when there are none. */
  readonly recall: number;
  /** Harmonic mean of the two. */
  readonly f1: number;
  /** How many there are. */
  readonly support: number;
}

/** A class that was taken for another, with how often: not the other way round. */
export interface ConfusedPair {
  readonly actual: string;
  readonly predicted: string;
  readonly count: number;
}

/**
 * Counts of predictions: `matrix[actual][predicted]`.
 * @throws ValueError when the lists differ in length or name a class that does not exist.
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): number[][] {
  if (labels.length !== predictions.length) {
    throw new ValueError(`confusion matrix: ${labels.length} labels but ${predictions.length} predictions`);
  }
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = matrix[labels[i]!];
    if (!row || predictions[i]! >= classes) {
      throw new ValueError(`confusion matrix: class ${labels[i]} or ${predictions[i]} at ${i}, there are ${classes}`);
    }
    row[predictions[i]!]!++;
  }
  return matrix;
}

/** Precision, recall and F1 of each class, from `matrix[actual][predicted]`. */
export function classMetrics(matrix: readonly (readonly number[])[], names: readonly string[]): ClassMetrics[] {
  return matrix.map((row, k) => {
    const hits = row[k]!;
    const support = row.reduce((a, b) => a + b, 0);
    const called = matrix.reduce((sum, other) => sum + other[k]!, 0);
    const precision = called === 0 ? 0 : hits / called;
    const recall = support === 0 ? 0 : hits / support;
    const f1 = hits === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    return { name: names[k] ?? String(k), precision, recall, f1, support };
  });
}

/** The most frequent mistakes, most frequent first; ties in the order of the classes. */
export function confusedPairs(
  matrix: readonly (readonly number[])[],
  names: readonly string[],
  limit = 5,
): ConfusedPair[] {
  const pairs = matrix.flatMap((row, a) =>
    row.flatMap((count, p) =>
      a === p || count === 0 ? [] : [{ actual: names[a] ?? String(a), predicted: names[p] ?? String(p), count }],
    ),
  );
  return pairs.sort((a, b) => b.count - a.count).slice(0, limit);
}

/** Share of the diagonal of a confusion matrix. */
export function accuracyOf(matrix: readonly (readonly number[])[]): number {
  const total = matrix.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0);
  const hits = matrix.reduce((sum, row, k) => sum + row[k]!, 0);
  return total === 0 ? 0 : hits / total;
}
