import { readSafetensors } from '../io/safetensors.ts';
import type { EpochMetrics } from './events.ts';

/** By how much a run that was made again differs from the first one. Zeros everywhere: bit-identical. */
export interface RunDifference {
  readonly bitIdentical: boolean;
  readonly weights: WeightDifference;
  readonly epochs: {
    readonly count: number;
    /** Loss and accuracy of these, training and validation, are not the same to the last bit. */
    readonly differing: number;
    /** Largest difference of a training loss. */
    readonly largest: number;
  };
  /** Of the test images; undefined where the first run was not tested. */
  readonly predictions?: { readonly images: number; readonly differing: number };
}

export interface WeightDifference {
  /** Numbers that were compared, and those that are not the same to the last bit. */
  readonly count: number;
  readonly differing: number;
  /** Largest difference, and the largest first value to hold it against. */
  readonly largest: number;
  readonly scale: number;
}

/** What two runs of the same settings left behind. */
export interface RunOutcome {
  /** The bytes of its model.safetensors. */
  readonly weights: Uint8Array;
  readonly history: readonly EpochMetrics[];
  /** Class of each test image. */
  readonly predictions?: Uint8Array | undefined;
}

/** @throws FileError when a file of weights is damaged. */
export function differenceOf(then: RunOutcome, now: RunOutcome): RunDifference {
  const weights = weightDifference(then.weights, now.weights);
  const epochs = epochDifference(then.history, now.history);
  const predictions = then.predictions && now.predictions && predictionDifference(then.predictions, now.predictions);
  const differing = weights.differing + epochs.differing + (predictions?.differing ?? 0);
  return { bitIdentical: differing === 0, weights, epochs, ...(predictions && { predictions }) };
}

function weightDifference(then: Uint8Array, now: Uint8Array): WeightDifference {
  const [a, b] = [readSafetensors(then, 'the first weights').tensors, readSafetensors(now, 'the new weights').tensors];
  const found = { count: 0, differing: 0, largest: 0, scale: 0 };
  for (const [name, { data }] of a) {
    const { count, differing, largest, scale } = valueDifference(data, b.get(name)?.data ?? []);
    found.count += count;
    found.differing += differing;
    found.largest = Math.max(found.largest, largest);
    found.scale = Math.max(found.scale, scale);
  }
  return found;
}

/** By how much numbers differ from others in their places; where there are more or fewer, all of them, infinitely. */
export function valueDifference(then: ArrayLike<number | bigint>, now: ArrayLike<number | bigint>): WeightDifference {
  const count = then.length;
  if (now.length !== count) return { count, differing: count, largest: Number.POSITIVE_INFINITY, scale: 0 };
  let [differing, largest, scale] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [x, y] = [Number(then[i]), Number(now[i])];
    scale = Math.max(scale, Math.abs(x));
    if (Object.is(x, y)) continue;
    differing++;
    largest = Math.max(largest, Math.abs(x - y));
  }
  return { count, differing, largest, scale };
}

function epochDifference(then: readonly EpochMetrics[], now: readonly EpochMetrics[]): RunDifference['epochs'] {
  const count = Math.max(then.length, now.length);
  let differing = 0;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const [a, b] = [then[i], now[i]];
    const keys = ['loss', 'accuracy', 'valLoss', 'valAccuracy'] as const;
    if (!keys.every(key => a?.[key] === b?.[key])) differing++;
    largest = Math.max(largest, a && b ? Math.abs(a.loss - b.loss) : Number.POSITIVE_INFINITY);
  }
  return { count, differing, largest };
}

function predictionDifference(then: Uint8Array, now: Uint8Array): { images: number; differing: number } {
  const images = Math.max(then.length, now.length);
  let differing = 0;
  for (let i = 0; i < images; i++) if (then[i] !== now[i]) differing++;
  return { images, differing };
}
