/** What study functions take and give: plain numbers with their shape, which outlive the engine that computed them. */
import type { ImageData8 } from '../data/dataset.ts';
import { type Shape, sizeOf, type Values } from '../kernels/spec.ts';
import type { Model } from '../nn/model.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';

/** Numbers on the host, row-major, channels last. */
export interface HostArray {
  readonly shape: Shape;
  readonly values: Values;
}

/** A picture of a data set as networks get it: [H, W, C], 0 to 1. @throws ValueError when there is no such picture. */
export function imageAt({ images, count, height, width, channels, name }: ImageData8, index: number): HostArray {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new ValueError(`image ${index}: '${name}' has the images 0 to ${count - 1}`);
  }
  const size = height * width * channels;
  const bytes = images.subarray(index * size, (index + 1) * size);
  return { shape: [height, width, channels], values: Float32Array.from(bytes, byte => byte / 255) };
}

/**
 * Pictures as a batch that a model takes; a single one makes a batch of one.
 * @returns of shape [N, ...inputShape].
 * @throws ShapeError when they are not of the model's input shape.
 */
export function batchFor(model: Model, images: HostArray): HostArray {
  const { inputShape, name } = model;
  const single = images.shape.join() === inputShape.join();
  const shape = single ? [1, ...inputShape] : images.shape;
  if (shape.slice(1).join() !== inputShape.join() || shape.length !== inputShape.length + 1) {
    const input = inputShape.join(', ');
    throw new ShapeError(
      `model '${name}': it takes images [${input}] or [N, ${input}], got [${images.shape.join(', ')}]`,
    );
  }
  if (images.values.length !== sizeOf(shape)) {
    throw new ShapeError(`images [${images.shape.join(', ')}]: ${images.values.length} values do not make that shape`);
  }
  return { shape, values: images.values };
}

/** One row of a batch: [N, ...] to [...]. Shares memory. */
export function rowOf({ shape, values }: HostArray, row: number): HostArray {
  const inner = shape.slice(1);
  const size = sizeOf(inner);
  return { shape: inner, values: values.subarray(row * size, (row + 1) * size) };
}

/** Softmax of each row of logits: [N, classes], or [classes]. */
export function probabilitiesOf({ shape, values }: HostArray): HostArray & { readonly values: Float64Array } {
  const classes = shape[shape.length - 1]!;
  const found = new Float64Array(values.length);
  for (let start = 0; start < values.length; start += classes) {
    const logits = Float64Array.from(values.subarray(start, start + classes));
    const largest = Math.max(...logits);
    const powers = logits.map(value => Math.exp(value - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    found.set(
      powers.map(value => value / sum),
      start,
    );
  }
  return { shape, values: found };
}
