import { convertIndexedToRgb, type DecodedPng, decode } from 'fast-png';
import { type GreyPicture, LUMA } from '../data/grey-picture.ts';
import { FileError } from '../platform/errors.ts';

/**
 * Decodes a PNG of any kind (grey, colour, palette, transparent; 1 to 16 bits) to grey. Transparent parts are taken as
 * black, the background of the data sets.
 * @throws FileError when the file is not a whole PNG.
 */
export function decodeGrey(bytes: Uint8Array, path: string): GreyPicture {
  let png: DecodedPng;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FileError(`${path}: not a PNG picture, or damaged (${why}); convert it to PNG`, { cause });
  }
  const { width, height } = png;
  const { samples, channels, maximum } = samplesOf(png);
  const data = new Float64Array(width * height);
  for (let i = 0; i < data.length; i++) {
    const at = (channel: number) => samples[i * channels + channel]! / maximum;
    const colour = channels >= 3;
    const grey = colour ? LUMA[0] * at(0) + LUMA[1] * at(1) + LUMA[2] * at(2) : at(0);
    const alpha = channels === 2 ? at(1) : channels === 4 ? at(3) : 1;
    data[i] = 255 * grey * alpha;
  }
  return { width, height, data };
}

function samplesOf(png: DecodedPng): { samples: ArrayLike<number>; channels: number; maximum: number } {
  if (png.palette) {
    const samples = convertIndexedToRgb(png);
    return { samples, channels: samples.length / (png.width * png.height), maximum: 255 };
  }
  if (png.depth >= 8) return { samples: png.data, channels: png.channels, maximum: 2 ** png.depth - 1 };
  // Grey of 1, 2 or 4 bits stays packed, each row beginning with a new byte.
  const perByte = 8 / png.depth;
  const rowBytes = Math.ceil(png.width / perByte);
  const maximum = 2 ** png.depth - 1;
  const samples = new Uint8Array(png.width * png.height);
  for (let y = 0; y < png.height; y++) {
    for (let x = 0; x < png.width; x++) {
      const byte = png.data[y * rowBytes + Math.floor(x / perByte)]!;
      samples[y * png.width + x] = (byte >> (8 - png.depth * ((x % perByte) + 1))) & maximum;
    }
  }
  return { samples, channels: 1, maximum };
}
