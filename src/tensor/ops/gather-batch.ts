import { type GatherBatchParams, gatherBatchKernel, MAX_GATHER_CHANNELS } from '../../kernels/gather-batch.ts';
import { sizeOf } from '../../kernels/spec.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';

export interface GatherBatchOptions {
  /** Subtracted from the bytes: one number, or one a channel (at most 4 channels). Default 0. */
  mean?: number | readonly number[];
  /** What the difference is multiplied by. Default 1 / 255. */
  scale?: number | readonly number[];
  /** u8 [n]: labels of the data set, gathered too. */
  labels?: Tensor;
}

export interface GatheredBatch {
  /** f32 [B, H, W, C] (the shape of an image behind the batch). */
  readonly images: Tensor;
  /** u32 [B]. */
  readonly labels: Tensor | undefined;
}

/**
 * A batch by index from a data set that lives on the device as bytes: (value - mean) * scale. Not differentiable.
 *
 * An index past the end of the data set gives a row of NaN and a label that no class has, so that the loss is NaN.
 *
 * @param images u8 [n, H, W, C], of any number of axes; may exceed one binding.
 * @param indices u32 [B].
 * @throws ShapeError when types or sizes do not fit.
 */
export function gatherBatch(images: Tensor, indices: Tensor, options: GatherBatchOptions = {}): GatheredBatch {
  const { mean = 0, scale = 1 / 255, labels } = options;
  const [n, ...shape] = images.shape;
  if (images.dtype !== 'u8' || n === undefined)
    throw new ShapeError(`gatherBatch: images must be u8[n, ...], got ${images}`);
  if (indices.dtype !== 'u32') throw new ShapeError(`gatherBatch: indices must be u32, got ${indices}`);
  if (labels && (labels.dtype !== 'u8' || labels.size !== n)) {
    throw new ShapeError(`gatherBatch: labels must be u8[${n}] beside ${images}, got ${labels}`);
  }
  const channels = typeof mean === 'number' && typeof scale === 'number' ? 1 : shape[shape.length - 1]!;
  if (channels > MAX_GATHER_CHANNELS) {
    throw new ShapeError(
      `gatherBatch: ${images} has ${channels} channels, at most ${MAX_GATHER_CHANNELS} can have a mean and scale each; give one number for all`,
    );
  }
  const perChannel = (name: 'mean' | 'scale', value: number | readonly number[]) => {
    if (typeof value !== 'number' && value.length !== channels) {
      throw new ShapeError(`gatherBatch: ${name} has ${value.length} values for the ${channels} channels of ${images}`);
    }
    const at = (c: number) => (typeof value === 'number' ? value : (value[c] ?? 0));
    return { [`${name}0`]: at(0), [`${name}1`]: at(1), [`${name}2`]: at(2), [`${name}3`]: at(3) };
  };
  const p = {
    ...{ images: n, base: 0, total: n, size: sizeOf(shape), batch: indices.size, channels, labels: Number(!!labels) },
    ...perChannel('mean', mean),
    ...perChannel('scale', scale),
  } as GatherBatchParams;
  const { engine } = images;
  const { out, outLabels } = engine.run(gatherBatchKernel, p, { images, labels, indices });
  return { images: engine.alias(out!, [indices.size, ...shape]), labels: outLabels };
}
