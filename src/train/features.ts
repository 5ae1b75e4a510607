/**
 * What the frozen beginning of a model makes of pictures, computed once and trained on from then on:
 *
 *     using features = await cacheFeatures(model, data, images, { batch: 256, store: { files, folder } });
 *     await fit(model, { data: features, ...split }, { training });
 *
 * Each batch is put together on the host and sent to the device when its step comes up; so the features of a data set need
 * not fit into the device's memory.
 */
import { type AugmentationPolicy, changesPictures } from '../data/augmentation.ts';
import { sha256 } from '../data/dataset.ts';
import type { Examples, Feed } from '../data/examples.ts';
import type { GpuDataset } from '../data/gpu-dataset.ts';
import { philox4x32, seedKey, toBelow } from '../kernels/philox.ts';
import { type Shape, sizeOf } from '../kernels/spec.ts';
import type { Model } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import { computeFeatures } from './compute-features.ts';
import type { TrainingOptions } from './config.ts';
import { type FeaturePrecision, type FeatureStore, FeatureTable } from './feature-table.ts';
import { frozenPrefix, prefixHashes } from './prefix.ts';
import { configureParts } from './trained-parts.ts';

/** Sets these random numbers apart from those of other purposes under the same seed. */
const PURPOSE = 0x636f7079;

/** Milliseconds between two reports. */
const REPORT_EVERY = 250;

/** Augmented copies of each picture unless a run says otherwise. */
const DEFAULT_COPIES = 4;

/** How far the features are. */
export interface FeatureProgress {
  /** Pictures, each copy counting. */
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number;
}

export interface FeatureHooks {
  /** Where they are kept between runs. Default: only in memory. */
  readonly store?: FeatureStore | undefined;
  /** Ends the work after the batch under way; with a store the next call goes on from there. */
  readonly signal?: AbortSignal | undefined;
  readonly onCompile?: ((done: number, total: number) => void) | undefined;
  /** A few times a second. */
  readonly onProgress?: ((progress: FeatureProgress) => void) | undefined;
}

export interface FeatureOptions extends FeatureHooks {
  /** Pictures of a pass. As many as in a training step, and features in float32 are the very numbers of that step. */
  readonly batch: number;
  /** Default 'f32'. */
  readonly precision?: FeaturePrecision | undefined;
  /** Layers of the frozen beginning at most. Default: all of it. */
  readonly layers?: number | undefined;
  /** Copies of each picture, beside the original, changed by chance. Default: none. */
  readonly copies?: { readonly policy: AugmentationPolicy; readonly count: number; readonly seed: number } | undefined;
}

/** Features of a data set, in host memory. */
export class CachedFeatures implements Examples {
  readonly imageShape: Shape;

  /** @param tables the originals, then each copy. */
  constructor(
    private readonly engine: Engine,
    private readonly data: GpuDataset,
    /** Layers of the model's chain that made them. */
    readonly passed: number,
    private readonly tables: readonly FeatureTable[],
  ) {
    this.imageShape = tables[0]!.shape;
  }

  get count(): number {
    return this.data.count;
  }

  get classes(): readonly string[] {
    return this.data.classes;
  }

  get labels(): Uint8Array {
    return this.data.labels;
  }

  get sha256(): string {
    return this.data.sha256;
  }

  feed(size: number): Feed {
    const { engine, imageShape } = this;
    const indices = engine.keep(engine.tensor(new Uint32Array(size), [size], 'u32', 'indices'));
    const labels = engine.keep(engine.tensor(new Uint32Array(size), [size], 'u32', 'labels'));
    const values = new Float32Array(size * sizeOf(imageShape));
    const images = engine.keep(engine.tensor(values, [size, ...imageShape], 'f32', 'features'));
    return {
      indices,
      batch: () => ({ images, labels }),
      select: (chosen, draw) => {
        this.gather(chosen, draw, values);
        images.write(values);
        labels.write(Uint32Array.from(chosen, image => this.labels[image]!));
        indices.write(chosen);
      },
      [Symbol.dispose]: () => {
        for (const tensor of [indices, labels, images]) tensor.dispose();
      },
    };
  }

  /** Of these images, the originals: [images, ...imageShape]. @throws ValueError for one that has none. */
  rows(images: Uint32Array): Float32Array {
    const values = new Float32Array(images.length * sizeOf(this.imageShape));
    this.gather(images, undefined, values);
    return values;
  }

