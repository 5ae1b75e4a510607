/**
 * Multinomial logistic regression, trained to its optimum: the engine computes loss and gradient over all examples at once,
 * the host takes the steps. The loss is convex, so what comes out depends neither on a learning rate nor on a seed.
 *
 *     using regression = new LogisticRegression(engine, features, labels, classes);
 *     const fitted = await regression.fit({ l2: 1e-3 });
 *     const logits = await regression.logits(fitted, otherFeatures);
 */
import { ShapeError, ValueError } from '../platform/errors.ts';
import { gradients } from '../tensor/autograd.ts';
import type { Engine } from '../tensor/engine.ts';
import { concat, dense, reshape, softmaxCrossEntropy } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type MinimumOptions, minimise } from './lbfgs.ts';
import type { Matrix } from './matrix.ts';

export interface LogisticOptions extends MinimumOptions {
  /** l2 / 2 times the squared norm of the weights, without the bias, is added to the mean cross-entropy. */
  readonly l2: number;
  /** Where to begin, such as the result for another l2. Default: zeros. */
  readonly start?: LogisticFit;
}

export interface LogisticFit {
  /** [features, classes], then the bias [classes]. */
  readonly parameters: Float64Array;
  /** Mean cross-entropy with the penalty. */
  readonly value: number;
  /** Largest magnitude of a component of its gradient: how near the optimum is. */
  readonly gradient: number;
  readonly iterations: number;
}

export class LogisticRegression implements Disposable {
  private readonly x: Tensor;
  private readonly y: Tensor;

  /**
   * @param labels [rows], each below `classes`.
   * @throws ShapeError when there is not one label for each row; ValueError for a label that is no class.
   */
  constructor(
    private readonly engine: Engine,
    readonly features: Matrix,
    labels: ArrayLike<number>,
    readonly classes: number,
  ) {
    const { rows, columns, values } = features;
    if (labels.length !== rows) throw new ShapeError(`logistic regression: ${labels.length} labels for ${rows} rows`);
    const wrong = Array.from(labels).find(label => !(label < classes));
    if (wrong !== undefined) throw new ValueError(`logistic regression: label ${wrong} of ${classes} classes`);
    this.x = engine.keep(engine.tensor(values, [rows, columns], 'f32', 'features'));
    this.y = engine.keep(engine.tensor(labels, [rows], 'u32', 'labels'));
  }

  /** @throws ValueError unless l2 is a number from 0. */
  async fit({ l2, start, ...options }: LogisticOptions): Promise<LogisticFit> {
    if (!(l2 >= 0 && Number.isFinite(l2)))
      throw new ValueError(`logistic regression: l2 is ${l2}; give a number from 0`);
    const weights = this.features.columns * this.classes;
    const first = start?.parameters ?? new Float64Array(weights + this.classes);
    const penalised = async (point: Float64Array) => {
      const { value, gradient } = await this.slope(point);
      let norm = 0;
      for (let i = 0; i < weights; i++) {
        norm += point[i]! ** 2;
        gradient[i]! += l2 * point[i]!;
      }
      return { value: value + (l2 / 2) * norm, gradient };
    };
    const { point, ...found } = await minimise(penalised, first, options);
    return { parameters: point, ...found };
  }

  /** Mean cross-entropy over all rows, and its gradient. */
  private async slope(point: Float64Array): Promise<{ value: number; gradient: Float64Array }> {
    const { engine, x, y } = this;
    return await engine.scope(async () => {
      const [weights, bias] = this.parameters(point);
      const { loss } = softmaxCrossEntropy(dense(x, weights.watch(), bias.watch()), y);
      const found = [...gradients(loss, [weights, bias]), loss].map(tensor => reshape(tensor!, [-1]));
      // Together, since each wait for the device costs as much as the sums.
      const values = Float64Array.from(await concat(found, 0).data());
      return { value: values[point.length]!, gradient: values.slice(0, point.length) };
    });
  }

  /** [rows, classes] of other features of the same columns. @throws ShapeError */
  async logits({ parameters }: LogisticFit, { rows, columns, values }: Matrix): Promise<Float32Array> {
    const { engine } = this;
    return await engine.scope(async () => {
      const [weights, bias] = this.parameters(parameters);
      const logits = dense(engine.tensor(values, [rows, columns]), weights, bias);
      return Float32Array.from(await logits.data());
    });
  }

  private parameters(point: Float64Array): [weights: Tensor, bias: Tensor] {
    const { engine, classes } = this;
    const { columns } = this.features;
    const weights = engine.tensor(point.subarray(0, columns * classes), [columns, classes]);
    return [weights, engine.tensor(point.subarray(columns * classes), [classes])];
  }

  [Symbol.dispose](): void {
    this.x.dispose();
    this.y.dispose();
  }
}
