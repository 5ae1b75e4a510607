import { FileError } from '../platform/errors.ts';
import type { DataSource } from '../platform/platform.ts';
import { readIfThere } from './files.ts';

/** Labelled images as bytes, the form in which a data set stays on disk, in memory and on the GPU. */
export interface ImageData8 {
  /** [count, height, width, channels], 0 to 255. */
  readonly images: Uint8Array;
  /** [count], each below `classes.length`. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Names by label. */
  readonly classes: readonly string[];
  /** What to call it in reports, such as 'fashion-mnist train'. */
  readonly name: string;
  /** Hash of the content, whatever file format it came from: see `contentHash`. */
  readonly sha256: string;
}

/** What a model is trained on, and what it is judged by once, at the very end. */
export interface DataSet {
  readonly name: string;
  /** Where it was read from, for messages. */
  readonly where: string;
  readonly train: ImageData8;
  readonly test: ImageData8;
}

/** SHA-256 in lower-case hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('');
}

/** SHA-256 of the text "[shape] sha256(images) sha256(labels)": the same for idx, gz and npz files of one data set. */
export async function contentHash(shape: readonly number[], images: Uint8Array, labels: Uint8Array): Promise<string> {
  const text = `${JSON.stringify(shape)} ${await sha256(images)} ${await sha256(labels)}`;
  return await sha256(new TextEncoder().encode(text));
}

export interface ImageParts {
  images: Uint8Array;
  /** [N, H, W] or [N, H, W, C]. */
  shape: readonly number[];
  labels: Uint8Array;
  name: string;
  /** What an error message starts with. */
  where: string;
  /** Names by label. Default: as many numbers as the largest label needs. */
  classes?: readonly string[] | undefined;
}

/** Puts images and labels together; refuses counts that differ and labels without a class. */
export async function makeImageData(parts: ImageParts): Promise<ImageData8> {
  const { images, labels, where, name, shape } = parts;
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  if (shape.length < 3 || shape.length > 4 || images.length !== count * height * width * channels) {
    throw new FileError(
      `${where}: images of shape [${shape}] with ${images.length} bytes; expected [N,H,W] or [N,H,W,C]`,
    );
  }
  if (count === 0 || images.length === 0) throw new FileError(`${where}: holds no images; get a fresh copy`);
  if (labels.length !== count) {
    throw new FileError(`${where}: ${count} images but ${labels.length} labels; both files must be of one data set`);
  }
  let largest = 0;
  for (const label of labels) largest = Math.max(largest, label);
  const classes = parts.classes ?? Array.from({ length: largest + 1 }, (_, label) => String(label));
  if (largest >= classes.length) {
    throw new FileError(`${where}: label ${largest} has no class; there are ${classes.length} class names`);
  }
  const hash = await contentHash([count, height, width, channels], images, labels);
  return { images, labels, count, height, width, channels, classes, name, sha256: hash };
}

/** The class names of a data set's folder: `classes.txt`, one name a line. Undefined when there is no such file. */
export async function readClasses(source: DataSource): Promise<string[] | undefined> {
  const bytes = await readIfThere(source, 'classes.txt');
  if (!bytes) return undefined;
  const names = new TextDecoder().decode(bytes).split(/\r?\n/);
  return names.map(name => name.trim()).filter(name => name !== '');
}
