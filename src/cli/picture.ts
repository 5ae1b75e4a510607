import { convertIndexedToRgb, type DecodedPng, decode } from 'fast-png';
import { FileError } from '../platform/errors.ts';

/** A grey picture, row-major, 0 (black) to 255 (white). */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

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
    // Luma of ITU-R BT.601, as most tools turn colour to grey.
    const grey = colour ? 0.299 * at(0) + 0.587 * at(1) + 0.114 * at(2) : at(0);
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

/** Mean of the outermost pixels: what the background looks like. */
export function borderMean({ width, height, data }: GreyPicture): number {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (y > 0 && y < height - 1 && x > 0 && x < width - 1) continue;
      sum += data[y * width + x]!;
      count++;
    }
  }
  return sum / count;
}

/** Black for white. */
export function invert(picture: GreyPicture): GreyPicture {
  return { ...picture, data: picture.data.map(value => 255 - value) };
}

/**
 * Scales a picture to fit into width x height, keeping its proportions, in the middle of a ground of its own background;
 * as bytes. Each new pixel is the mean of the area it covers (enlarging, that of the pixels it lies on).
 */
export function fitInto(picture: GreyPicture, width: number, height: number): Uint8Array {
  const scale = Math.min(width / picture.width, height / picture.height);
  const inner = {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  };
  const left = Math.floor((width - inner.width) / 2);
  const top = Math.floor((height - inner.height) / 2);
  const out = new Uint8Array(width * height).fill(Math.round(borderMean(picture)));
  const columns = overlaps(picture.width, inner.width);
  const rows = overlaps(picture.height, inner.height);
  for (let y = 0; y < inner.height; y++) {
    for (let x = 0; x < inner.width; x++) {
      let sum = 0;
      for (const [row, vertical] of rows[y]!) {
        for (const [column, horizontal] of columns[x]!) {
          sum += vertical * horizontal * picture.data[row * picture.width + column]!;
        }
      }
      out[(top + y) * width + left + x] = Math.round(sum);
    }
  }
  return out;
}

/** For each of `to` cells laid over `from` cells: which it covers, and with what weight; the weights add up to 1. */
function overlaps(from: number, to: number): [index: number, weight: number][][] {
  const step = from / to;
  return Array.from({ length: to }, (_, cell) => {
    const start = cell * step;
    const end = start + step;
    const covered: [number, number][] = [];
    for (let i = Math.floor(start); i < Math.min(from, Math.ceil(end)); i++) {
      const weight = (Math.min(end, i + 1) - Math.max(start, i)) / step;
      if (weight > 0) covered.push([i, weight]);
    }
    return covered;
  });
}
