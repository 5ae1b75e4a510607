import type { Examples, Feed } from '../data/examples.ts';
import type { Model } from '../nn/index.ts';
import { gradients } from '../tensor/autograd.ts';
import { allOrNone, type CompiledStep, compile } from '../tensor/compile.ts';
import { add, clamp, greater, less, maximum, minimum, mul, softmax, sub } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { peek } from '../train/peek.ts';

interface Tensors {
  /** The batch as it is, and as it has been changed so far: [rows, ...inputShape]. */
  readonly origin: Tensor;
  readonly changed: Tensor;
  /** One-hot, [rows, classes]. */
  readonly labels: Tensor;
  /** How far a pixel may go from its origin, and how far it goes in this step: [1]. */
  readonly epsilon: Tensor;
  readonly length: Tensor;
}

/** A batch of pictures that is changed step by step so that a network errs. */
export class Attacker implements Disposable {
  private original = new Float32Array();

  private constructor(
    private readonly data: Examples,
    private readonly feed: Feed,
    private readonly classes: number,
    private readonly range: readonly [low: number, high: number],
    private readonly tensors: Tensors,
    private readonly steps: readonly [
      load: CompiledStep<Tensor>,
      move: CompiledStep<Tensor>,
      judge: CompiledStep<Tensor>,
    ],
  ) {}

  static async compile(
    model: Model,
    data: Examples,
    rows: number,
    range: readonly [low: number, high: number],
  ): Promise<Attacker> {
    const { engine } = model;
    const classes = model.outputShape[0]!;
    const shape = [rows, ...model.inputShape];
    const feed = data.feed(rows);
    const tensors: Tensors = {
      origin: engine.keep(engine.zeros(shape)),
      changed: engine.keep(engine.zeros(shape)),
      labels: engine.keep(engine.zeros([rows, classes])),
      epsilon: engine.keep(engine.zeros([1])),
      length: engine.keep(engine.zeros([1])),
    };
    const { origin, changed } = tensors;
    const constants = model.parameters.flats;
    try {
      const [load, move, judge] = await allOrNone([
        compile(engine, () => engine.copy(feed.batch().images, origin), { label: 'pictures' }),
        compile(engine, () => engine.copy(moved(model, tensors, range), changed), { label: 'attack', constants }),
        compile(engine, () => engine.noGrad(() => model.forward(changed)), { label: 'judge', constants }),
      ]);
      return new Attacker(data, feed, classes, range, tensors, [load!, move!, judge!]);
    } catch (error) {
      for (const one of [feed, ...Object.values<Tensor>({ ...tensors })]) one[Symbol.dispose]();
      throw error;
    }
  }

  /** Takes these pictures as they are, and gives them. */
  async begin(indices: Uint32Array): Promise<Float32Array> {
    const labels = new Float32Array(indices.length * this.classes);
    indices.forEach((image, row) => {
      labels[row * this.classes + this.data.labels[image]!] = 1;
    });
    this.tensors.labels.write(labels);
    this.feed.select(indices);
    await this.steps[0].run({ rows: indices.length });
    this.original = (await peek(this.tensors.origin)) as Float32Array<ArrayBuffer>;
    this.tensors.changed.write(this.original);
    return this.original;
  }

  /** Makes the changed pictures anew from the original ones, value by value; limited to the range. */
  change(fn: (value: number) => number): void {
    const [low, high] = this.range;
    this.tensors.changed.write(this.original.map(value => Math.min(high, Math.max(low, fn(value)))));
  }

  /** Moves every pixel by `length` against the network, `epsilon` from its origin at most. */
  async move(epsilon: number, length: number): Promise<void> {
    this.tensors.epsilon.write([epsilon]);
    this.tensors.length.write([length]);
    await this.steps[1].run({ rows: this.feed.indices.size });
  }

  /** The changed pictures, and the network's logits for them. */
  async answer(): Promise<{ logits: Float32Array; pixels: Float32Array }> {
    const [, , judge] = this.steps;
    await judge.run({ rows: this.feed.indices.size });
    const [logits, pixels] = await Promise.all([peek(judge.result), peek(this.tensors.changed)]);
    return { logits: logits as Float32Array, pixels: pixels as Float32Array };
  }

  [Symbol.dispose](): void {
    for (const one of [...this.steps, this.feed, ...Object.values<Tensor>({ ...this.tensors })]) one[Symbol.dispose]();
    // The rows of the last batch are no business of whatever runs next.
    this.tensors.origin.engine.setStep({ rows: 0 });
  }
}

/** The changed pictures one step further. */
function moved(model: Model, { origin, changed, labels, epsilon, length }: Tensors, range: readonly [number, number]) {
  const { engine } = model;
  const x = changed.detach().watch();
  const logits = model.forward(x);
  const dy = engine.noGrad(() => againstLabels(logits, labels));
  const [gradient] = gradients(logits, [x], { dy });
  return engine.noGrad(() => {
    const further = add(changed, mul(signOf(gradient!), length));
    const near = minimum(maximum(further, sub(origin, epsilon)), add(origin, epsilon));
    return clamp(near, ...range);
  });
}

/** A logit of a label that its softmax among the other classes leaves nothing of. */
const OUT_OF_REACH = -1e9;

/**
 * Where the loss of each picture rises, in its logits: p - onehot, divided by 1 - p of the label, which changes no sign behind
 * it. Written as the softmax over the other classes it is never lost to rounding, as p - 1 is where a network is sure.
 */
function againstLabels(logits: Tensor, labels: Tensor): Tensor {
  return sub(softmax(add(mul(logits, sub(1, labels)), mul(labels, OUT_OF_REACH))), labels);
}

/** -1, 0 or 1. */
function signOf(x: Tensor): Tensor {
  const zero = x.engine.zeros([1]);
  return sub(greater(x, zero), less(x, zero));
}
