import { type ImageData8, sha256 } from './dataset.ts';
import { SPLIT_SEED, stratifiedSplit } from './split.ts';

/**
 * The same `limit` of some examples on every machine, each class in its proportion; all of them without a limit, or with
 * one that is not below their number.
 *
 * @param examples indices into the data set, sorted. @param labels of the whole data set.
 */
export function subset(examples: Uint32Array, labels: Uint8Array, limit?: number): Uint32Array {
  if (limit === undefined || limit >= examples.length) return examples;
  const own = Uint8Array.from(examples, example => labels[example]!);
  return stratifiedSplit(own, limit, SPLIT_SEED).validation.map(place => examples[place]!);
}

/** Some images as a data set of their own, in this order. @param numbers indices into `images`. */
export async function pick(images: ImageData8, numbers: Uint32Array): Promise<ImageData8> {
  const size = images.height * images.width * images.channels;
  const pixels = new Uint8Array(numbers.length * size);
  numbers.forEach((number, i) => {
    pixels.set(images.images.subarray(number * size, (number + 1) * size), i * size);
  });
  const labels = Uint8Array.from(numbers, number => images.labels[number]!);
  // By what was picked and from what: whatever is kept of images is found by their hash.
  const hash = await sha256(new TextEncoder().encode(`${images.sha256} ${numbers.join()}`));
  return { ...images, images: pixels, labels, count: numbers.length, sha256: hash };
}
