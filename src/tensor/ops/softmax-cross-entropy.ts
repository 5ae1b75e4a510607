import { binaryKernel, binaryParams } from '../../kernels/binary.ts';
import { softmaxCrossEntropyKernel } from '../../kernels/softmax-cross-entropy.ts';
import { ShapeError, ValueError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';

export interface SoftmaxCrossEntropyOptions {
  /** s in goal = (1 - s) onehot(label) + s / C. Default 0. */
  labelSmoothing?: number;
  /** [C]: weight of a row by its label. */
  classWeights?: Tensor;
  /** Running totals of an epoch that this step is added to, on the device: f32 [512] and u32 [4], see RunningMetrics. */
  totals?: { readonly losses: Tensor; readonly counts: Tensor };
}

export interface SoftmaxCrossEntropy {
  /** Scalar: mean over the valid rows. */
  readonly loss: Tensor;
  /** Scalar: how many valid rows have their label as the (first) largest logit. Not differentiable. */
  readonly correct: Tensor;
}

/**
 * Softmax cross-entropy of logits [N, C] with integer labels u32 [N], with its gradient and the accuracy in one kernel.
 * Stable at any finite logits.
 *
 * Only the first step.rows rows count (0: all): the others are padding, with loss and gradient 0. With class weights the
 * loss is sum(w[label] * loss) / rows, as in Keras's `class_weight`; it is not divided by the sum of the weights, as in
 * PyTorch, so that the losses of micro-batches add up to that of the batch.
 *
 * A label that is not below C is never read past the end: it makes the loss and its row's gradient NaN.
 *
 * @throws ShapeError when the shapes do not fit; ValueError unless 0 <= labelSmoothing < 1.
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: SoftmaxCrossEntropyOptions = {},
): SoftmaxCrossEntropy {
  const { labelSmoothing = 0, classWeights, totals } = options;
  if (logits.rank !== 2) throw new ShapeError(`softmaxCrossEntropy: logits must be [N, C], got ${logits}`);
  const [rows, n] = logits.shape as [number, number];
  if (labels.size !== rows || labels.dtype !== 'u32') {
    throw new ShapeError(`softmaxCrossEntropy: labels must be u32[${rows}] for logits ${logits}, got ${labels}`);
  }
  if (classWeights && classWeights.size !== n) {
    throw new ShapeError(`softmaxCrossEntropy: class weights must be [${n}] for logits ${logits}, got ${classWeights}`);
  }
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new ValueError(
      `softmaxCrossEntropy: label smoothing is ${labelSmoothing}, it must be at least 0 and below 1`,
    );
  }
  const { engine } = logits;
  const p = {
    rows,
    n,
    base: 0,
    total: rows,
    weighted: Number(!!classWeights),
    gradient: Number(logits.tracked),
    accumulate: 0,
    totals: Number(!!totals),
    smoothing: labelSmoothing,
  };
  const out = engine.run(softmaxCrossEntropyKernel, p, { logits, labels, weights: classWeights, ...totals });
  const { dlogits } = out;
  const loss = engine.alias(out.loss!, []);
  engine.record('softmaxCrossEntropy', [logits], loss, ({ dy, seed, into }) => {
    if (seed) return [dlogits];
    const scale = binaryParams('mul', [rows, n], [1], [rows, n]);
    return [engine.run(binaryKernel, scale, { a: dlogits, b: dy }, { out: into[0] }).out];
  });
  return { loss, correct: engine.alias(out.correct!, []) };
}

export const softmaxCrossEntropyExample: OpExample = {
  name: 'softmaxCrossEntropy',
  draw: r => {
    const [rows, n] = [r.int(1, 6), r.int(2, 7)];
    const labels = Array.from({ length: rows }, () => r.int(0, n - 1));
    const weights = Array.from({ length: n }, () => r.uniform(0.5, 2));
    const [labelSmoothing, weighted] = [r.pick([0, 0.1]), r.int(0, 1) === 1];
    return {
      inputs: [[rows, n]],
      constants: [
        { shape: [rows], dtype: 'u32', values: labels },
        { shape: [n], dtype: 'f32', values: weights },
      ],
      apply: ([logits], [target, classWeights]) =>
        softmaxCrossEntropy(logits!, target!, { labelSmoothing, ...(weighted && { classWeights: classWeights! }) })
          .loss,
    };
  },
};
