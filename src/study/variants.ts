import { type Shape, sizeOf } from '../kernels/spec.ts';
import type { Model } from '../nn/model.ts';
import { InterruptedError, ShapeError } from '../platform/errors.ts';
import { batchFor, type HostArray } from './arrays.ts';
import { logit } from './objectives.ts';
import { type ReluRule, trace } from './trace.ts';

export interface TargetOptions {
  /** The class whose logit is explained. */
  readonly target: number;
}

export interface BatchOptions {
  /** Images that are run at once; default 32. More is faster on a GPU and needs more memory. */
  readonly batch?: number;
  /** Ends the work between two batches. */
  readonly signal?: AbortSignal;
}

const BATCH = 32;

/** Pictures made from one, as many as a method looks at. They are written as their batch comes up. */
export interface Variants {
  readonly count: number;
  /** Writes picture i, of the model's input shape. */
  readonly write: (into: Float64Array, i: number) => void;
}

/** The one picture that a method explains, as numbers of its own. @throws ShapeError when it is none, or several. */
export function singleImage(model: Model, image: HostArray): Float64Array {
  const { shape, values } = batchFor(model, image);
  if (shape[0] !== 1) throw new ShapeError(`images [${shape.join(', ')}]: one is explained at a time; use rowOf`);
  return Float64Array.from(values);
}

/** The model's output for each of the pictures: [count, ...outputShape]. */
export async function outputsOf(model: Model, variants: Variants, options: BatchOptions = {}): Promise<HostArray> {
  const size = sizeOf(model.outputShape);
  const values = new Float64Array(variants.count * size);
  for (const [first, images] of batchesOf(model.inputShape, variants, options)) {
    values.set((await trace(model, images)).output.values, first * size);
  }
  return { shape: [variants.count, ...model.outputShape], values };
}

/** Sum of the gradients of the target's logit over the pictures, of the shape of one. */
export async function gradientSum(
  model: Model,
  variants: Variants,
  { target, reluRule = 'gradient', ...options }: TargetOptions & BatchOptions & { readonly reluRule?: ReluRule },
): Promise<Float64Array> {
  const size = sizeOf(model.inputShape);
  const sum = new Float64Array(size);
  for (const [, images] of batchesOf(model.inputShape, variants, options)) {
    const { inputGradient } = await trace(model, images, { objective: logit(target), reluRule });
    inputGradient!.values.forEach((value, i) => {
      sum[i % size]! += value;
    });
  }
  return sum;
}

/** Batches of nearly the same size each, since another size may want other kernels. @throws InterruptedError */
function* batchesOf(
  inputShape: Shape,
  { count, write }: Variants,
  { batch = BATCH, signal }: BatchOptions,
): Generator<[first: number, images: HostArray]> {
  const each = Math.ceil(count / Math.ceil(count / batch));
  const size = sizeOf(inputShape);
  for (let first = 0; first < count; first += each) {
    if (signal?.aborted) throw new InterruptedError(`interrupted after ${first} of ${count} variants of the picture`);
    const rows = Math.min(each, count - first);
    const values = new Float64Array(rows * size);
    for (let row = 0; row < rows; row++) write(values.subarray(row * size, (row + 1) * size), first + row);
    yield [first, { shape: [rows, ...inputShape], values }];
  }
}
