import type { ImageData8 } from '../data/dataset.ts';
import { GpuDataset, type ImageBatch } from '../data/gpu-dataset.ts';
import { InterruptedError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';

export interface PassOptions {
  /** Images of a pass. */
  readonly batch: number;
  readonly signal?: AbortSignal | undefined;
}

/** Which images a pass was about. */
export interface Part {
  readonly start: number;
  readonly rows: number;
}

/**
 * Goes over images batch by batch: `compute` makes tensors of each, `read` takes from them what is wanted before they are
 * freed.
 * @throws InterruptedError when `signal` fires.
 */
export async function overImages<T>(
  engine: Engine,
  images: ImageData8,
  { batch, signal }: PassOptions,
  compute: (batch: ImageBatch) => T,
  read: (result: T, part: Part) => Promise<void>,
): Promise<void> {
  using data = new GpuDataset(engine, images);
  for (let start = 0; start < images.count; start += batch) {
    if (signal?.aborted) throw new InterruptedError('looking at images: interrupted');
    const rows = Math.min(batch, images.count - start);
    // Whatever ran before may have counted fewer rows.
    engine.setStep({ rows: 0 });
    // Not a scope, which would have to stay open while the results are read.
    const { result, made } = engine.collect(() => {
      const indices = Uint32Array.from({ length: rows }, (_, i) => start + i);
      return compute(data.batch(engine.tensor(indices, [rows], 'u32')));
    });
    try {
      await read(result, { start, rows });
    } finally {
      for (const tensor of made) tensor.dispose();
    }
  }
}
