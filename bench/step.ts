/**
 * One training step of the peers' CNN, weft beside tfjs-webgpu, in one process on one adapter.
 *
 *     npm --prefix bench ci && node --import tsx bench/step.ts [--batch 128] [--rounds 5] [--steps 4] [--json]
 *
 * Both run in the same Dawn with the same toggles (robustness on) and the same throttle while they wait. Before anything
 * is timed both start from the same weights, without dropout, and must compute the same losses. Rounds alternate between
 * the two; the figures are medians. Throughput: N steps, one wait. Latency: the loss is read after each step.
 */
import { parseArgs } from 'node:util';
import type { ImageData8 } from '../src/data/dataset.ts';
import { findDataSet } from '../src/data/find.ts';
import { GpuDataset } from '../src/data/gpu-dataset.ts';
import { peerCnn } from '../src/models/index.ts';
import { layerFromJSON, Model } from '../src/nn/index.ts';
import type { LayerConfig } from '../src/nn/layer.ts';
import { nodeDataPlaces, openGpu } from '../src/platform/node.ts';
import { Engine } from '../src/tensor/engine.ts';
import { TrainStep } from '../src/train/step.ts';
import { openTfjs, type Tfjs } from './peers/tfjs.ts';
import { buildTfjs, tfjsStep } from './peers/tfjs-cnn.ts';
import { type Timing, timing } from './statistics.ts';

