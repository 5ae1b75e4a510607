/**
 * How small a change of a picture changes the answer. FGSM moves every pixel by epsilon in the direction that raises the
 * loss (I. Goodfellow, J. Shlens, C. Szegedy, "Explaining and Harnessing Adversarial Examples", 2015); PGD takes small steps
 * and stays within epsilon (A. Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", 2018). Control:
 * every pixel moved by epsilon up or down by chance, which is as large a change.
 */
import { Batches } from '../data/batches.ts';
import type { Examples } from '../data/examples.ts';
import { Sampler } from '../kernels/sampler.ts';
import type { Model } from '../nn/index.ts';
import { InterruptedError, ValueError } from '../platform/errors.ts';
import { EVALUATION_BATCH, judge } from '../train/evaluate.ts';
import { Attacker } from './attacker.ts';

export interface AttackOptions {
  /** Largest changes of a pixel that are tried, as shares of the full range. Default 1, 2, 4, 8, 16 and 32 of 255. */
  readonly epsilons?: readonly number[];
  /** Steps of PGD, each of 2.5 epsilon / steps, from a random start. Default 10. */
  readonly steps?: number;
  /** Key of the random starts and of the noise. Default 1. */
  readonly seed?: number;
  /** Least and largest value that a pixel of the network's input can have. Default 0 and 1. */
  readonly range?: readonly [low: number, high: number];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export const ATTACKS = ['fgsm', 'pgd', 'noise'] as const;
export type AttackName = (typeof ATTACKS)[number];

/** What a network says of pictures that were changed. */
export interface Attacked {
  /** 0 to 1. */
  readonly accuracy: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  readonly predictions: Uint8Array;
  /** Root mean square of the change, as a share of the full range: less than epsilon where pixels came to the end of it. */
  readonly size: number;
  /** The first pictures as they became, [KEPT or fewer, ...inputShape]. */
  readonly pictures: Float32Array;
}

export interface AttackStrength extends Readonly<Record<AttackName, Attacked>> {
  readonly epsilon: number;
}

export interface AttackResult {
  readonly images: number;
  readonly steps: number;
  /** The pictures as they are. */
  readonly clean: Attacked;
  readonly results: readonly AttackStrength[];
}

const EPSILONS = [1, 2, 4, 8, 16, 32].map(step => step / 255);
const STEPS = 10;
/** Pictures whose changed forms are kept. */
export const KEPT = 8;

/**
 * Accuracy on pictures that were changed against the network, and by chance. Pixels stay within `range`. Whatever the
 * network does to its pictures first, such as VGG16's preprocessing, is differentiated through.
 * @param data pictures that the network was not trained on.
 * @throws ValueError for an epsilon that is not positive; InterruptedError when `signal` fires.
 */
export async function attack(model: Model, data: Examples, options: AttackOptions = {}): Promise<AttackResult> {
  const { epsilons = EPSILONS, steps = STEPS, seed = 1, range = [0, 1], signal, onProgress } = options;
  for (const epsilon of epsilons) {
    if (!(epsilon > 0)) throw new ValueError(`attack: epsilon ${epsilon}; it must be positive`);
  }
  const all = Uint32Array.from({ length: data.count }, (_, i) => i);
  const batches = new Batches(all, { batch: Math.min(EVALUATION_BATCH, data.count) });
  using attacker = await Attacker.compile(model, data, batches.batch, range);
  const make = () => new Answers(data.labels, model.outputShape[0]!, range);
  const clean = make();
  const answers = epsilons.map(() => ({ fgsm: make(), pgd: make(), noise: make() }));
  const random = new Sampler(seed);
  const total = batches.stepsPerEpoch * (1 + epsilons.length * (steps + 3));
  let done = 0;
  const advance = () => {
    if (signal?.aborted) throw new InterruptedError('attack: interrupted');
    onProgress?.(++done, total);
  };
  const move = async (epsilon: number, length: number) => {
    await attacker.move(epsilon, length);
    advance();
  };
  for (let number = 0; number < batches.stepsPerEpoch; number++) {
    const { indices, rows } = batches.at(0, number);
    const original = await attacker.begin(indices);
    const record = async (to: Answers) => {
      to.add(await attacker.answer(), original, rows);
      advance();
    };
    await record(clean);
    for (const [i, share] of epsilons.entries()) {
      const { fgsm, pgd, noise } = answers[i]!;
      const epsilon = share * (range[1] - range[0]);
      attacker.change(value => value + (random.uniform() < 0.5 ? epsilon : -epsilon));
      await record(noise);
      attacker.change(value => value);
      await attacker.move(epsilon, epsilon);
      await record(fgsm);
      attacker.change(value => value + random.uniform(-epsilon, epsilon));
      for (let step = 0; step < steps; step++) await move(epsilon, (2.5 * epsilon) / steps);
      await record(pgd);
    }
  }
  const results = answers.map(({ fgsm, pgd, noise }, i) => ({
    ...{ epsilon: epsilons[i]!, fgsm: fgsm.close(), pgd: pgd.close(), noise: noise.close() },
  }));
  return { images: data.count, steps, clean: clean.close(), results };
}

/** Collects what a network says, batch by batch. */
class Answers {
  private readonly logits: Float32Array;
  private rows = 0;
  private squares = 0;
  private pixels = 0;
  private pictures = new Float32Array();

  constructor(
    private readonly labels: Uint8Array,
    private readonly classes: number,
    private readonly range: readonly [number, number],
  ) {
    this.logits = new Float32Array(labels.length * classes);
  }

  add({ logits, pixels }: { logits: Float32Array; pixels: Float32Array }, original: Float32Array, rows: number): void {
    const size = (pixels.length * this.classes) / logits.length;
    if (this.rows === 0) this.pictures = pixels.slice(0, Math.min(KEPT, rows) * size);
    this.logits.set(logits.subarray(0, rows * this.classes), this.rows * this.classes);
    for (let i = 0; i < rows * size; i++) this.squares += (pixels[i]! - original[i]!) ** 2;
    this.pixels += rows * size;
    this.rows += rows;
  }

  close(): Attacked {
    const { accuracy, loss, predictions } = judge(this.logits, this.labels, this.classes);
    const [low, high] = this.range;
    const size = Math.sqrt(this.squares / this.pixels) / (high - low);
    return { accuracy, loss, predictions, size, pictures: this.pictures };
  }
}
