import { encode } from 'fast-png';
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

/** A PNG of the picture's own size as a data address; the page enlarges it without blurring. */
export function pngAddress(picture: Picture): string {
  const { height, width, channels } = picture;
  const data = fromBase64(picture.pixels);
  return `data:image/png;base64,${toBase64(encode({ width, height, data, channels, depth: 8 }))}`;
}
