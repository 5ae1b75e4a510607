/**
 * Linear probes: how well the classes can be told apart by a linear function of what a layer gives. G. Alain, Y. Bengio,
 * "Understanding intermediate layers using linear classifier probes" (2016). The same probe on shuffled labels says what a
 * probe of this width can pick up where there is nothing (J. Hewitt, P. Liang, "Designing and Interpreting Probes with
 * Control Tasks", 2019), and on the pixels what the network began with.
 */
import type { Examples } from '../data/examples.ts';
import { stratifiedSplit } from '../data/split.ts';
import { Sampler } from '../kernels/sampler.ts';
import type { Model } from '../nn/index.ts';
import { InterruptedError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import { judge } from '../train/evaluate.ts';
import { type FeatureOptions, type LayerFeatures, layerFeatures } from './features.ts';
import { type LogisticFit, LogisticRegression } from './logistic.ts';
import { type Matrix, rescale, stack, standardScaling, takeRows } from './matrix.ts';

/**
 * Weights of the penalty that are tried, the largest first, until the loss on the rows that choose rises. Each fit begins where
 * the one before ended.
 */
export const PROBE_PENALTIES = [10, 1, 1e-1, 1e-2, 1e-3, 1e-4] as const;

/** Which rows a probe learns from, which choose its penalty, and which judge it. */
export interface ProbeRows {
  readonly train: ArrayLike<number>;
  readonly choose: ArrayLike<number>;
  readonly judge: ArrayLike<number>;
}

export interface Probe {
  /** On the rows that judge, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross-entropy on them, in nats. */
  readonly loss: number;
  /** On the rows that it learned from. */
  readonly trainAccuracy: number;
  /** What was chosen by the loss on the rows that choose. */
  readonly l2: number;
  /** Control: accuracy on the rows that judge after learning from shuffled labels with the same penalty, mean of 3 orders. */
  readonly shuffledAccuracy: number;
  /** Of these probes on the rows that they learned from, against the shuffled labels: what a probe can learn by heart. */
  readonly shuffledTrainAccuracy: number;
}

interface Labelled {
  readonly x: Matrix;
  readonly y: Uint8Array;
}

/**
 * Fits a probe to features. They are scaled to mean 0 and variance 1 by the training rows.
 * @param labels of all rows. @param seed of the shuffled labels.
 * @throws ValueError for a label that is no class.
 */
export async function fitProbe(
  engine: Engine,
  features: Matrix,
  labels: ArrayLike<number>,
  classes: number,
  rows: ProbeRows,
  seed = 1,
): Promise<Probe> {
  const raw = takeRows(features, rows.train);
  const scaling = standardScaling(raw);
  const part = (which: ArrayLike<number>): Labelled => ({
    x: rescale(takeRows(features, which), scaling),
    y: Uint8Array.from(which, row => labels[row]!),
  });
  const [train, choose, final] = [part(rows.train), part(rows.choose), part(rows.judge)];
  using regression = new LogisticRegression(engine, train.x, train.y, classes);
  const score = async (from: LogisticRegression, fit: LogisticFit, { x, y }: Labelled) =>
    judge(await from.logits(fit, x), y, classes);
  let best: { fit: LogisticFit; l2: number; loss: number } | undefined;
  let start: LogisticFit | undefined;
  for (const l2 of PROBE_PENALTIES) {
    const fit = await regression.fit({ l2, ...FIT, ...(start && { start }) });
    start = fit;
    const { loss } = await score(regression, fit, choose);
    if (best && loss > best.loss) break;
    best = { fit, l2, loss };
  }
  const { fit, l2 } = best!;
  const controls = { held: 0, own: 0 };
  for (let order = 0; order < SHUFFLES; order++) {
    const shuffled = shuffle(train.y, seed + order);
    using control = new LogisticRegression(engine, train.x, shuffled, classes);
    const controlFit = await control.fit({ l2, ...FIT });
    controls.held += (await score(control, controlFit, final)).accuracy / SHUFFLES;
    controls.own += (await score(control, controlFit, { x: train.x, y: shuffled })).accuracy / SHUFFLES;
  }
  const { accuracy, loss } = await score(regression, fit, final);
  return {
    ...{ accuracy, loss, l2 },
    trainAccuracy: (await score(regression, fit, train)).accuracy,
    shuffledAccuracy: controls.held,
    shuffledTrainAccuracy: controls.own,
  };
}

/** A probe of shuffled labels is one direction by chance, and may lie well. */
const SHUFFLES = 3;
/** Nearer to the optimum hardly an accuracy changes any more. */
const FIT = { tolerance: 5e-4, iterations: 60 } as const;

function shuffle(labels: Uint8Array, seed: number): Uint8Array {
  const random = new Sampler(seed);
  const shuffled = labels.slice();
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.int(0, i);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}

export interface LayerProbe extends Probe, Omit<LayerFeatures, 'values'> {
  /** Features that the probe was given. */
  readonly width: number;
}

export interface LayerProbeOptions extends FeatureOptions {
  /** Told after every layer. */
  readonly onLayer?: ((done: number, total: number) => void) | undefined;
}

/**
 * A probe for each layer, and for the pixels.
 * @param train pictures to learn from; the network may have been trained on them too.
 * @param validation pictures that it was not trained on: half of them choose the penalty, the others judge.
 * @throws ValueError for a layer that does not exist; InterruptedError when `signal` fires.
 */
export async function probeLayers(
  model: Model,
  train: Examples,
  validation: Examples,
  options: LayerProbeOptions = {},
): Promise<LayerProbe[]> {
  const { seed = 1, signal, onLayer } = options;
  const own = await layerFeatures(model, train, options);
  const held = await layerFeatures(model, validation, options);
  const halves = stratifiedSplit(validation.labels, Math.floor(validation.count / 2), seed);
  const rows: ProbeRows = {
    train: Uint32Array.from({ length: train.count }, (_, i) => i),
    choose: halves.validation.map(i => train.count + i),
    judge: halves.train.map(i => train.count + i),
  };
  const labels = new Uint8Array(train.count + validation.count);
  labels.set(train.labels);
  labels.set(validation.labels, train.count);
  const probes: LayerProbe[] = [];
  for (const [i, { values, ...layer }] of own.entries()) {
    if (signal?.aborted) throw new InterruptedError('probes: interrupted');
    const features = stack(values, held[i]!.values);
    const probe = await fitProbe(model.engine, features, labels, train.classes.length, rows, seed);
    probes.push({ ...layer, width: values.columns, ...probe });
    onLayer?.(probes.length, own.length);
  }
  return probes;
}
