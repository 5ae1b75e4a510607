import { Batches } from '../data/batches.ts';
import type { Examples, Feed } from '../data/examples.ts';
import type { Model } from '../nn/index.ts';
import { InterruptedError, ValueError } from '../platform/errors.ts';
import { type CompiledStep, compile, planStep, type StepPlan } from '../tensor/compile.ts';
import { add, affine, augment } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { peek } from './peek.ts';

/** What a model says of some images. */
export interface Evaluation {
  /** Mean cross-entropy in nats, without smoothing or weights. NaN when a logit is. */
  readonly loss: number;
  /** 0 to 1. */
  readonly accuracy: number;
  /** True class of each image, in the order in which they were given. */
  readonly labels: Uint8Array;
  /** The class of the first largest logit. */
  readonly predictions: Uint8Array;
  /** [images, classes]. */
  readonly logits: Float32Array;
  /** [images, classes], softmax of the logits. */
  readonly probabilities: Float32Array;
}

/** Test-time augmentation: 'flip' takes the mean of the logits of a picture and of its mirror image. */
export type TestTimeAugmentation = (typeof TEST_TIME_AUGMENTATIONS)[number];
export const TEST_TIME_AUGMENTATIONS = ['none', 'flip'] as const;

export interface EvaluatorOptions {
  /** Images of a forward pass. */
  readonly batch?: number;
  /** Default 'none'. */
  readonly tta?: TestTimeAugmentation;
  readonly progress?: (done: number, total: number) => void;
}

/** Divides 5,000 and 10,000, so that neither validation nor test computes padding. */
export const EVALUATION_BATCH = 250;

/** Batches whose results are on their way to the host at most. */
const DEPTH = 3;

/**
 * A model's forward pass as it is used: no dropout, running statistics in batch norm. Compiled once, for any number of
 * evaluations with whatever values the parameters have then.
 */
export class Evaluator implements Disposable {
  private constructor(
    private readonly data: Examples,
    private readonly feed: Feed,
    /** The forward pass of one batch; its result are the logits. */
    readonly compiled: CompiledStep<Tensor>,
  ) {}

  static async compile(model: Model, data: Examples, options: EvaluatorOptions = {}): Promise<Evaluator> {
    const { feed, fn, settings } = makeForward(model, data, options.batch, options.tta);
    const { progress } = options;
    try {
      const step = await compile(model.engine, fn, { ...settings, ...(progress && { progress }) });
      return new Evaluator(data, feed, step);
    } catch (error) {
      feed[Symbol.dispose]();
      throw error;
    }
  }

  /** What compiling it would come to, without compiling it. */
  static plan(model: Model, data: Examples, batch?: number): StepPlan {
    const { feed, fn, settings } = makeForward(model, data, batch);
    try {
      return planStep(model.engine, fn, settings);
    } finally {
      feed[Symbol.dispose]();
    }
  }

  /** Evaluates these images of the data set. @throws InterruptedError when `signal` fires. */
  async run(pictures: Uint32Array, signal?: AbortSignal): Promise<Evaluation> {
    const batches = new Batches(pictures, { batch: this.feed.indices.size });
    const classes = this.compiled.result.shape[1]!;
    const logits = new Float32Array(pictures.length * classes);
    const pending: Promise<void>[] = [];
    try {
      for (let step = 0; step < batches.stepsPerEpoch; step++) {
        if (signal?.aborted) throw new InterruptedError('evaluation: interrupted');
        const { indices, rows } = batches.at(0, step);
        this.feed.select(indices);
        await this.compiled.run({ rows });
        const start = step * batches.batch * classes;
        const arrived = peek(this.compiled.result).then(values => {
          logits.set(values.subarray(0, rows * classes), start);
        });
        // Whoever awaits it below gets the error; until then it must not count as unhandled.
        arrived.catch(() => {});
        pending.push(arrived);
        if (pending.length > DEPTH) await pending.shift();
      }
    } finally {
      await Promise.all(pending);
    }
    const labels = Uint8Array.from(pictures, picture => this.data.labels[picture]!);
    return judge(logits, labels, classes);
  }

  [Symbol.dispose](): void {
    this.compiled[Symbol.dispose]();
    this.feed[Symbol.dispose]();
  }
}

/** The forward pass of one batch, and the tensor that says which images are in it. */
function makeForward(
  model: Model,
  data: Examples,
  batch = Math.min(EVALUATION_BATCH, data.count),
  tta: TestTimeAugmentation = 'none',
) {
  const { engine } = model;
  const from = data.passed;
  if (from > 0 && tta !== 'none') {
    throw new ValueError(
      `evaluation: test-time augmentation '${tta}' needs pictures, these have passed ${from} layers`,
    );
  }
  const feed = data.feed(batch);
  const fn = () =>
    engine.noGrad(() => {
      const { images } = feed.batch();
      const logits = model.forwardPart(images, { from });
      if (tta === 'none') return logits;
      return affine(add(logits, model.forward(augment(images, feed.indices, { flip: 1 }))), 0.5);
    });
  // Not for ever, but for all batches of an evaluation.
  return { feed, fn, settings: { label: 'evaluate', constants: model.parameters.flats } };
}

/** Loss, predictions and probabilities from logits [images, classes], in float64. */
export function judge(logits: Float32Array, labels: Uint8Array, classes: number): Evaluation {
  const count = labels.length;
  const predictions = new Uint8Array(count);
  const probabilities = new Float32Array(logits.length);
  let loss = 0;
  let correct = 0;
  for (let i = 0; i < count; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    let best = 0;
    for (let c = 1; c < classes; c++) if (row[c]! > row[best]!) best = c;
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(row[c]! - row[best]!);
    for (let c = 0; c < classes; c++) probabilities[i * classes + c] = Math.exp(row[c]! - row[best]!) / sum;
    predictions[i] = best;
    loss += Math.log(sum) + row[best]! - row[labels[i]!]!;
    if (best === labels[i]) correct++;
  }
  return { loss: loss / count, accuracy: correct / count, labels, predictions, logits, probabilities };
}
