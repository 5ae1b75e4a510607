import type { Model } from '../nn/model.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';
import type { HostArray } from './arrays.ts';
import { blur } from './image-filters.ts';
import { type BatchOptions, gradientSum, outputsOf, singleImage, type TargetOptions } from './variants.ts';

export interface IntegratedGradientsOptions extends TargetOptions, BatchOptions {
  /** Where the path starts: a picture that says nothing, of the same shape. See {@link black}, {@link blurred}. */
  readonly baseline: HostArray;
  /** Points of the path at first; default 30. */
  readonly steps?: number;
  /** How far the attributions may be from adding up, as a share; default 0.01. */
  readonly tolerance?: number;
  /** Points at most; default 2430. */
  readonly most?: number;
}

export interface IntegratedGradients {
  /** Share of each value in the difference, signed: [H, W, C]. */
  readonly attributions: HostArray;
  /** Their sum. */
  readonly sum: number;
  /** Logit of the picture less that of the baseline: what they should add up to. */
  readonly difference: number;
  /** |sum - difference| as a share of |difference|. */
  readonly error: number;
  /** Points of the path that were needed. */
  readonly steps: number;
}

/**
 * Integrated gradients: the mean gradient along the straight line from a baseline to the picture, times the way. The
 * attributions add up to the difference of the two logits (completeness). M. Sundararajan, A. Taly, Q. Yan, "Axiomatic
 * Attribution for Deep Networks" (2017). By the midpoint rule, with three times as many points (which keep the old ones)
 * until they add up within the tolerance. Where picture and baseline are alike, attributions are 0 whatever the network
 * makes of it: so black pixels never count against a black baseline, and two baselines say more than one.
 * @throws ShapeError, ValueError for a picture, baseline or class that does not fit.
 */
export async function integratedGradients(
  model: Model,
  image: HostArray,
  options: IntegratedGradientsOptions,
): Promise<IntegratedGradients> {
  const { target, steps: first = 30, tolerance = 0.01, most = 2430 } = options;
  if (!Number.isInteger(first) || first < 1)
    throw new ValueError(`integratedGradients: ${first} steps; take 1 or more`);
  const end = singleImage(model, image);
  const start = singleImage(model, options.baseline);
  if (start.length !== end.length) throw new ShapeError('integratedGradients: baseline and image differ in shape');
  const ends = { count: 2, write: (into: Float64Array, i: number) => into.set(i === 0 ? start : end) };
  const classes = model.outputShape[0]!;
  const logits = (await outputsOf(model, ends, options)).values;
  const difference = logits[classes + target]! - logits[target]!;
  const sumAt = (points: readonly number[]) => {
    const write = (into: Float64Array, i: number) => {
      for (let j = 0; j < into.length; j++) into[j] = start[j]! + points[i]! * (end[j]! - start[j]!);
    };
    return gradientSum(model, { count: points.length, write }, options);
  };

  let steps = first;
  let total = await sumAt(middles(steps));
  for (;;) {
    const values = total.map((gradient, j) => (gradient / steps) * (end[j]! - start[j]!));
    const sum = values.reduce((a, b) => a + b, 0);
    const error = sum === difference ? 0 : Math.abs(sum - difference) / Math.abs(difference);
    if (error <= tolerance || steps * 3 > most) {
      return { attributions: { shape: model.inputShape, values }, ...{ sum, difference, error, steps } };
    }
    steps *= 3;
    // Every second of three has been there before: (3 k + 1 + 1/2) / 3 n = (k + 1/2) / n.
    const more = await sumAt(middles(steps).filter((_, i) => i % 3 !== 1));
    total = total.map((value, j) => value + more[j]!);
  }
}

const middles = (n: number) => Array.from({ length: n }, (_, i) => (i + 0.5) / n);

/** A baseline of zeros: a black picture. */
export function black({ shape, values }: HostArray): HostArray {
  return { shape, values: new Float64Array(values.length) };
}

/** A baseline without detail: the picture blurred by a Gaussian, by default a seventh of its height wide. */
export function blurred(image: HostArray, sigma: number = image.shape[0]! / 7): HostArray {
  return blur(image, sigma);
}

/** A baseline that is the mean of pictures of one shape, of which `images` holds some: [N, H, W, C] to [H, W, C]. */
export function meanImage({ shape, values }: HostArray): HostArray {
  const [count, ...inner] = shape as [number, ...number[]];
  const mean = new Float64Array(values.length / count);
  values.forEach((value, i) => {
    mean[i % mean.length]! += value / count;
  });
  return { shape: inner, values: mean };
}
