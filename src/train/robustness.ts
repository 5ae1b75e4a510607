import { allCorruptions, type Corruption, corrupt } from '../data/corruptions.ts';
import { contentHash, type ImageData8 } from '../data/dataset.ts';
import type { Examples } from '../data/examples.ts';
import { GpuDataset } from '../data/gpu-dataset.ts';
import { subset } from '../data/subset.ts';
import type { Model } from '../nn/index.ts';
import { Evaluator } from './evaluate.ts';

/** Accuracy on the same test images, as they are and changed in known ways. */
export interface Robustness {
  /** So many test images, the classes in their proportions: the same ones for all models. */
  readonly images: number;
  /** Accuracy on them unchanged, 0 to 1. */
  readonly clean: number;
  readonly results: readonly (Corruption & { readonly accuracy: number })[];
  /** Of the changes. */
  readonly seed: number;
}

export interface RobustnessOptions {
  /** Test images, of each of which all changed copies are looked at too. Default: see `imagesToChange`. */
  readonly images?: number;
  readonly seed?: number;
  readonly corruptions?: readonly Corruption[];
  /** What the model is to see of them, such as features of its frozen beginning. Default: the pictures. */
  readonly examples?: (data: GpuDataset, images: Uint32Array) => Promise<Examples>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Test images that are changed: of a thousand the accuracy is known to 2 points; a processor in place of a GPU, which would
 * look at their 13,000 copies longer than at the whole test set, gets fewer.
 */
export const imagesToChange = (test: number, software: boolean) => Math.min(test, software ? 400 : 1000);

/** How many pictures are looked at for so many test images: each as it is, and all its copies. */
export const picturesChanged = (images: number) => images * (1 + allCorruptions.length);

/**
 * Tests a model on changed copies of test images, all in one evaluation.
 * @throws InterruptedError when `signal` fires; LimitError when the device cannot hold the copies.
 */
export async function evaluateCorruptions(
  model: Model,
  test: ImageData8,
  options: RobustnessOptions = {},
): Promise<Robustness> {
  const { software } = model.engine.gpu.device.info;
  const {
    images = imagesToChange(test.count, software),
    seed = 1,
    corruptions = allCorruptions,
    examples = async data => data,
    signal,
  } = options;
  const original = take(test, images);
  const { count } = original;
  const copies = [original, ...corruptions.map(corruption => corrupt(original, corruption, seed))];
  using data = new GpuDataset(model.engine, await concatenate(copies));
  const all = Uint32Array.from({ length: data.count }, (_, i) => i);
  using evaluator = await Evaluator.compile(model, await examples(data, all));
  const { labels, predictions } = await evaluator.run(all, signal);
  const accuracies = copies.map((_, copy) => {
    let right = 0;
    for (let i = copy * count; i < (copy + 1) * count; i++) right += Number(labels[i] === predictions[i]);
    return right / count;
  });
  const results = corruptions.map((corruption, i) => ({ ...corruption, accuracy: accuracies[i + 1]! }));
  return { images: count, clean: accuracies[0]!, results, seed };
}

function take(data: ImageData8, limit: number): ImageData8 {
  const all = Uint32Array.from({ length: data.count }, (_, i) => i);
  const chosen = subset(all, data.labels, limit);
  const size = data.images.length / data.count;
  const images = new Uint8Array(chosen.length * size);
  chosen.forEach((from, to) => {
    images.set(data.images.subarray(from * size, (from + 1) * size), to * size);
  });
  return { ...data, images, labels: Uint8Array.from(chosen, i => data.labels[i]!), count: chosen.length };
}

async function concatenate(parts: readonly ImageData8[]): Promise<ImageData8> {
  const [first] = parts as [ImageData8];
  const { length } = first.images;
  const images = new Uint8Array(parts.length * length);
  const labels = new Uint8Array(parts.length * first.count);
  parts.forEach((part, i) => {
    images.set(part.images, i * length);
    labels.set(part.labels, i * first.count);
  });
  const { height, width, channels } = first;
  // Features are kept by it.
  const hash = await contentHash([labels.length, height, width, channels], images, labels);
  return { ...first, images, labels, count: labels.length, name: `${first.name} and changed copies`, sha256: hash };
}
