/**
 * Some pictures of a data set in one file, as a page fetches them: safetensors, packed by gzip.
 *
 *     images u8 [N, H, W, C], labels u8 [N], numbers u32 [N] (of each picture in its data set); the first `train` are to be
 *     learned from, the others are held back
 */
import { readSafetensors, writeSafetensors } from '../io/safetensors.ts';
import { FileError } from '../platform/errors.ts';
import { type ImageData8, makeImageData } from './dataset.ts';
import { gunzip } from './files.ts';
import type { Split } from './split.ts';

export interface PackedPictures {
  readonly data: ImageData8;
  /** Indices into `data`. */
  readonly split: Split;
  /** Of each picture, its number in the data set that it was taken from. */
  readonly numbers: Uint32Array;
}

/** These pictures of `data`, those of `split.train` first. */
export function packPictures(data: ImageData8, split: Split): Uint8Array {
  const { height, width, channels, classes, name } = data;
  const numbers = Uint32Array.from([...split.train, ...split.validation]);
  const size = height * width * channels;
  const images = new Uint8Array(numbers.length * size);
  numbers.forEach((number, i) => {
    images.set(data.images.subarray(number * size, (number + 1) * size), i * size);
  });
  const labels = Uint8Array.from(numbers, number => data.labels[number]!);
  const shape = [numbers.length, height, width, channels];
  return writeSafetensors(
    {
      images: { shape, data: images },
      labels: { shape: [numbers.length], data: labels },
      numbers: { shape: [numbers.length], data: numbers },
    },
    { name, classes: JSON.stringify(classes), train: String(split.train.length) },
  );
}

/** The pictures of a file that `packPictures` made, packed by gzip or not. @throws FileError */
export async function unpackPictures(bytes: Uint8Array, where: string): Promise<PackedPictures> {
  // A server may have unpacked it on the way.
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const { tensors, metadata } = readSafetensors(isPacked ? await gunzip(bytes, where) : bytes, where);
  const [images, labels, numbers] = ['images', 'labels', 'numbers'].map(name => tensors.get(name));
  const { name, classes, train } = metadata;
  if (!images || !labels || !numbers || name === undefined || classes === undefined) {
    throw new FileError(`${where}: holds no pictures; get a fresh copy`);
  }
  const data = await makeImageData({
    images: images.data as Uint8Array,
    shape: images.shape,
    labels: labels.data as Uint8Array,
    classes: JSON.parse(classes) as string[],
    name,
    where,
  });
  const places = Uint32Array.from({ length: data.count }, (_, i) => i);
  const cut = Number(train);
  const split = { train: places.subarray(0, cut), validation: places.subarray(cut) };
  return { data, split, numbers: numbers.data as Uint32Array };
}
