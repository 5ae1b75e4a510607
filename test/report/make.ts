import { Sampler } from '../../src/kernels/sampler.ts';
import { toBase64 } from '../../src/report/format.ts';
import { toPicture } from '../../src/report/pictures.ts';
import type { Comparison, DeviceReport, RunResult } from '../../src/report/types.ts';
import { confusionMatrix } from '../../src/train/metrics.ts';

export const CLASSES = ['shirt', 'coat', 'bag'];
export const DEVICE: DeviceReport = { adapter: 'adapter A', driver: 'driver 1.2', software: true };

/** A finished run, made up from a seed: `skill` is its chance to be right. */
export function makeRun(
  model: string,
  skill: number,
  options: { seed?: number; images?: number; classes?: readonly string[]; epochs?: number } = {},
): RunResult {
  const { seed = 1, images = 300, classes = CLASSES, epochs = 4 } = options;
  const random = new Sampler(seed + 1000 * Math.round(100 * skill));
  const labels = Array.from({ length: images }, (_, i) => i % classes.length);
  const predictions = labels.map(label => (random.uniform() < skill ? label : random.int(0, classes.length - 1)));
  const hits = labels.filter((label, i) => label === predictions[i]).length;
  const wrong = labels.flatMap((label, index) => (label === predictions[index] ? [] : [{ label, index }]));
  return {
    row: model,
    model,
    title: model.toUpperCase(),
    description: `a made-up ${model}`,
    seed,
    trained: 55_000,
    parameters: 1234,
    flopsPerImage: Math.round(1e6 * skill),
    epochs: Array.from({ length: epochs }, (_, i) => ({
      epoch: i + 1,
      loss: 1 / (i + 1),
      accuracy: skill - 0.2 / (i + 1),
      valLoss: 1.1 / (i + 1) + 0.05 * i,
      valAccuracy: skill - 0.25 / (i + 1),
      seconds: 2,
      imagesPerSecond: 500,
    })),
    tested: { epoch: epochs, because: 'last' },
    test: {
      images,
      accuracy: hits / images,
      loss: 1 - skill,
      labels: toBase64(labels),
      predictions: toBase64(predictions),
      confusion: confusionMatrix(labels, predictions, classes.length),
      worst: wrong.slice(0, 3).map(({ label, index }) => ({
        index,
        label,
        predicted: predictions[index]!,
        probability: 0.9,
        picture: toPicture(
          Uint8Array.from({ length: 12 }, (_, i) => 20 * i),
          { height: 4, width: 3, channels: 1 },
        ),
      })),
    },
    seconds: 10 * skill * 10,
    imagesPerSecond: 500,
    options: { optimizer: 'adam', batch: 128 },
    device: DEVICE,
    sha256: { config: 'cc', weights: 'dd' },
    repeat: `weft repeat there --row ${model}-seed${seed}`,
    started: '2026-11-23T10:00:00.000Z',
    finished: '2026-11-23T10:05:00.000Z',
  };
}

export function makeComparison(runs: readonly RunResult[], changes: Partial<Comparison> = {}): Comparison {
  return {
    preset: 'quick',
    headline: [...new Set([...runs, ...(changes.pending ?? [])].map(run => run.row))],
    questions: [],
    trials: [],
    notes: [],
    command: 'weft compare',
    versions: { weft: '0.1.0', node: 'v20.20.0' },
    data: {
      name: 'toy',
      classes: CLASSES,
      available: { train: 60000, test: 300 },
      trained: 55000,
      trainable: 55000,
      validation: 5000,
      subset: false,
      sha256: { train: 'aa', test: 'bb' },
    },
    device: DEVICE,
    epochs: 4,
    runs: runs.map(run => ({ ...run, trained: changes.data?.trained ?? run.trained })),
    pending: [],
    started: '2026-11-23T10:00:00.000Z',
    updated: '2026-11-23T10:05:00.000Z',
    ...changes,
  };
}
