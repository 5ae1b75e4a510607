import { Sampler } from '../kernels/sampler.ts';
import type { Model } from '../nn/model.ts';
import { ValueError } from '../platform/errors.ts';
import type { HostArray } from './arrays.ts';
import { magnitude } from './image-filters.ts';
import type { ReluRule } from './trace.ts';
import { type BatchOptions, gradientSum, singleImage, type TargetOptions } from './variants.ts';

/**
 * Gradient of the target's logit with respect to the picture: by how much the logit grows for each unit that a value grows.
 * @returns of the picture's shape, [H, W, C], signed.
 * @throws ShapeError, ValueError for a picture or a class that the model does not know.
 */
export async function gradient(model: Model, image: HostArray, { target }: TargetOptions): Promise<HostArray> {
  return gradientMap(model, image, target, 'gradient');
}

/**
 * Saliency: how large the gradient is at each pixel, of several channels the largest. K. Simonyan, A. Vedaldi, A. Zisserman,
 * "Deep Inside Convolutional Networks" (2014).
 * @returns [H, W], 0 or more. @throws as {@link gradient}.
 */
export async function saliency(model: Model, image: HostArray, options: TargetOptions): Promise<HostArray> {
  return magnitude(await gradient(model, image, options));
}

/**
 * Guided backpropagation: the gradient, of which every ReLU lets only what is positive flow back. J. T. Springenberg et al.,
 * "Striving for Simplicity: The All Convolutional Net" (2015). It looks sharper than the gradient, and it largely restores
 * the picture itself, whatever the upper layers have learned (W. Nie, Y. Zhang, A. Patel, 2018): see `cascade`.
 *
 * The rule belongs to the way back through this one picture, not to ReLU: so it is a hook on the outputs of the layers that
 * end in one (`gradients(..., { hooks })`), and ops and kernels know nothing of it. Since a layer's backward masks what
 * comes in by the sign of its own output anyway, taking the positive part before is the whole rule.
 * @returns of the picture's shape. @throws as {@link gradient}.
 */
export async function guidedBackprop(model: Model, image: HostArray, { target }: TargetOptions): Promise<HostArray> {
  return gradientMap(model, image, target, 'guided');
}

async function gradientMap(model: Model, image: HostArray, target: number, reluRule: ReluRule): Promise<HostArray> {
  const values = singleImage(model, image);
  const one = { count: 1, write: (into: Float64Array) => into.set(values) };
  return { shape: model.inputShape, values: await gradientSum(model, one, { target, reluRule }) };
}

export interface SmoothGradOptions extends TargetOptions, BatchOptions {
  /** Noisy copies whose gradients are averaged; default 48. */
  readonly samples?: number;
  /** Standard deviation of the noise, in units of the picture, 0 to 1; default 0.15. With 0 it is the gradient itself. */
  readonly sigma?: number;
  /** Of the noise; default 1. */
  readonly seed?: number;
}

/**
 * SmoothGrad: the mean of the gradients at noisy copies of the picture, in which what flickers from one to the next
 * cancels. D. Smilkov et al., "SmoothGrad: Removing Noise by Adding Noise" (2017).
 * @returns of the picture's shape, signed. @throws as {@link gradient}; ValueError for a negative sigma or no samples.
 */
export async function smoothGrad(model: Model, image: HostArray, options: SmoothGradOptions): Promise<HostArray> {
  const { samples = 48, sigma = 0.15, seed = 1 } = options;
  if (!Number.isInteger(samples) || samples < 1) throw new ValueError(`smoothGrad: ${samples} samples; take 1 or more`);
  if (!(sigma >= 0)) throw new ValueError(`smoothGrad: sigma is ${sigma}; it must be 0 or more`);
  const values = singleImage(model, image);
  const random = new Sampler(seed);
  const write = (into: Float64Array) => {
    for (let i = 0; i < into.length; i++) into[i] = values[i]! + sigma * random.normal();
  };
  const sum = await gradientSum(model, { count: samples, write }, options);
  return { shape: model.inputShape, values: sum.map(value => value / samples) };
}
