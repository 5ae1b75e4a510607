import { ShapeError, ValueError } from '../platform/errors.ts';
import { logSoftmax, mul, neg, slice, sum } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * What is differentiated: a scalar made of a model's output [N, ...] and of the layers that were asked for by name. One that
 * adds up over the images gives each image the gradient of its own term, since in use no image influences another.
 */
export type Objective = (output: Tensor, layers: Readonly<Record<string, Tensor>>) => Tensor;

/**
 * Logit of a class: of this one for all images, or of one for each image. As a target of explanations it is better than
 * the probability, whose gradient also says what speaks against the other classes, and vanishes where the model is sure.
 * @throws ValueError for a class that the output does not have; ShapeError unless the output is [N, classes], one class a row.
 */
export function logit(classes: number | readonly number[]): Objective {
  return output => sum(chosen('logit', output, classes));
}

/** Softmax cross-entropy of the images with these labels, added up. @throws as {@link logit}. */
export function loss(labels: number | readonly number[]): Objective {
  return output => neg(sum(chosen('loss', logSoftmax(output), labels)));
}

/** The value of each row that belongs to its class, among zeros where classes differ from row to row. */
function chosen(what: string, rows: Tensor, classes: number | readonly number[]): Tensor {
  const [n, count] = rows.shape as [number, number];
  if (rows.rank !== 2) throw new ShapeError(`${what}: the model's output must be [N, classes], got ${rows}`);
  for (const k of [classes].flat()) {
    if (!Number.isInteger(k) || k < 0 || k >= count) {
      throw new ValueError(`${what}: there is no class ${k}; the model's output has the classes 0 to ${count - 1}`);
    }
  }
  if (typeof classes === 'number') return slice(rows, [0, classes], [-1, 1]);
  if (classes.length !== n)
    throw new ShapeError(`${what}: ${classes.length} classes for ${n} images; give one for each`);
  const mask = new Float32Array(n * count);
  classes.forEach((k, row) => {
    mask[row * count + k] = 1;
  });
  return mul(rows, rows.engine.tensor(mask, [n, count]));
}
