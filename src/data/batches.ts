/**
 * Which examples a step sees.
 *
 *     const batches = new Batches(split.train, { batch: 128, seed: 1 });
 *     batches.stepsPerEpoch
 *     batches.at(epoch, step)          -> { indices: Uint32Array of `batch`, rows }   both counted from 0
 *     batches.after(steps)             -> { epoch, step } of the next one, to resume
 */
import { philox4x32, seedKey, toBelow } from '../kernels/philox.ts';
import { ValueError } from '../platform/errors.ts';

/** Sets these random numbers apart from those of other purposes under the same seed. */
const PURPOSE = 0x6f726465;

/**
 * A random order of 0 .. count - 1: Fisher and Yates's shuffle, a pure function of seed and epoch, so that a run can be
 * resumed in the middle without remembering anything.
 */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const [low, high] = seedKey(seed);
  const words = new Uint32Array(4);
  for (let i = count - 1; i > 0; i--) {
    philox4x32(i, epoch, 0, PURPOSE, low, high, words);
    const j = toBelow(words[0]!, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

export interface BatchesOptions {
  /** Examples in a batch. */
  readonly batch: number;
  /** Key of the order; without it every epoch goes through the examples as they stand (evaluation). */
  readonly seed?: number | undefined;
}

export interface Batch {
  /** Always `batch` of them: compiled steps have one size. Behind the real ones the last is repeated. */
  readonly indices: Uint32Array;
  /** How many are real; the rest is to be masked (`rows` of a step). */
  readonly rows: number;
}

/** Batches of a fixed set of examples, each exactly once an epoch, the last batch padded. */
export class Batches {
  readonly batch: number;
  private readonly seed: number | undefined;
  private cached: { epoch: number; order: Uint32Array } | undefined;

  /** @param examples indices into the data set. @throws ValueError when there is none, or for an impossible batch. */
  constructor(
    readonly examples: Uint32Array,
    options: BatchesOptions,
  ) {
    if (examples.length === 0) throw new ValueError('batches: there is no example; give at least one');
    if (!Number.isInteger(options.batch) || options.batch < 1) {
      throw new ValueError(`batches: a batch of ${options.batch}; it must be a whole number from 1`);
    }
    this.batch = options.batch;
    this.seed = options.seed;
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.examples.length / this.batch);
  }

  /**
   * The batch of a step, both counted from 0.
   * @throws ValueError when the epoch has no such step.
   */
  at(epoch: number, step: number): Batch {
    if (!Number.isInteger(step) || step < 0 || step >= this.stepsPerEpoch) {
      throw new ValueError(`batches: step ${step} of an epoch of ${this.stepsPerEpoch}; they count from 0`);
    }
    const start = step * this.batch;
    const rows = Math.min(this.batch, this.examples.length - start);
    const order = this.order(epoch);
    const indices = new Uint32Array(this.batch);
    for (let i = 0; i < this.batch; i++) indices[i] = order[start + Math.min(i, rows - 1)]!;
    return { indices, rows };
  }

  /** Where a run stands that has made this many steps. */
  after(steps: number): { epoch: number; step: number } {
    return { epoch: Math.floor(steps / this.stepsPerEpoch), step: steps % this.stepsPerEpoch };
  }

  /** The examples in the order of an epoch. */
  private order(epoch: number): Uint32Array {
    if (this.seed === undefined) return this.examples;
    if (this.cached?.epoch !== epoch) {
      const order = epochOrder(this.examples.length, this.seed, epoch).map(place => this.examples[place]!);
      this.cached = { epoch, order };
    }
    return this.cached.order;
  }
}