  private gather(chosen: Uint32Array, draw: { seed: number; step: number } | undefined, out: Float32Array): void {
    const width = sizeOf(this.imageShape);
    for (const [i, image] of chosen.entries()) {
      const table = this.tables[draw ? this.drawCopy(image, draw) : 0]!;
      if (!table.has(image)) throw new ValueError(`features: image ${image} has none; name it when they are computed`);
      table.copy(image, out, i * width);
    }
  }

  /** Which copy of an image a step sees: any of them, the original too, as likely as another. */
  private drawCopy(image: number, { seed, step }: { seed: number; step: number }): number {
    if (this.tables.length === 1) return 0;
    const words = new Uint32Array(4);
    philox4x32(image, step, 0, PURPOSE, ...seedKey(seed), words);
    return toBelow(words[0]!, this.tables.length);
  }
}

/**
 * The features of these images, computed where they are not kept already. Features behind an earlier layer, where they
 * are kept in float32, are begun with instead of the pictures.
 * @param model with its frozen parts configured, see `configureParts`.
 * @throws ValueError when the model does not begin with a frozen part; InterruptedError; FileError.
 */
export async function cacheFeatures(
  model: Model,
  data: GpuDataset,
  images: Uint32Array,
  options: FeatureOptions,
): Promise<CachedFeatures> {
  const { precision = 'f32', store, copies, layers: most } = options;
  const length = frozenPrefix(model, most);
  if (length === 0)
    throw new ValueError(`features: '${model.name}' does not begin with a frozen part; freeze some of it`);
  const hashes = await prefixHashes(model, length);
  const wanted = Uint32Array.from(new Set(images)).sort();
  const many = copies?.count ?? 0;
  const open = async (layers: number, copy: number, kept: FeaturePrecision) => {
    const { name: _, ...policy } = copies?.policy ?? { name: 'none' };
    const changed = copy > 0 && { policy, seed: copies!.seed, copy };
    const content = [hashes(layers), data.source.sha256, data.preprocessing, kept, changed];
    const key = await sha256(new TextEncoder().encode(JSON.stringify(content)));
    const shape = model.chain[layers - 1]!.output;
    return await FeatureTable.open({ key, count: data.count, shape, precision: kept, store });
  };
  const tables: FeatureTable[] = [];
  for (let copy = 0; copy <= many; copy++) tables.push(await open(length, copy, precision));
  const left = tables.map(table => wanted.filter(image => !table.has(image)));
  const report = reporter(
    left.reduce((sum, missing) => sum + missing.length, 0),
    options,
  );
  for (const [copy, missing] of left.entries()) {
    if (missing.length === 0) continue;
    let source: Examples = data;
    for (let layers = length - 1; store && layers > 0 && source === data; layers--) {
      const earlier = await open(layers, copy, 'f32');
      if (missing.every(image => earlier.has(image)))
        source = new CachedFeatures(model.engine, data, layers, [earlier]);
    }
    const augmentation = copy > 0 ? { ...copies!, copy } : undefined;
    await computeFeatures(model, source, missing, tables[copy]!, { ...options, to: length, augmentation, report });
  }
  return new CachedFeatures(model.engine, data, length, tables);
}

/** Told of each picture more, says a few times a second how far all of them are. */
function reporter(total: number, { onProgress }: FeatureHooks): (more: number) => void {
  const start = performance.now();
  let last = 0;
  let done = 0;
  return more => {
    done += more;
    const now = performance.now();
    if (!onProgress || (now - last < REPORT_EVERY && done < total)) return;
    last = now;
    onProgress({ done, total, secondsLeft: ((now - start) / 1000 / done) * (total - done) });
  };
}

/** Augmented copies of each picture that a run on features draws from. */
export function copiesOf({ augmentation, copies = DEFAULT_COPIES }: TrainingOptions): number {
  return augmentation && changesPictures(augmentation) ? copies : 0;
}

/**
 * What a run should be given to learn from: the features of a frozen beginning, or the pictures themselves where there is
 * none, or the run is not to use features.
 * @param images that the run is about.
 * @throws as `cacheFeatures`.
 */
export async function examplesFor(
  model: Model,
  data: GpuDataset,
  images: Uint32Array,
  training: TrainingOptions,
  hooks: FeatureHooks = {},
): Promise<Examples> {
  configureParts(model, training);
  const { features: precision = 'f32', augmentation: policy, seed } = training;
  if (precision === 'off' || frozenPrefix(model) === 0) return data;
  const batch = training.batch / (training.microBatches ?? 1);
  const copies = policy && { policy, count: copiesOf(training), seed };
  return await cacheFeatures(model, data, images, { ...hooks, batch, precision, copies });
}
