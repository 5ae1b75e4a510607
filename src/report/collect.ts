import type { ImageData8 } from '../data/dataset.ts';
import type { Evaluation } from '../train/evaluate.ts';
import { confusionMatrix } from '../train/metrics.ts';
import { toBase64 } from './format.ts';
import { toPicture } from './pictures.ts';
import type { Mistake, TestResult } from './types.ts';

/** Pictures of mistakes that a report shows of a model. */
const WORST = 12;

/** What a report needs of an evaluation of all images of `data`, in their order. */
export function collectTest(evaluation: Evaluation, data: ImageData8): TestResult {
  const { labels, predictions, loss, accuracy } = evaluation;
  return {
    images: data.count,
    accuracy,
    loss,
    labels: toBase64(labels),
    predictions: toBase64(predictions),
    confusion: confusionMatrix(labels, predictions, data.classes.length),
    worst: worstMistakes(evaluation, data, WORST),
  };
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