const { values: args } = parseArgs({
  options: {
    batch: { type: 'string', default: '128' },
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
const [batch, rounds, steps] = [args.batch, args.rounds, args.steps].map(Number) as [number, number, number];

/** The loss may differ by this much, relative: both sum in float32 in another order. */
const SAME_LOSS = 1e-3;
const TOGGLES = ['disable-dawn-features=timestamp_quantization'];

/** Something that can be stepped and timed. */
interface Contender {
  readonly name: string;
  /** One step, not waited for. */
  step(): Promise<void>;
  /** Waits until all steps have run and reads the last loss. */
  loss(): Promise<number>;
  dispose(): void;
}

const config = (dropout: boolean): LayerConfig =>
  JSON.parse(JSON.stringify(peerCnn.build()), (key, value) => (key === 'rate' && !dropout ? 0 : value));

async function weftContender(
  engine: Engine,
  pictures: ImageData8,
  dropout: boolean,
): Promise<Contender & { model: Model }> {
  const model = new Model(engine, layerFromJSON(config(dropout)), { inputShape: peerCnn.inputShape, seed: 1 });
  const data = new GpuDataset(engine, pictures);
  const train = await TrainStep.compile(model, data, { ...peerCnn.defaults, batch, seed: 1 });
  const indices = Uint32Array.from({ length: batch }, (_, i) => i);
  let count = 0;
  return {
    name: 'weft',
    model,
    step: () => train.run(indices, batch, ++count, peerCnn.defaults.learningRate),
    loss: async () => {
      const { loss } = await train.totals();
      train.resetTotals();
      return loss;
    },
    dispose: () => {
      train[Symbol.dispose]();
      data[Symbol.dispose]();
      model[Symbol.dispose]();
    },
  };
}

async function tfjsContender(
  tfjs: Tfjs,
  name: string,
  weights: Model,
  pictures: ImageData8,
  dropout: boolean,
): Promise<Contender> {
  const { tf } = tfjs;
  const { count, height, width, channels, images, labels } = pictures;
  const model = buildTfjs(tfjs, config(dropout), peerCnn.inputShape);
  const start = await Promise.all(
    weights.parameters.segments.map(async ({ name: segment, shape }) =>
      tf.tensor((await weights.parameters.get(segment).data()) as Float32Array, [...shape]),
    ),
  );
  model.setWeights(start);
  const x = tf.tidy(() => tf.div(tf.tensor4d(Float32Array.from(images), [count, height, width, channels]), 255));
  const y = tf.oneHot(tf.tensor1d(Int32Array.from(labels), 'int32'), 10);
  const train = tfjsStep(tfjs, model, x, y);
  let last = tf.scalar(0);
  return {
    name,
    step: async () => {
      last.dispose();
      last = train.run();
    },
    loss: async () => {
      const value = (await last.data())[0]!;
      // The loss is known before the update has run; this waits for the update too.
      await tfjs.finish();
      return value;
    },
    dispose: () => {
      for (const tensor of [x, y, last, ...start]) tensor.dispose();
      train.dispose();
    },
  };
}

/** Runs `fn` with the processor resting while it waits, as weft rests: the same courtesy to everybody. */
async function resting<T>(rest: ((pending: () => boolean) => void) | undefined, fn: () => Promise<T>): Promise<T> {
  let pending = true;
  rest?.(() => pending);
  try {
    return await fn();
  } finally {
    pending = false;
  }
}

async function time(contender: Contender, mode: 'throughput' | 'latency'): Promise<number> {
  await contender.loss();
  const start = performance.now();
  for (let i = 0; i < steps; i++) {
    await contender.step();
    if (mode === 'latency') await contender.loss();
  }
  if (mode === 'throughput') await contender.loss();
  return (performance.now() - start) / steps;
}

const source = await openGpu();
const engine = await Engine.open(source);
const { train } = await findDataSet(nodeDataPlaces(), line => console.error(line));
const pixels = train.height * train.width * train.channels;
const pictures = {
  ...train,
  count: batch,
  images: train.images.slice(0, batch * pixels),
  labels: train.labels.slice(0, batch),
};
const tfjs = await openTfjs(TOGGLES);
const adapter = engine.gpu.device.info.description || engine.gpu.device.info.device;
const log = (line: string) => console.error(line);
log(`adapter: ${adapter}; tfjs ${tfjs.version}; batch ${batch}; ${rounds} rounds of ${steps} steps; robustness on`);

// Flags that tfjs documents as faster: a packed kernel for the input gradient of convolutions.
const variants = [
  { name: 'tfjs-webgpu, defaults', flags: { WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE: true } },
  { name: 'tfjs-webgpu, best flags', flags: { WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE: false } },
];
const useFlags = (name: string) => tfjs.tf.env().setFlags(variants.find(v => v.name === name)?.flags ?? {});

/** Losses of the first three steps from the same weights, without dropout. */
async function firstLosses(contender: Contender): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) {
    await resting(source.rest, async () => {
      await contender.step();
      losses.push(await contender.loss());
    });
  }
  return losses;
}

const plain = await weftContender(engine, pictures, false);
const twin = await tfjsContender(tfjs, 'tfjs', plain.model, pictures, false);
const [ours, theirs] = [await firstLosses(plain), await firstLosses(twin)];
const apart = Math.max(...ours.map((loss, i) => Math.abs(loss - theirs[i]!) / theirs[i]!));
log(`first losses: weft ${ours.map(v => v.toFixed(5)).join(' ')}, tfjs ${theirs.map(v => v.toFixed(5)).join(' ')}`);
if (!(apart <= SAME_LOSS))
  throw new Error(`the two do not compute the same: losses differ by ${apart}; nothing was timed`);
plain.dispose();
twin.dispose();

const weft = await weftContender(engine, pictures, true);
const contenders: Contender[] = [weft];
for (const { name } of variants) contenders.push(await tfjsContender(tfjs, name, weft.model, pictures, true));

const modes = ['throughput', 'latency'] as const;
const times = new Map<string, number[]>();
for (let round = -1; round < rounds; round++) {
  for (const contender of contenders) {
    useFlags(contender.name);
    for (const mode of modes) {
      const milliseconds = await resting(source.rest, () => time(contender, mode));
      // The first round compiles and warms up.
      if (round < 0) continue;
      const key = `${contender.name}\n${mode}`;
      times.set(key, [...(times.get(key) ?? []), milliseconds]);
    }
  }
}

interface Row {
  readonly name: string;
  readonly mode: string;
  readonly milliseconds: Timing;
  /** How many times as long as weft in the same mode. */
  readonly ratio: number;
}
const rows: Row[] = contenders.flatMap(({ name }) =>
  modes.map(mode => {
    const milliseconds = timing(times.get(`${name}\n${mode}`)!);
    return { name, mode, milliseconds, ratio: milliseconds.median / timing(times.get(`weft\n${mode}`)!).median };
  }),
);
if (args.json) {
  const date = new Date().toISOString();
  console.log(
    JSON.stringify({ adapter, date, batch, rounds, steps, tfjs: tfjs.version, robustness: true, rows }, null, 2),
  );
} else {
  for (const { name, mode, milliseconds: t, ratio } of rows) {
    const spread = `${t.min.toFixed(0)} to ${t.max.toFixed(0)}`;
    console.log(
      `${name.padEnd(26)} ${mode.padEnd(11)} ${t.median.toFixed(0).padStart(6)} ms (${spread})  ${ratio.toFixed(2)} x weft`,
    );
  }
}
for (const contender of contenders) contender.dispose();
engine[Symbol.dispose]();
// tfjs has no way to close its device, which would keep the process alive.
process.exit(0);
