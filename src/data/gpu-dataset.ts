/**
 * A data set on the device, as bytes: uploaded once, batches are gathered by index.
 *
 *     using data = new GpuDataset(engine, dataset.train);                      // u8 / 255
 *     const { images, labels } = data.batch(indices);                          // indices: u32 [B] tensor
 *     images f32 [B, H, W, C], labels u32 [B]
 */
import { ValueError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import { gatherBatch } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ImageData8 } from './dataset.ts';
import type { Examples, Feed, ImageBatch } from './examples.ts';

/** (byte - mean) * scale: one number each, or one for each channel. */
export interface Preprocessing {
  /** In bytes, 0 to 255; default 0. */
  readonly mean?: number | readonly number[];
  /** Default 1 / 255. */
  readonly scale?: number | readonly number[];
}

export type { ImageBatch };

export class GpuDataset implements Examples, Disposable {
  readonly count: number;
  readonly passed = 0;
  /** [H, W, C]. */
  readonly imageShape: readonly number[];
  readonly classes: readonly string[];
  private readonly images: Tensor;
  private readonly gpuLabels: Tensor;

  /** @throws ValueError for a scale that is not finite; LimitError when the device cannot hold the images. */
  constructor(
    private readonly engine: Engine,
    readonly source: ImageData8,
    readonly preprocessing: Preprocessing = {},
  ) {
    const { count, height, width, channels, classes } = source;
    for (const value of [preprocessing.mean ?? 0, preprocessing.scale ?? 1].flat()) {
      if (!Number.isFinite(value)) throw new ValueError(`preprocessing: ${value} as a mean or scale; give a number`);
    }
    this.count = count;
    this.imageShape = [height, width, channels];
    this.classes = classes;
    const shape = [count, ...this.imageShape];
    this.images = engine.keep(engine.tensor(source.images, shape, 'u8', `${source.name} images`));
    this.gpuLabels = engine.keep(engine.tensor(source.labels, [count], 'u8', `${source.name} labels`));
  }

  /**
   * Images and labels of these indices. An index past the end gives NaN, so that the loss tells.
   * @param indices u32 [B].
   */
  batch(indices: Tensor): ImageBatch {
    const { images, labels } = gatherBatch(this.images, indices, { ...this.preprocessing, labels: this.gpuLabels });
    return { images, labels: labels! };
  }

  /** Of each image, on the host. */
  get labels(): Uint8Array {
    return this.source.labels;
  }

  get sha256(): string {
    return this.source.sha256;
  }

  feed(size: number): Feed {
    const { engine } = this;
    const indices = engine.keep(engine.tensor(new Uint32Array(size), [size], 'u32', 'indices'));
    return {
      indices,
      batch: () => this.batch(indices),
      select: chosen => indices.write(chosen),
      [Symbol.dispose]: () => indices.dispose(),
    };
  }

  [Symbol.dispose](): void {
    this.images.dispose();
    this.gpuLabels.dispose();
  }
}
