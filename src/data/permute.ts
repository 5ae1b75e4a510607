import { philox4x32, seedKey, toBelow } from '../kernels/philox.ts';
import type { ImageData8 } from './dataset.ts';

/** Of the order that comparisons use. */
export const PIXEL_SEED = 1;

/** Sets these random numbers apart from those of other purposes under the same seed. */
const PURPOSE = 0x7065726d;

/**
 * The same pictures with their pixels in another order, one order for all: each holds what it held, but what was side
 * by side no longer is. The control for whatever is said to come from looking at a picture as a picture.
 */
export function permutePixels(images: ImageData8, seed: number): ImageData8 {
  const { height, width, channels, count } = images;
  const pixels = height * width;
  const order = permutation(pixels, seed);
  const moved = new Uint8Array(images.images.length);
  for (let image = 0; image < count; image++) {
    const start = image * pixels;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const [from, to] = [(start + order[pixel]!) * channels, (start + pixel) * channels];
      for (let channel = 0; channel < channels; channel++) moved[to + channel] = images.images[from + channel]!;
    }
  }
  // Other pictures, so another hash; which images are held back goes by the original's.
  const name = `${images.name}, pixels permuted`;
  return { ...images, images: moved, name, sha256: `${images.sha256} permuted ${seed}` };
}

/** 0 to count - 1 in an order that `seed` decides (Fisher-Yates). */
function permutation(count: number, seed: number): Uint32Array {
  const [k0, k1] = seedKey(seed);
  const words = new Uint32Array(4);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < count - 1; i++) {
    philox4x32(i, 0, 0, PURPOSE, k0, k1, words);
    const j = i + toBelow(words[0]!, count - i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
