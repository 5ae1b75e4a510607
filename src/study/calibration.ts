import { Sampler } from '../kernels/sampler.ts';
import { ValueError } from '../platform/errors.ts';

/** Answers of about the same confidence, and how often they were right. */
export interface ReliabilityBin {
  /** Where the bin begins, 0 to 1; all are of one width. */
  readonly low: number;
  /** Images whose predicted class got a probability within this bin, one at least. */
  readonly count: number;
  /** Mean probability of the predicted class, 0 to 1. */
  readonly confidence: number;
  /** Share of them that were right. */
  readonly accuracy: number;
}

/** How far a model's probabilities are what they say. */
export interface Calibration {
  /** Expected calibration error, 0 to 1: |confidence - accuracy|, the mean over the images, bin by bin. */
  readonly ece: number;
  /** Mean cross-entropy in nats. */
  readonly nll: number;
  /** Sum over the classes of the squared error of the probabilities, its mean over the images: 0 to 2 (Brier, 1950). */
  readonly brier: number;
  /** Mean probability of the predicted class. */
  readonly confidence: number;
  /** Those of the 15 bins from 0 to 1 that are not empty. */
  readonly bins: readonly ReliabilityBin[];
}

/** Of C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On Calibration of Modern Neural Networks" (2017). */
const BINS = 15;

/**
 * @param logits [images, classes]; @param labels [images], each below `classes`.
 * @param temperature what logits are divided by before the softmax; 1 leaves them.
 * @throws ValueError when the sizes do not fit.
 */
export function calibration(logits: Float32Array, labels: Uint8Array, classes: number, temperature = 1): Calibration {
  checkSizes(logits, labels, classes);
  const n = labels.length;
  const counts = new Float64Array(BINS);
  const confidences = new Float64Array(BINS);
  const rights = new Float64Array(BINS);
  let [nll, brier] = [0, 0];
  const p = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    const { best, logSum } = softmaxRow(logits, i * classes, classes, 1 / temperature, p);
    const label = labels[i]!;
    // In logs, since the probability itself may round to 0.
    nll += logSum - logits[i * classes + label]! / temperature;
    for (let c = 0; c < classes; c++) brier += (p[c]! - Number(c === label)) ** 2;
    const bin = Math.min(BINS - 1, Math.floor(p[best]! * BINS));
    counts[bin]!++;
    confidences[bin]! += p[best]!;
    rights[bin]! += Number(best === label);
  }
  const bins = Array.from(counts, (count, b) => ({
    low: b / BINS,
    count,
    confidence: confidences[b]! / count,
    accuracy: rights[b]! / count,
  })).filter(({ count }) => count > 0);
  let [ece, confidence] = [0, 0];
  for (let b = 0; b < BINS; b++) {
    ece += Math.abs(confidences[b]! - rights[b]!) / n;
    confidence += confidences[b]! / n;
  }
  return { ece, nll: nll / n, brier: brier / n, confidence, bins };
}

export interface ChanceOptions {
  /** As in `calibration`. */
  readonly temperature?: number;
  /** Times that labels are drawn. Default 20. */
  readonly draws?: number;
  /** Default 1. */
  readonly seed?: number;
}

/**
 * Control: the mean expected calibration error of labels that are drawn from the probabilities themselves. Bins of few images
 * are never quite as often right as they say, so this much a perfectly calibrated model would show too (J. Vaicenavicius et
 * al., "Evaluating model calibration in classification", 2019).
 * @param logits [images, classes].
 * @throws ValueError when the logits are no whole rows.
 */
export function chanceCalibrationError(logits: Float32Array, classes: number, options: ChanceOptions = {}): number {
  const { temperature = 1, draws = 20, seed = 1 } = options;
  const labels = new Uint8Array(logits.length / classes);
  checkSizes(logits, labels, classes);
  const random = new Sampler(seed);
  const p = new Float64Array(classes);
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) {
    for (let i = 0; i < labels.length; i++) {
      softmaxRow(logits, i * classes, classes, 1 / temperature, p);
      let left = random.uniform();
      let label = 0;
      while (label < classes - 1 && (left -= p[label]!) >= 0) label++;
      labels[i] = label;
    }
    sum += calibration(logits, labels, classes, temperature).ece;
  }
  return sum / draws;
}

/** Temperatures looked for: what lies beyond them is said to have no optimum. */
const COLDEST = 1e-2;
const HOTTEST = 1e2;

/**
 * The temperature with the least cross-entropy (Guo et al., 2017): one number that makes all answers more or less sure and
 * changes none of them. Give it validation images; on the images that it was fitted to it is flattered.
 *
 * The loss is convex in 1 / T, with slope mean(E[z] - z_label), so the zero of the slope is found by halving.
 *
 * @param logits [images, classes] of images that the model was not trained on.
 * @throws ValueError when the sizes do not fit.
 */
export function fitTemperature(logits: Float32Array, labels: Uint8Array, classes: number): number {
  checkSizes(logits, labels, classes);
  const p = new Float64Array(classes);
  const slope = (beta: number) => {
    let sum = 0;
    for (let i = 0; i < labels.length; i++) {
      softmaxRow(logits, i * classes, classes, beta, p);
      let expected = 0;
      for (let c = 0; c < classes; c++) expected += p[c]! * logits[i * classes + c]!;
      sum += expected - logits[i * classes + labels[i]!]!;
    }
    return sum;
  };
  // Halved in log(beta): a factor is as long everywhere.
  let [low, high] = [-Math.log(HOTTEST), -Math.log(COLDEST)];
  for (let round = 0; round < 40; round++) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)) <= 0) low = middle;
    else high = middle;
  }
  return Math.exp(-(low + high) / 2);
}

function checkSizes(logits: Float32Array, labels: Uint8Array, classes: number): void {
  if (labels.length > 0 && logits.length === labels.length * classes) return;
  throw new ValueError(
    `calibration: ${logits.length} logits for ${labels.length} images of ${classes} classes; it needs one for each class of each image`,
  );
}

/** Softmax of beta times one row into `p`; the first largest class, and the logarithm of the sum that it was divided by. */
function softmaxRow(logits: Float32Array, start: number, classes: number, beta: number, p: Float64Array) {
  let best = 0;
  for (let c = 1; c < classes; c++) if (logits[start + c]! > logits[start + best]!) best = c;
  const top = beta * logits[start + best]!;
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += p[c] = Math.exp(beta * logits[start + c]! - top);
  for (let c = 0; c < classes; c++) p[c]! /= sum;
  return { best, logSum: top + Math.log(sum) };
}
