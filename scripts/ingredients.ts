/**
 * `npm run ingredients -- [images] [epochs] [seeds]`: what each ingredient of cnn-best adds. Starts from the network without
 * batch norm under constant Adam and adds one ingredient at a time; each row is judged on the 5,000 validation images,
 * never on the test set. Default: 6,000 training images, 10 epochs, seeds 1 to 3. Prints a Markdown table, a row when it is done.
 */
import process from 'node:process';
import { findAugmentation } from '../src/data/augmentation.ts';
import { findDataSet } from '../src/data/find.ts';
import { GpuDataset } from '../src/data/gpu-dataset.ts';
import { splitOf } from '../src/data/split.ts';
import { subset } from '../src/data/subset.ts';
import { type CnnBestOptions, cnnBest, cnnBestLayers } from '../src/models/cnn-best.ts';
import { FASHION, type TrainingDefaults } from '../src/models/index.ts';
import { Model } from '../src/nn/index.ts';
import { nodeDataPlaces, openGpu } from '../src/platform/node.ts';
import { percent } from '../src/report/format.ts';
import { Engine } from '../src/tensor/engine.ts';
import { type FitData, fit as fitModel } from '../src/train/fit.ts';

/** The network and its training up to and including an ingredient. */
interface Step {
  readonly added: string;
  readonly layers: CnnBestOptions;
  readonly training: Omit<TrainingDefaults, 'epochs'> & { readonly emaDecay?: number };
}

const { batch, optimizer, learningRate, schedule, weightDecay, labelSmoothing, augmentation } = cnnBest.defaults;

/** Each row is the one before with something put on top or in the place of what was there. */
function steps(): Step[] {
  const rows: Step[] = [
    {
      added: 'no batch norm, no dropout; Adam 1e-3, constant',
      layers: { norm: false, dropout: 0 },
      training: { batch, optimizer: 'adam', learningRate: 1e-3, schedule: 'constant' },
    },
  ];
  const add = (added: string, layers: CnnBestOptions, training: Partial<Step['training']> = {}) => {
    const last = rows[rows.length - 1]!;
    rows.push({ added, layers: { ...last.layers, ...layers }, training: { ...last.training, ...training } });
  };
  add('batch norm', { norm: true });
  add('dropout 0.3 before the last layer', { dropout: 0.3 });
  add(
    `one cycle up to ${learningRate}, AdamW with weight decay ${weightDecay}`,
    {},
    {
      optimizer,
      learningRate,
      schedule,
      ...(weightDecay !== undefined && { weightDecay }),
    },
  );
  add(`labels smoothed by ${labelSmoothing}`, {}, labelSmoothing === undefined ? {} : { labelSmoothing });
  add(`augmentation ${augmentation?.name}: this is cnn-best`, {}, augmentation ? { augmentation } : {});
  add('flip-shift-erase in its place', {}, { augmentation: findAugmentation('flip-shift-erase') });
  add('the average of the weights (EMA 0.99)', {}, { ...(augmentation && { augmentation }), emaDecay: 0.99 });
  return rows;
}

/** Validation accuracy of the last epoch and seconds of training. */
async function trainOnce(engine: Engine, data: FitData, step: Step, epochs: number, seed: number) {
  using model = new Model(engine, cnnBestLayers({ ...step.layers, classes: FASHION.classes }), {
    name: cnnBest.name,
    inputShape: cnnBest.inputShape,
    seed,
  });
  const { history, seconds } = await fitModel(model, data, { training: { ...step.training, epochs, seed } });
  return { accuracy: history[history.length - 1]!.valAccuracy!, seconds };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const [images = 6000, epochs = 10, seeds = 3] = process.argv.slice(2).map(Number);
using engine = await Engine.open(await openGpu());
const { train } = await findDataSet(nodeDataPlaces());
const split = splitOf(train);
using data = new GpuDataset(engine, train);
const fitData = { data, train: subset(split.train, train.labels, images), validation: split.validation };
const { device, description } = engine.gpu.device.info;
console.log(`${images} images, ${epochs} epochs, seeds 1 to ${seeds}, on ${device} (${description})\n`);
console.log('| Added | Validation accuracy, mean | Each seed | Seconds of a run |\n| --- | ---: | --- | ---: |');
for (const step of steps()) {
  const runs: { accuracy: number; seconds: number }[] = [];
  for (let seed = 1; seed <= seeds; seed++) runs.push(await trainOnce(engine, fitData, step, epochs, seed));
  const each = runs.map(({ accuracy }) => percent(accuracy)).join(', ');
  console.log(
    `| ${step.added} | ${percent(mean(runs.map(run => run.accuracy)))} | ${each} | ${mean(runs.map(run => run.seconds)).toFixed(0)} |`,
  );
}
