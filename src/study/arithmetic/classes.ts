import { ShapeError, ValueError } from '../../platform/errors.ts';

/** One class in a softmax. */
export interface ClassTerm {
  readonly logit: number;
  /** e^(logit - largest). */
  readonly exponential: number;
  /** exponential / sum. */
  readonly probability: number;
}

/** Softmax, written out. The largest logit is taken off first: the result is the same, and no exponential overflows. */
export interface SoftmaxArithmetic {
  readonly largest: number;
  readonly terms: readonly ClassTerm[];
  /** Of the exponentials. */
  readonly sum: number;
}

/** One class in the loss. */
export interface LossTerm extends ClassTerm {
  /** 1 for the label and 0 for the others; with label smoothing s: 1 - s + s / classes and s / classes. */
  readonly target: number;
  readonly logProbability: number;
  /** -target * logProbability: what it adds to the loss. */
  readonly product: number;
  /** Of the loss with respect to its logit: probability - target. */
  readonly gradient: number;
}

/** Cross-entropy of one example behind a softmax, written out. The mean over a batch divides loss and gradients by its rows. */
export interface LossArithmetic extends Omit<SoftmaxArithmetic, 'terms'> {
  readonly terms: readonly LossTerm[];
  /** In nats. */
  readonly loss: number;
}

/** @throws ShapeError for no logits at all. */
export function explainSoftmax(logits: ArrayLike<number>): SoftmaxArithmetic {
  const values = Array.from(logits);
  if (values.length === 0) throw new ShapeError('softmax: there are no logits');
  const largest = values.reduce((a, b) => Math.max(a, b));
  const exponentials = values.map(logit => Math.exp(logit - largest));
  const sum = exponentials.reduce((a, b) => a + b);
  const terms = values.map((logit, k) => {
    const exponential = exponentials[k]!;
    return { logit, exponential, probability: exponential / sum };
  });
  return { largest, terms, sum };
}

/** What one class passes back to a logit through a softmax. */
export interface SoftmaxGradientTerm {
  /** Of what follows, with respect to the probability of class j. */
  readonly gradient: number;
  /** d p_j / d z_k = p_j ((j = k) - p_k). */
  readonly slope: number;
  readonly product: number;
}

/**
 * The gradient of logit `k` through a softmax, written out.
 * @param gradient with respect to each probability. @throws ShapeError, ValueError for what does not fit the logits.
 */
export function explainSoftmaxGradient(
  logits: ArrayLike<number>,
  gradient: ArrayLike<number>,
  k: number,
): { readonly terms: readonly SoftmaxGradientTerm[]; readonly sum: number } {
  const { terms: classes } = explainSoftmax(logits);
  if (gradient.length !== classes.length) {
    throw new ShapeError(`softmax: ${gradient.length} gradients for ${classes.length} logits`);
  }
  checkClass('softmax', k, classes.length);
  const own = classes[k]!.probability;
  const terms = classes.map(({ probability }, j) => {
    const dy = gradient[j]!;
    const slope = probability * (Number(j === k) - own);
    return { gradient: dy, slope, product: dy * slope };
  });
  return { terms, sum: terms.reduce((total, { product }) => total + product, 0) };
}

/**
 * @param label of the example; @param labelSmoothing share of the target that is spread over all classes. Default 0.
 * @throws ShapeError, ValueError for no logits, or a class that they do not have.
 */
export function explainLoss(logits: ArrayLike<number>, label: number, labelSmoothing = 0): LossArithmetic {
  const { largest, terms: classes, sum } = explainSoftmax(logits);
  checkClass('loss', label, classes.length);
  const spread = labelSmoothing / classes.length;
  const terms = classes.map((term, k): LossTerm => {
    const target = spread + (k === label ? 1 - labelSmoothing : 0);
    const logProbability = term.logit - largest - Math.log(sum);
    const product = target === 0 ? 0 : -target * logProbability;
    return { ...term, target, logProbability, product, gradient: term.probability - target };
  });
  return { largest, terms, sum, loss: terms.reduce((total, { product }) => total + product, 0) };
}

function checkClass(what: string, k: number, classes: number): void {
  if (Number.isInteger(k) && k >= 0 && k < classes) return;
  throw new ValueError(`${what}: there is no class ${k}; the logits are of ${classes}`);
}
