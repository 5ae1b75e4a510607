import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { type Shape, sizeOf } from '../../src/kernels/spec.ts';
import type { Engine } from '../../src/tensor/engine.ts';

/** Pictures of any shape, of ten classes; of noise, for what a step costs does not depend on what they show. */
export function noiseImages(engine: Engine, shape: Shape, count: number): GpuDataset {
  const [height, width, channels] = shape as [number, number, number];
  const random = new Sampler(1);
  const images = Uint8Array.from({ length: count * sizeOf(shape) }, () => random.int(0, 255));
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  return new GpuDataset(engine, {
    ...{ images, labels, count, height, width, channels },
    ...{ classes: Array.from({ length: 10 }, (_, k) => String(k)), name: 'noise', sha256: '' },
  });
}
