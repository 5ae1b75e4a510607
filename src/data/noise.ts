import { Sampler } from '../kernels/sampler.ts';
import type { Shape } from '../kernels/spec.ts';
import type { ImageData8 } from './dataset.ts';

/** Bytes drawn; more are these again. */
const DRAWN = 1 << 16;
const CLASSES = 10;

/** Images [height, width, channels] that need no data set: what a step costs does not depend on what they show. */
export function noise(shape: Shape, count: number): ImageData8 {
  const [height, width, channels] = shape as [number, number, number];
  const random = new Sampler(1);
  const drawn = Uint8Array.from({ length: DRAWN }, () => random.int(0, 255));
  const images = new Uint8Array(count * height * width * channels);
  for (let start = 0; start < images.length; start += DRAWN) {
    images.set(drawn.subarray(0, images.length - start), start);
  }
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
  const classes = Array.from({ length: CLASSES }, (_, k) => String(k));
  return { images, labels, count, height, width, channels, classes, name: 'noise', sha256: '' };
}
