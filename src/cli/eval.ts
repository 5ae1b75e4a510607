import { type Command, Option } from 'commander';
import { findDataSet } from '../data/find.ts';
import { GpuDataset } from '../data/gpu-dataset.ts';
import { ValueError } from '../platform/errors.ts';
import { nodeDataPlaces } from '../platform/node.ts';
import { count, percent } from '../report/format.ts';
import { wilson } from '../report/statistics.ts';
import { Evaluator, TEST_TIME_AUGMENTATIONS, type TestTimeAugmentation } from '../train/evaluate.ts';
import { examplesFor } from '../train/features.ts';
import {
  type ClassMetrics,
  type ConfusedPair,
  classMetrics,
  confusedPairs,
  confusionMatrix,
} from '../train/metrics.ts';
import { featureHooks } from './features.ts';
import { listenForInterrupt } from './interrupt.ts';
import { loadRun } from './load-run.ts';
import {
  type AllowOptions,
  allowOption,
  dataOption,
  example,
  type GlobalOptions,
  jsonOption,
  tuneOption,
} from './options.ts';
import { log, print, printJson, table } from './output.ts';
import { ProgressBar } from './progress.ts';

/** What `weft eval --json` prints. */
export interface TestReport {
  run: string;
  model: string;
  data: { name: string; sha256: string };
  images: number;
  /** What was done to the test pictures: 'flip' for the mean of the logits of each and of its mirror image. */
  tta: TestTimeAugmentation;
  /** Mean cross-entropy in nats. */
  loss: number;
  /** 0 to 1. */
  accuracy: number;
  /** Wilson's 95 % interval of the accuracy. */
  interval: [low: number, high: number];
  classes: ClassMetrics[];
  /** confusion[actual][predicted]. */
  confusion: number[][];
  confused: ConfusedPair[];
  adapter: { device: string; description: string };
  seconds: number;
}

interface EvalOptions extends GlobalOptions, AllowOptions {
  tta: TestTimeAugmentation;
  data?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('eval')
    .description('judge a trained model by the test set')
    .argument('<folder>', 'the folder of a run, as weft train makes them')
    .addOption(
      new Option('--tta <what>', 'test-time augmentation: flip takes the mean of a picture and its mirror image')
        .choices(TEST_TIME_AUGMENTATIONS)
        .default('none'),
    );
  example(
    jsonOption(dataOption(allowOption(tuneOption(command)))),
    'weft eval runs/cnn',
    'weft eval runs/cnn --json > test.json',
    'weft eval runs/cnn-best-seed1 --tta flip',
  );
  command.action(async (folder: string) => {
    const options = command.optsWithGlobals<EvalOptions>();
    const report = await evaluate(folder, options);
    if (options.json) printJson(report);
    else print(describe(report));
  });
}

async function evaluate(path: string, options: EvalOptions): Promise<TestReport> {
  using run = await loadRun(path, options);
  const { config, model, engine } = run;
  const { train, test } = await findDataSet(nodeDataPlaces(options.data), log);
  using stop = listenForInterrupt();
  if (test.classes.length > model.outputShape[0]!) {
    throw new ValueError(
      `${path}: tells ${model.outputShape[0]} classes apart, ${test.name} has ${test.classes.length}`,
    );
  }
  if (train.sha256 !== config.data.sha256)
    log(`note: ${path} was trained on ${config.data.name}, other data than this`);
  using data = new GpuDataset(engine, test);
  const all = Uint32Array.from({ length: test.count }, (_, i) => i);
  const bar = new ProgressBar();
  const { augmentation: _, ...training } = config.training;
  // Mirror images would have to pass the frozen part too.
  const plain = options.tta === 'none';
  const examples = plain ? await examplesFor(model, data, all, training, featureHooks(bar, stop.signal)) : data;
  bar.clear();
  using evaluator = await Evaluator.compile(model, examples, { tta: options.tta });
  const start = performance.now();
  const { loss, accuracy, labels, predictions } = await evaluator.run(all, stop.signal);
  const confusion = confusionMatrix(labels, predictions, model.outputShape[0]!);
  const { device, description } = engine.gpu.device.info;
  const { low, high } = wilson(Math.round(accuracy * test.count), test.count);
  return {
    run: path,
    model: config.model.name,
    data: { name: test.name, sha256: test.sha256 },
    images: test.count,
    tta: options.tta,
    loss,
    accuracy,
    interval: [low, high],
    classes: classMetrics(confusion, test.classes),
    confusion,
    confused: confusedPairs(confusion, test.classes),
    adapter: { device, description },
    seconds: (performance.now() - start) / 1000,
  };
}

function describe(report: TestReport): string {
  const { model, run, data, images, tta, accuracy, loss, interval, classes, confusion, confused } = report;
  const right = (title: string) => ({ title, align: 'right' as const });
  const [low, high] = interval.map(share => percent(share));
  return [
    `${model} (${run}) on ${data.name}, ${count(images)} images${tta === 'flip' ? ', each with its mirror image' : ''}`,
    `accuracy ${percent(accuracy)} (95 %: ${low} to ${high}), loss ${loss.toFixed(4)}`,
    '',
    table(
      [{ title: 'class' }, right('precision'), right('recall'), right('F1'), right('images')],
      classes.map(c => [c.name, percent(c.precision, 1), percent(c.recall, 1), percent(c.f1, 1), count(c.support)]),
    ),
    '',
    'confusion matrix: a row for each class, a column for what it was taken for',
    table(
      [{ title: '' }, ...classes.map((_, k) => right(String(k)))],
      confusion.map((row, k) => [`${k} ${classes[k]!.name}`, ...row.map(n => (n === 0 ? '.' : String(n)))]),
    ),
    '',
    ...confused.map(pair => `${count(pair.count)} times ${pair.actual} taken for ${pair.predicted}`),
  ].join('\n');
}
