import { encode } from 'fast-png';
import type { ImageData8 } from '../data/dataset.ts';
import { fromBase64, toBase64 } from './format.ts';
import type { Picture } from './types.ts';

/** Bytes [height, width, channels] as the `Picture` that JSON can hold. */
export function toPicture(
  pixels: Uint8Array,
  shape: { readonly height: number; readonly width: number; readonly channels: number },
): Picture {
  const { height, width, channels } = shape;
  return { height, width, channels, pixels: toBase64(pixels) };
}

/** One picture of a data set. */
export function pictureOf({ images, height, width, channels }: ImageData8, index: number): Picture {
  const size = height * width * channels;
  return toPicture(images.subarray(index * size, (index + 1) * size), { height, width, channels });
}

/** Values from 0 to 1, [height, width, channels], as a picture. */
export function pictureOfValues(
  values: ArrayLike<number>,
  shape: { readonly height: number; readonly width: number; readonly channels: number },
): Picture {
  return toPicture(
    Uint8Array.from(values, value => Math.round(255 * Math.min(1, Math.max(0, value)))),
    shape,
  );
}

/** A PNG has grey, grey with alpha, RGB or RGB with alpha; of a picture with more channels it can show one. */
const MOST_CHANNELS = 4;

/** A PNG of the picture's own size. Of a picture with more channels than a PNG has, it is the first one in grey. */
export function toPng(picture: Picture): Uint8Array {
  const { height, width, channels } = picture;
  const pixels = fromBase64(picture.pixels);
  const image =
    channels <= MOST_CHANNELS
      ? { data: pixels, channels }
      : { data: pixels.filter((_, i) => i % channels === 0), channels: 1 };
  return encode({ width, height, depth: 8, ...image });
}

/** The same as a data address; the page enlarges it without blurring. */
export const pngAddress = (picture: Picture) => `data:image/png;base64,${toBase64(toPng(picture))}`;
