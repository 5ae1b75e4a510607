/**
 * Features of the images of a data set, in host memory and, if wanted, in files:
 *
 *     FOLDER/KEY/00007.safetensors             those of the images from 7 * 512 on that have been computed
 *
 * KEY is a hash of all they depend on. Each file tells the hash of its contents; one that is damaged is as if it were not
 * there. So whatever ends the work, what was computed before is found again, and a subset of the images is enough to begin.
 */
import { sha256 } from '../data/dataset.ts';
import { fromHalves, toHalves } from '../io/half.ts';
import { readSafetensors, writeSafetensors } from '../io/safetensors.ts';
import { type Shape, sizeOf } from '../kernels/spec.ts';
import { FileError } from '../platform/errors.ts';
import type { FileStore } from '../platform/platform.ts';

/** How features are kept: as computed, or rounded to half precision in half of the memory. */
export type FeaturePrecision = 'f32' | 'f16';

/** Where features are kept between runs. */
export interface FeatureStore {
  readonly files: FileStore;
  readonly folder: string;
  /** Told when a file is damaged and its images have to be computed again. */
  readonly onDamage?: (error: FileError) => void;
}

export interface FeatureTableOptions {
  /** Hash of all that the features depend on. */
  readonly key: string;
  /** Images of the data set. */
  readonly count: number;
  /** Of one image's features. */
  readonly shape: Shape;
  readonly precision: FeaturePrecision;
  readonly store?: FeatureStore | undefined;
}

/** Images whose features lie in one file. */
export const ROWS = 512;

const FORMAT = 'weft features 1';

type Row = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

export class FeatureTable {
  private readonly rows: (Row | undefined)[];
  private readonly width: number;
  /** Files with rows that are not written yet. */
  private readonly changed = new Set<number>();

  private constructor(private readonly options: FeatureTableOptions) {
    this.rows = Array.from({ length: options.count });
    this.width = sizeOf(options.shape);
  }

  /** The features that there are already. */
  static async open(options: FeatureTableOptions): Promise<FeatureTable> {
    const table = new FeatureTable(options);
    const { store, count } = options;
    if (!store) return table;
    for (let file = 0; file * ROWS < count; file++) {
      if (!(await store.files.exists(table.path(file)))) continue;
      try {
        await table.read(file);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        store.onDamage?.(error);
      }
    }
    return table;
  }

  /** Of one image's features. */
  get shape(): Shape {
    return this.options.shape;
  }

  has(image: number): boolean {
    return this.rows[image] !== undefined;
  }

  /** Keeps the features of an image; `write` puts them into their file. */
  set(image: number, values: Float32Array): void {
    this.rows[image] = this.options.precision === 'f16' ? toHalves(values) : values.slice();
    if (this.options.store) this.changed.add(Math.floor(image / ROWS));
  }

  /** Puts the features of an image, which must be there, into `out` from `start` on. */
  copy(image: number, out: Float32Array, start: number): void {
    const row = this.rows[image]!;
    if (row instanceof Float32Array) out.set(row, start);
    else fromHalves(row, out.subarray(start, start + this.width));
  }

  /** Writes the files with new features whose images all lie before `image`; all of them without it. */
  async write(image = Number.POSITIVE_INFINITY): Promise<void> {
    for (const file of [...this.changed].filter(number => (number + 1) * ROWS <= image)) {
      await this.options.store!.files.write(this.path(file), await this.encode(file));
      this.changed.delete(file);
    }
  }

  private async encode(file: number): Promise<Uint8Array> {
    const images = Uint32Array.from({ length: ROWS }, (_, i) => file * ROWS + i).filter(image => this.has(image));
    const size = images.length * this.width;
    const data: Row = this.options.precision === 'f16' ? new Uint16Array(size) : new Float32Array(size);
    for (const [i, image] of images.entries()) data.set(this.rows[image]!, i * this.width);
    const content = {
      images: { shape: [images.length], data: images },
      features: { shape: this.stack(images.length), data },
    };
    return writeSafetensors(content, { format: FORMAT, key: this.options.key, sha256: await hash(images, data) });
  }

  /** @throws FileError when the file is damaged or not what it should be. */
  private async read(file: number): Promise<void> {
    const { store, key, precision } = this.options;
    const where = this.path(file);
    const { metadata, tensors } = readSafetensors(await store!.files.read(where), where);
    const images = tensors.get('images')?.data;
    const features = tensors.get('features');
    const damaged = () => new FileError(`${where}: damaged; its images are computed again`);
    if (metadata.format !== FORMAT || metadata.key !== key || !(images instanceof Uint32Array) || !features)
      throw damaged();
    const data = features.data;
    const fits = precision === 'f16' ? data instanceof Uint16Array : data instanceof Float32Array;
    if (!fits || features.shape.join() !== this.stack(images.length).join()) throw damaged();
    if ((await hash(images, data as Row)) !== metadata.sha256) throw damaged();
    if (!images.every(image => Math.floor(image / ROWS) === file && image < this.options.count)) throw damaged();
    for (const [i, image] of images.entries()) {
      this.rows[image] = (data as Row).subarray(i * this.width, (i + 1) * this.width);
    }
  }

  private stack(count: number): number[] {
    return [count, ...this.options.shape];
  }

  private path(file: number): string {
    const { store, key } = this.options;
    return `${store!.folder}/${key}/${String(file).padStart(5, '0')}.safetensors`;
  }
}

async function hash(images: Uint32Array, data: Row): Promise<string> {
  const bytes = (array: Uint32Array | Row) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return await sha256(new TextEncoder().encode(`${await sha256(bytes(images))} ${await sha256(bytes(data))}`));
}
