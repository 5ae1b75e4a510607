import { ShapeError } from '../../platform/errors.ts';
import type { HostArray } from '../arrays.ts';
import { placeOf } from './sums.ts';

/** What a batch norm computes of one channel of a batch in training, and passes back to one value of it. */
export interface BatchNormGradient {
  /** Of the channel, over all examples and pixels; the variance is that of the population. */
  readonly mean: number;
  readonly variance: number;
  /** (x - mean) / sqrt(variance + epsilon) of the value. */
  readonly normalised: number;
  /** gamma / sqrt(variance + epsilon). */
  readonly scale: number;
  /** scale * dy: as if the statistics did not depend on the value. */
  readonly direct: number;
  /** -scale * mean(dy): through the mean. */
  readonly throughMean: number;
  /** -scale * normalised * mean(dy * normalised): through the variance. */
  readonly throughVariance: number;
  /** Of the three. */
  readonly sum: number;
}

/**
 * The gradient of one value that goes into a batch norm in training, where the statistics are those of the batch (Ioffe and
 * Szegedy, 2015, section 3).
 * @param x [N, ..., C]; @param gradient of the loss with respect to the output, before any activation; of the same shape.
 * @param at coordinates of the value. @throws ShapeError for shapes that do not fit.
 */
export function explainBatchNormGradient(
  x: HostArray,
  gradient: HostArray,
  { gamma, epsilon }: { readonly gamma: ArrayLike<number>; readonly epsilon: number },
  at: readonly number[],
): BatchNormGradient {
  const place = placeOf(x.shape, at);
  const channels = x.shape[x.shape.length - 1]!;
  if (gradient.shape.join() !== x.shape.join() || gamma.length !== channels) {
    throw new ShapeError(
      `batch norm: x [${x.shape.join(', ')}] with gradient [${gradient.shape.join(', ')}] and ${gamma.length} gammas`,
    );
  }
  const channel = place % channels;
  const values = every(x.values, channel, channels);
  const dy = every(gradient.values, channel, channels);
  const mean = average(values);
  const variance = average(values.map(value => (value - mean) ** 2));
  const deviation = Math.sqrt(variance + epsilon);
  const scale = gamma[channel]! / deviation;
  const normalise = (value: number) => (value - mean) / deviation;
  const normalised = normalise(x.values[place]!);
  const direct = scale * gradient.values[place]!;
  const throughMean = -scale * average(dy);
  const throughVariance = -scale * normalised * average(dy.map((value, i) => value * normalise(values[i]!)));
  const sum = direct + throughMean + throughVariance;
  return { mean, variance, normalised, scale, direct, throughMean, throughVariance, sum };
}

function every(values: ArrayLike<number>, first: number, step: number): number[] {
  return Array.from(
    { length: Math.floor((values.length - 1 - first) / step) + 1 },
    (_, i) => values[first + i * step]!,
  );
}

const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
