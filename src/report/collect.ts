import type { ImageData8 } from '../data/dataset.ts';
import { calibration, fitTemperature } from '../study/calibration.ts';
import type { Evaluation } from '../train/evaluate.ts';
import { confusionMatrix } from '../train/metrics.ts';
import { toBase64 } from './format.ts';
import { toPicture } from './pictures.ts';
import type { CalibrationReport, Mistake, TestResult } from './types.ts';

/** Pictures of mistakes that a report shows of a model. */
const WORST = 12;

/**
 * What a report needs of an evaluation of all images of `data`, in their order.
 * @param validation the same model's answers to images that it was not trained on: the temperature is fitted to them.
 */
export function collectTest(evaluation: Evaluation, data: ImageData8, validation?: Evaluation): TestResult {
  const { labels, predictions, loss, accuracy } = evaluation;
  return {
    images: data.count,
    accuracy,
    loss,
    labels: toBase64(labels),
    predictions: toBase64(predictions),
    confusion: confusionMatrix(labels, predictions, data.classes.length),
    worst: worstMistakes(evaluation, data, WORST),
    // Logits that are no numbers have no probabilities to judge.
    ...(Number.isFinite(loss) && { calibration: calibrate(evaluation, data.classes.length, validation) }),
  };
}

function calibrate(test: Evaluation, classes: number, validation: Evaluation | undefined): CalibrationReport {
  const plain = calibration(test.logits, test.labels, classes);
  if (!validation || !Number.isFinite(validation.loss)) return { plain };
  const temperature = fitTemperature(validation.logits, validation.labels, classes);
  return { plain, scaled: { ...calibration(test.logits, test.labels, classes, temperature), temperature } };
}

/** The images that were classified wrongly with the largest probability; among equals the first. */
export function worstMistakes(evaluation: Evaluation, data: ImageData8, limit: number): Mistake[] {
  const { labels, predictions, probabilities } = evaluation;
  const classes = probabilities.length / labels.length;
  const wrong = Array.from(labels.keys()).filter(i => labels[i] !== predictions[i]);
  const sure = (i: number) => probabilities[i * classes + predictions[i]!]!;
  const { height, width, channels } = data;
  const bytes = height * width * channels;
  return wrong
    .sort((a, b) => sure(b) - sure(a) || a - b)
    .slice(0, limit)
    .map(index => ({
      index,
      label: labels[index]!,
      predicted: predictions[index]!,
      probability: sure(index),
      picture: toPicture(data.images.subarray(index * bytes, (index + 1) * bytes), data),
    }));
}
