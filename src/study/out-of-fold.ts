/** Predictions for every example of a model that was trained without it. */

import type { Examples } from '../data/examples.ts';
import { stratifiedSplit } from '../data/split.ts';
import type { Model } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import type { TrainingOptions } from '../train/config.ts';
import { Evaluator, judge } from '../train/evaluate.ts';
import { fit } from '../train/fit.ts';
import { LogisticRegression } from './logistic.ts';
import { type Matrix, rescale, standardScaling, takeRows } from './matrix.ts';

export interface Fold {
  /** Indices that are trained on. */
  readonly train: Uint32Array;
  /** Those that are predicted. */
  readonly held: Uint32Array;
}

/** Cuts examples into folds, every class in its proportion; each example is held out once. @throws ValueError */
export function foldsOf(labels: Uint8Array, folds: number, seed: number): Fold[] {
  if (!Number.isInteger(folds) || folds < 2 || folds > labels.length) {
    throw new ValueError(`folds: ${folds} of ${labels.length} examples; give a whole number from 2`);
  }
  let left = Uint32Array.from({ length: labels.length }, (_, i) => i);
  const all = left;
  return Array.from({ length: folds }, (_, fold) => {
    const from = left;
    const size = Math.round(from.length / (folds - fold));
    const split = stratifiedSplit(
      Uint8Array.from(from, i => labels[i]!),
      size,
      seed + fold,
    );
    const held = split.validation.map(i => from[i]!);
    left = split.train.map(i => from[i]!);
    const out = new Set(held);
    return { train: all.filter(i => !out.has(i)), held };
  });
}

/**
 * Probabilities [examples, classes] of each example from a model that was trained without it.
 * @param predict trains on some examples and gives the probabilities [held, classes] of others.
 */
export async function outOfFold(
  folds: readonly Fold[],
  classes: number,
  predict: (fold: Fold, number: number) => Promise<Float32Array>,
): Promise<Float32Array> {
  const examples = folds.reduce((sum, { held }) => sum + held.length, 0);
  const probabilities = new Float32Array(examples * classes);
  for (const [number, fold] of folds.entries()) {
    const found = await predict(fold, number);
    fold.held.forEach((index, row) => {
      probabilities.set(found.subarray(row * classes, (row + 1) * classes), index * classes);
    });
  }
  return probabilities;
}

/**
 * The same with a linear classifier on features: for those of a network that did not learn from these labels.
 * @param l2 penalty of the classifier; default 1e-2, of features scaled to variance 1.
 */
export async function linearOutOfFold(
  engine: Engine,
  features: Matrix,
  labels: Uint8Array,
  classes: number,
  { folds = 5, seed = 1, l2 = 1e-2 }: { folds?: number; seed?: number; l2?: number } = {},
): Promise<Float32Array> {
  return await outOfFold(foldsOf(labels, folds, seed), classes, async ({ train, held }) => {
    const own = takeRows(features, train);
    const scaling = standardScaling(own);
    const of = (rows: Uint32Array) => Uint8Array.from(rows, row => labels[row]!);
    using regression = new LogisticRegression(engine, rescale(own, scaling), of(train), classes);
    const fitted = await regression.fit({ l2, tolerance: 1e-4 });
    const logits = await regression.logits(fitted, rescale(takeRows(features, held), scaling));
    return judge(logits, of(held), classes).probabilities;
  });
}

/**
 * The same with the whole network, trained anew for each fold.
 * @param make an untrained network; it is disposed of behind its fold. @param data with the labels that are doubted.
 * @throws as `fit`; InterruptedError when `signal` fires.
 */
export async function trainOutOfFold(
  make: () => Model | Promise<Model>,
  data: Examples,
  training: TrainingOptions,
  { folds = 3, seed = 1, signal }: { folds?: number; seed?: number; signal?: AbortSignal | undefined } = {},
): Promise<Float32Array> {
  return await outOfFold(foldsOf(data.labels, folds, seed), data.classes.length, async ({ train, held }) => {
    using model = await make();
    await fit(model, { data, train }, { training, signal });
    using evaluator = await Evaluator.compile(model, data);
    return (await evaluator.run(held, signal)).probabilities;
  });
}
