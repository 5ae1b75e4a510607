import type { ImageData8 } from '../../src/data/dataset.ts';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { splitOf } from '../../src/data/split.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { BatchNorm2d, Conv2d, Dense, Dropout, Flatten, MaxPool2d, Model, Sequential } from '../../src/nn/index.ts';
import { FileError } from '../../src/platform/errors.ts';
import type { FileStore } from '../../src/platform/platform.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import type { TrainingOptions } from '../../src/train/config.ts';

export const TOY = { classes: 4, size: 6 } as const;

/** Noisy pictures of 6 x 6 whose class is the quarter that is bright: a small network learns them in a few epochs. */
export function toyImages(count: number, seed = 1): ImageData8 {
  const { size, classes } = TOY;
  const random = new Sampler(seed);
  const images = new Uint8Array(count * size * size);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  labels.forEach((label, i) => {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const quarter = 2 * Number(y >= size / 2) + Number(x >= size / 2);
        images[(i * size + y) * size + x] = random.int(0, quarter === label ? 200 : 120);
      }
    }
  });
  const shape = { count, height: size, width: size, channels: 1 };
  return { images, labels, ...shape, classes: ['a', 'b', 'c', 'd'], name: 'toy', sha256: `toy ${count} ${seed}` };
}

/** Everything a small training run needs; the caller disposes of data and model. */
export function toyRun(engine: Engine, options: { count?: number; seed?: number; net?: 'dense' | 'conv' } = {}) {
  const { count = 180, seed = 1, net = 'dense' } = options;
  const images = toyImages(count);
  const { train, validation } = splitOf(images);
  return {
    images,
    data: new GpuDataset(engine, images),
    split: { train, validation },
    model: net === 'dense' ? denseNet(engine, seed) : convNet(engine, seed),
  };
}

/** Dense layers alone; dropout by its rate, since a comparison with other batches must not drop anything. */
export function denseNet(engine: Engine, seed = 1, rate = 0, units = 16): Model {
  const layer = new Sequential({
    layers: [
      new Flatten({}),
      new Dense({ units, activation: 'relu' }),
      ...(rate > 0 ? [new Dropout({ rate })] : []),
      new Dense({ units: TOY.classes }),
    ],
  });
  return new Model(engine, layer, { name: 'dense', inputShape: [TOY.size, TOY.size, 1], seed });
}

/** With everything that has a state: running statistics and dropout. */
export function convNet(engine: Engine, seed = 1): Model {
  const layer = new Sequential({
    layers: [
      new Conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new BatchNorm2d({}),
      new MaxPool2d({ window: 2 }),
      new Flatten({}),
      new Dropout({ rate: 0.25 }),
      new Dense({ units: TOY.classes }),
    ],
  });
  return new Model(engine, layer, { name: 'conv', inputShape: [TOY.size, TOY.size, 1], seed });
}

/** Adam with 165 = 5 * 32 + 5 training pictures: the last batch is padded. */
export const toyTraining = (changes: Partial<TrainingOptions> = {}): TrainingOptions => ({
  ...{ epochs: 4, batch: 32, seed: 7, optimizer: 'adam', learningRate: 0.01, schedule: 'constant' },
  ...changes,
});

/** A file store in memory. `refuse` makes writing a file fail, as a full disk would, before anything is changed. */
export function memoryFiles(refuse: (path: string, size: number) => boolean = () => false) {
  const contents = new Map<string, Uint8Array>();
  const files: FileStore = {
    async read(path) {
      const bytes = contents.get(path);
      if (!bytes) throw new FileError(`${path}: no such file`);
      return bytes;
    },
    async write(path, bytes) {
      const whole = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes.slice();
      if (refuse(path, whole.length)) throw new FileError(`${path}: cannot write (ENOSPC): the disk is full`);
      contents.set(path, whole);
    },
    async exists(path) {
      return contents.has(path);
    },
  };
  return { files, contents };
}
