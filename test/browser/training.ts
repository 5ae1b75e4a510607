/**
 * A small CNN and 30 steps of Adam: the same source runs in Node and, bundled, in the browser. Everything it needs comes
 * from the library's entry.
 */
import {
  Batches,
  compile,
  type Engine,
  type EpochMetrics,
  fit,
  GpuDataset,
  type ImageData8,
  Model,
  makeImageData,
  nn,
  ops,
  optim,
  type Tensor,
} from '../../src/index.ts';

export const STEPS = 30;
export const BATCH = 32;
export const SIZE = 14;
const [COUNT, CLASSES] = [256, 4];
/** Steps that are also run one op at a time. */
const EAGER_STEPS = 3;

export interface Outcome {
  readonly adapter: string;
  /** Of each compiled step. */
  readonly losses: readonly number[];
  /** All parameters after the first steps, as the bits of their float32 values: eager and compiled. */
  readonly eager: readonly number[];
  readonly compiled: readonly number[];
  /** What two epochs of `fit` report, with validation. */
  readonly history: readonly EpochMetrics[];
}

/** 30 compiled steps, the first three of them eagerly from the same start, and two epochs by `fit`. */
export async function trainSmallCnn(engine: Engine): Promise<Outcome> {
  const { vendor, architecture, device } = engine.gpu.device.info;
  using data = new GpuDataset(engine, await drawBlobs());
  const compiled = await train(engine, data, STEPS, 'compiled');
  const eager = await train(engine, data, EAGER_STEPS, 'eager');
  return {
    adapter: [vendor, architecture, device].filter(Boolean).join(' '),
    losses: compiled.losses,
    compiled: compiled.bits,
    eager: eager.bits,
    history: await fitTwoEpochs(engine, data),
  };
}

const architecture = new nn.Sequential({
  layers: [
    new nn.Conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }),
    new nn.MaxPool2d({ window: 2 }),
    new nn.Conv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
    new nn.MaxPool2d({ window: 2 }),
    new nn.Dropout({ rate: 0.25 }),
    new nn.Flatten({}),
    new nn.Dense({ units: CLASSES }),
  ],
});

async function train(engine: Engine, data: GpuDataset, steps: number, mode: 'eager' | 'compiled') {
  using model = new Model(engine, architecture, { inputShape: data.imageShape, seed: 1 });
  // Before the step is compiled, because the flat gradients are made when they are first asked for.
  const { values, gradients, table } = model.parameters;
  const optimizer = optim.adam();
  const state = optimizer.init(values);
  using indices = engine.empty([BATCH], 'u32');
  using notFinite = engine.tensor([0], [1], 'u32');
  const update = (): Tensor => {
    const { images, labels } = data.batch(indices);
    const { loss } = ops.softmaxCrossEntropy(model.forward(images, { training: true }), labels);
    model.parameters.backward(loss);
    optimizer.update({ parameters: values, gradients, state, segments: table, notFinite });
    return loss;
  };

  using step = mode === 'compiled' ? await compile(engine, update) : undefined;
  const batches = new Batches(
    Uint32Array.from({ length: COUNT }, (_, i) => i),
    { batch: BATCH, seed: 1 },
  );
  const losses: number[] = [];
  let bits: number[] = [];
  for (let i = 0; i < steps; i++) {
    const batch = batches.at(Math.floor(i / batches.stepsPerEpoch), i % batches.stepsPerEpoch);
    indices.write(batch.indices);
    const stepValues = { seed: 1, step: i + 1, rows: batch.rows, learningRate: 3e-3 };
    if (step) {
      await step.run(stepValues);
      losses.push(await step.result.item());
    } else {
      engine.setStep(stepValues);
      losses.push(await engine.scope(async () => await update().item()));
    }
    if (i === EAGER_STEPS - 1) bits = bitsOf(await values.data());
  }
  for (const tensor of Object.values(state)) tensor.dispose();
  return { losses, bits };
}

async function fitTwoEpochs(engine: Engine, data: GpuDataset): Promise<readonly EpochMetrics[]> {
  using model = new Model(engine, architecture, { inputShape: data.imageShape, seed: 1 });
  const pictures = Uint32Array.from({ length: COUNT }, (_, i) => i);
  // 200 are no multiple of the batch: the last one is padded.
  const split = { train: pictures.subarray(0, 200), validation: pictures.subarray(200) };
  const settings = { optimizer: 'adam', learningRate: 3e-3, schedule: 'constant' } as const;
  const training = { ...settings, epochs: 2, batch: BATCH, seed: 1 };
  // biome-ignore lint/suspicious/noFocusedTests: this fit trains a model
  return (await fit(model, { data, ...split }, { training })).history;
}

function bitsOf(values: ArrayLike<number>): number[] {
  return Array.from(new Uint32Array(Float32Array.from(values).buffer));
}

/** Pictures of a bright blob, whose quarter of the picture is the class, over a pattern that tells nothing. */
async function drawBlobs(): Promise<ImageData8> {
  const images = new Uint8Array(COUNT * SIZE * SIZE);
  const labels = Uint8Array.from({ length: COUNT }, (_, i) => i % CLASSES);
  for (let i = 0; i < COUNT; i++) {
    const [row, column] = [3.5 + 7 * (labels[i]! >> 1), 3.5 + 7 * (labels[i]! & 1)];
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const blob = 150 * Math.exp(-((y - row) ** 2 + (x - column) ** 2) / 8);
        const pattern = (i * 31 + y * 57 + x * 113 + x * y * (i % 7)) % 100;
        images[(i * SIZE + y) * SIZE + x] = Math.round(blob + pattern);
      }
    }
  }
  return await makeImageData({ images, shape: [COUNT, SIZE, SIZE], labels, name: 'blobs', where: 'blobs' });
}
