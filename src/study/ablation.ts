/**
 * What a network loses without one channel of a layer. Two ways to do without: zero, and the channel's mean over the
 * pictures, which takes its information away and leaves what the layers behind expect on average; where zero costs much more
 * than the mean, it is the unusual value that does the harm. Control: the same done to random directions in the space of the
 * channels (A. Morcos et al., "On the importance of single directions for generalization", 2018): whether channels mean more
 * than any other direction.
 */
import { Batches } from '../data/batches.ts';
import type { Examples, Feed } from '../data/examples.ts';
import { Sampler } from '../kernels/sampler.ts';
import type { Model } from '../nn/index.ts';
import { InterruptedError, ValueError } from '../platform/errors.ts';
import { type CompiledStep, compile } from '../tensor/compile.ts';
import { add, matmul, mean, mul, reshape, sub } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { EVALUATION_BATCH, judge } from '../train/evaluate.ts';
import { peek } from '../train/peek.ts';

/** What doing without something costs. */
export interface AblationCost {
  /** Accuracy lost, as a share of the pictures; negative where answers got better. */
  readonly accuracy: number;
  /** Standard error of that, from the pictures whose answers became wrong or right. */
  readonly error: number;
  /** Added to the mean cross-entropy, in nats. */
  readonly loss: number;
  /** Accuracy lost on the pictures of each class; NaN for a class without pictures. */
  readonly classes: readonly number[];
}

export interface Ablated {
  readonly zero: AblationCost;
  readonly mean: AblationCost;
}

export interface ChannelAblation extends Ablated {
  readonly channel: number;
  /** Its mean over the pictures and their pixels. */
  readonly activation: number;
}

export interface Ablation {
  readonly layer: string;
  readonly images: number;
  /** With the whole network. */
  readonly accuracy: number;
  readonly loss: number;
  readonly channels: readonly ChannelAblation[];
  /** Control. */
  readonly directions: readonly Ablated[];
}

export interface AblationOptions {
  /** Default: all channels of the layer. */
  readonly channels?: readonly number[];
  /** Random directions of the control. Default 8. */
  readonly directions?: number;
  /** Key of the directions. Default 1. */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told after every pass behind the layer. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const DIRECTIONS = 8;

/**
 * Takes channel after channel of a layer away. What lies before the layer is computed once for each batch of pictures.
 * @param layer a layer with channels, such as a convolution; units of a dense layer are channels too. Its output is taken
 *   behind its own activation; in front of a batch norm, name the batch norm.
 * @param data pictures that the network was not trained on.
 * @throws ValueError for a layer or channel that does not exist; InterruptedError when `signal` fires.
 */
export async function ablateChannels(
  model: Model,
  layer: string,
  data: Examples,
  options: AblationOptions = {},
): Promise<Ablation> {
  const width = model.findLayer(layer).output.at(-1)!;
  const { channels = range(width), directions = DIRECTIONS, seed = 1, signal, onProgress } = options;
  for (const channel of channels) {
    if (Number.isInteger(channel) && channel >= 0 && channel < width) continue;
    throw new ValueError(`ablation of '${layer}': there is no channel ${channel}; it has ${width}`);
  }
  const random = new Sampler(seed);
  const taken = [
    ...channels.map(channel => Float32Array.from({ length: width }, (_, c) => Number(c === channel))),
    ...range(directions).map(() => unitVector(random, width)),
  ];
  const batches = new Batches(Uint32Array.from(range(data.count)), { batch: Math.min(EVALUATION_BATCH, data.count) });
  using feed = data.feed(batches.batch);
  using parts = await Parts.compile(model, layer, feed);
  const means = await parts.means(batches, width);
  const points = taken.map(vector => vector.reduce((sum, value, c) => sum + value * means[c]!, 0));
  const classes = model.outputShape[0]!;
  const passes = 1 + 2 * taken.length;
  const logits = Array.from({ length: passes }, () => new Float32Array(data.count * classes));
  const nothing = new Float32Array(width);
  for (let number = 0; number < batches.stepsPerEpoch; number++) {
    const { indices, rows } = batches.at(0, number);
    await parts.begin(indices, rows);
    for (let pass = 0; pass < passes; pass++) {
      if (signal?.aborted) throw new InterruptedError('ablation: interrupted');
      const which = (pass - 1) >> 1;
      const read = await parts.finish(taken[which] ?? nothing, pass % 2 === 0 ? (points[which] ?? 0) : 0, rows);
      logits[pass]!.set(read.subarray(0, rows * classes), number * batches.batch * classes);
      onProgress?.(number * passes + pass + 1, batches.stepsPerEpoch * passes);
    }
  }
  const judged = logits.map(values => judge(values, data.labels, classes));
  const [whole] = judged as [(typeof judged)[number]];
  const cost = (pass: number) => compare(whole, judged[pass]!, data.classes.length);
  const ablated = taken.map((_, i): Ablated => ({ zero: cost(1 + 2 * i), mean: cost(2 + 2 * i) }));
  return {
    ...{ layer, images: data.count, accuracy: whole.accuracy, loss: whole.loss },
    channels: channels.map((channel, i) => ({ channel, activation: means[channel]!, ...ablated[i]! })),
    directions: ablated.slice(channels.length),
  };
}

/** A network in two parts: up to a layer, and from there on without one direction of that layer's channels. */
class Parts implements Disposable {
  private constructor(
    private readonly feed: Feed,
    private readonly before: CompiledStep<{ held: Tensor; means: Tensor }>,
    private readonly behind: CompiledStep<Tensor>,
    /** Unit vector [channels] that is taken away, and where on it everything is put instead. */
    private readonly vector: Tensor,
    private readonly point: Tensor,
  ) {}

