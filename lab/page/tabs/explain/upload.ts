/** A picture file of the reader's, as networks know pictures: of their size, grey, on black ground. */
import { BRIGHT, borderMean, fitInto, type GreyPicture, invert, LUMA } from '../../../../src/data/grey-picture.ts';

export interface Upload {
  readonly name: string;
  /** Of the file, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly grey: GreyPicture;
  /** Whether its ground is bright: then black and white are exchanged, unless the reader wants it otherwise. */
  readonly bright: boolean;
}

/** Longest side that is read; larger pictures are scaled down to it first. */
const LONGEST = 1024;

/** @throws Error when the browser cannot read it as a picture. */
export async function readPicture(file: File): Promise<Upload> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name} is no picture that this browser can read; use a PNG or JPEG`);
  });
  const { width, height } = bitmap;
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const [across, down] = [width, height].map(size => Math.max(1, Math.round(size * scale))) as [number, number];
  const context = new OffscreenCanvas(across, down).getContext('2d')!;
  // Transparent parts are black, the ground of the data sets.
  context.fillRect(0, 0, across, down);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, across, down);
  bitmap.close();
  const { data } = context.getImageData(0, 0, across, down);
  const grey = {
    ...{ width: across, height: down },
    data: Float64Array.from({ length: across * down }, (_, i) =>
      LUMA.reduce((sum, share, part) => sum + share * data[4 * i + part]!, 0),
    ),
  };
  return { name: file.name, width, height, grey, bright: borderMean(grey) > BRIGHT };
}

/** Values from 0 to 1 of a network's input shape [H, W, C]. */
export function toInput(
  { grey }: Upload,
  inverted: boolean,
  [height, width, channels]: readonly number[],
): Float32Array {
  const bytes = fitInto(inverted ? invert(grey) : grey, width!, height!);
  return Float32Array.from({ length: bytes.length * channels! }, (_, i) => bytes[Math.floor(i / channels!)]! / 255);
}
