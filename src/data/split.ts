import { philox4x32, seedKey, toBelow } from '../kernels/philox.ts';
import { ValueError } from '../platform/errors.ts';
import type { ImageData8 } from './dataset.ts';
import { FASHION_MNIST_TRAIN } from './fashion-mnist.ts';
import { FASHION_MNIST_VALIDATION } from './fashion-mnist-validation.generated.ts';

/** Indices into a training set, each in exactly one of the two lists, sorted. */
export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/** The seed of the checked-in list, and of the splits of other data sets. */
export const SPLIT_SEED = 20171;

/** Fashion-MNIST's share, 5,000 of 60,000, for any data set. */
export const VALIDATION_SHARE = 1 / 12;

/** Sets these random numbers apart from those of other purposes under the same seed. */
const PURPOSE = 0x73706c74;

/**
 * The images that every choice is made by (early stopping, recipes, sweeps), and those that are trained on: for
 * Fashion-MNIST the list in this repository, for any other data set a split of the same kind drawn from `SPLIT_SEED`.
 */
export function splitOf(data: Pick<ImageData8, 'labels' | 'sha256'>): Split {
  if (data.sha256 === FASHION_MNIST_TRAIN) return splitBy(data.labels.length, FASHION_MNIST_VALIDATION);
  return stratifiedSplit(data.labels, Math.round(data.labels.length * VALIDATION_SHARE), SPLIT_SEED);
}

/**
 * Draws `validation` indices so that every class keeps its share of them to within one image. The same labels and seed give
 * the same lists on every machine.
 */
export function stratifiedSplit(labels: Uint8Array, validation: number, seed: number): Split {
  if (!Number.isInteger(validation) || validation < 0 || validation > labels.length) {
    throw new ValueError(`split: ${validation} validation images of ${labels.length}; give a whole number in between`);
  }
  const members: number[][] = Array.from({ length: 256 }, () => []);
  labels.forEach((label, index) => {
    members[label]!.push(index);
  });
  const quotas = shareOut(
    members.map(list => list.length),
    validation,
  );
  const chosen = members.flatMap((list, label) => drawFrom(list, quotas[label]!, label, seed));
  return splitBy(labels.length, chosen);
}

/** Largest remainder: whole numbers in proportion to `counts` that add up to `total`; ties go to the lower label. */
function shareOut(counts: number[], total: number): number[] {
  const sum = counts.reduce((a, b) => a + b, 0);
  const exact = counts.map(count => (sum === 0 ? 0 : (count * total) / sum));
  const quotas = exact.map(Math.floor);
  const left = total - quotas.reduce((a, b) => a + b, 0);
  const byRemainder = exact.map((value, label) => [value - quotas[label]!, label] as const);
  byRemainder.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (const [, label] of byRemainder.slice(0, left)) quotas[label]!++;
  return quotas;
}

/** The first steps of a Fisher-Yates shuffle: `count` members without repetition. */
function drawFrom(members: number[], count: number, label: number, seed: number): number[] {
  const [k0, k1] = seedKey(seed);
  const words = new Uint32Array(4);
  for (let i = 0; i < count; i++) {
    philox4x32(i, label, 0, PURPOSE, k0, k1, words);
    const j = i + toBelow(words[0]!, members.length - i);
    [members[i], members[j]] = [members[j]!, members[i]!];
  }
  return members.slice(0, count);
}

function splitBy(count: number, validation: readonly number[]): Split {
  const held = new Uint8Array(count);
  for (const index of validation) held[index] = 1;
  const train = new Uint32Array(count - validation.length);
  let at = 0;
  for (let index = 0; index < count; index++) if (held[index] === 0) train[at++] = index;
  return { train, validation: Uint32Array.from(validation).sort() };
}