  static async compile(model: Model, layer: string, feed: Feed): Promise<Parts> {
    const { engine, chain } = model;
    const at = chain.findIndex(({ name }) => layer === name || layer.startsWith(`${name}.`));
    if (at === -1) throw new ValueError(`ablation of '${layer}': it holds other layers; name one of them`);
    // A layer inside of another, such as a residual block, is replaced there, and that block alone runs again.
    const inside = chain[at]!.name !== layer;
    const to = inside ? at : at + 1;
    const width = model.findLayer(layer).output.at(-1)!;
    const vector = engine.keep(engine.zeros([width]));
    const point = engine.keep(engine.zeros([1]));
    const constants = model.parameters.flats;
    const before = () =>
      engine.noGrad(() => {
        const held = model.forwardPart(feed.batch().images, { to });
        let output = held;
        if (inside) model.forwardPart(held, { from: at, to: at + 1, replace: { [layer]: y => (output = y) } });
        return { held, means: channelMeans(output) };
      });
    const without = (output: Tensor) => putAt(output, vector, point);
    const behind = (held: Tensor) =>
      engine.noGrad(() =>
        inside
          ? model.forwardPart(held, { from: at, replace: { [layer]: without } })
          : model.forwardPart(without(held), { from: to }),
      );
    const made: Disposable[] = [vector, point];
    try {
      const first = await compile(engine, before, { label: 'before the layer', constants });
      made.push(first);
      const second = await compile(engine, () => behind(first.result.held), { label: 'behind the layer', constants });
      return new Parts(feed, first, second, vector, point);
    } catch (error) {
      for (const one of made) one[Symbol.dispose]();
      throw error;
    }
  }

  /** Mean of every channel over all pictures. */
  async means(batches: Batches, width: number): Promise<Float64Array> {
    const sums = new Float64Array(width);
    for (let number = 0; number < batches.stepsPerEpoch; number++) {
      const { indices, rows } = batches.at(0, number);
      await this.begin(indices, rows);
      const means = await peek(this.before.result.means);
      for (let i = 0; i < rows * width; i++) sums[i % width]! += means[i]!;
    }
    return sums.map(sum => sum / batches.examples.length);
  }

  async begin(indices: Uint32Array, rows: number): Promise<void> {
    this.feed.select(indices);
    await this.before.run({ rows });
  }

  /** Logits of the batch that was begun, without this direction. */
  async finish(vector: Float32Array, point: number, rows: number): Promise<Float32Array> {
    this.vector.write(vector);
    this.point.write([point]);
    await this.behind.run({ rows });
    return (await peek(this.behind.result)) as Float32Array;
  }

  [Symbol.dispose](): void {
    for (const one of [this.behind, this.before, this.vector, this.point]) one[Symbol.dispose]();
    // The rows of the last batch are no business of whatever runs next.
    this.vector.engine.setStep({ rows: 0 });
  }
}

/** [N, ..., C] to [N, C]: the mean of each channel of each picture. */
function channelMeans(x: Tensor): Tensor {
  const [n, ...rest] = x.shape as number[];
  const channels = rest.at(-1)!;
  return mean(reshape(x, [n!, -1, channels]), { axes: 1 });
}

/** x with its component along a unit vector [C] set to `point`: x + (point - x . v) v. For a channel's axis that is exact. */
function putAt(x: Tensor, vector: Tensor, point: Tensor): Tensor {
  const width = vector.size;
  const flat = reshape(x, [-1, width]);
  const along = matmul(flat, reshape(vector, [width, 1]));
  const scaled = mul(vector, point);
  return reshape(add(sub(flat, mul(along, vector)), scaled), x.shape);
}

function compare(before: Judged, after: Judged, classes: number): AblationCost {
  const { labels } = before;
  const n = labels.length;
  const [lost, counts] = [new Float64Array(classes), new Float64Array(classes)];
  let changed = 0;
  for (let i = 0; i < n; i++) {
    const label = labels[i]!;
    const change = Number(before.predictions[i] === label) - Number(after.predictions[i] === label);
    counts[label]!++;
    lost[label]! += change;
    changed += Math.abs(change);
  }
  const total = lost.reduce((a, b) => a + b, 0);
  return {
    accuracy: total / n,
    error: Math.sqrt((changed - total ** 2 / n) / n ** 2),
    loss: after.loss - before.loss,
    classes: Array.from(lost, (sum, c) => sum / counts[c]!),
  };
}

type Judged = ReturnType<typeof judge>;

function unitVector(random: Sampler, size: number): Float32Array {
  const values = random.normals(size);
  const length = Math.hypot(...values);
  return Float32Array.from(values, value => value / length);
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
