import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import type { Shape } from '../../src/kernels/spec.ts';
import { sizeOf } from '../../src/kernels/spec.ts';
import type { Engine } from '../../src/tensor/engine.ts';

/** Black pictures of any shape, of ten classes: what a step costs does not depend on what they show. */
export function blankImages(engine: Engine, shape: Shape, count: number): GpuDataset {
  const [height, width, channels] = shape as [number, number, number];
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  return new GpuDataset(engine, {
    ...{ images: new Uint8Array(count * sizeOf(shape)), labels, count, height, width, channels },
    ...{ classes: Array.from({ length: 10 }, (_, k) => String(k)), name: 'blank', sha256: '' },
  });
}
