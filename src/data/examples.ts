import type { Shape } from '../kernels/spec.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What a network is trained on or judged by: pictures, or what the frozen part of a network made of them. */
export interface Examples {
  readonly count: number;
  readonly classes: readonly string[];
  /** Of each example, on the host. */
  readonly labels: Uint8Array;
  /** Shape of one example, as the network gets it. */
  readonly imageShape: Shape;
  /** Layers of the model's `chain` that they have passed already; 0 for pictures. */
  readonly passed: number;
  /** Hash of the pictures that they are or were made of, and of their labels: see `contentHash`. */
  readonly sha256: string;
  /** Batches of this size for one compiled step, which lives no longer than the examples do. */
  feed(size: number): Feed;
}

export interface ImageBatch {
  /** f32 [B, ...imageShape]. */
  readonly images: Tensor;
  /** u32 [B]. */
  readonly labels: Tensor;
}

/** One batch that changes its contents between the runs of a compiled step. */
export interface Feed extends Disposable {
  /** u32 [B]: which examples are in it. */
  readonly indices: Tensor;
  /** The batch as tensors; call it inside the step. */
  batch(): ImageBatch;
  /**
   * Says which examples the next run is about.
   * @param draw of a training step: by what is drawn which of several copies of an example it sees; without, the original.
   */
  select(indices: Uint32Array, draw?: { readonly seed: number; readonly step: number }): void;
}
