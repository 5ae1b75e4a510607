import type { Command } from 'commander';
import { sha256 } from '../data/dataset.ts';
import { GpuDataset } from '../data/gpu-dataset.ts';
import { BRIGHT, borderMean, fitInto, invert } from '../data/grey-picture.ts';
import { ValueError } from '../platform/errors.ts';
import { nodeFiles } from '../platform/node.ts';
import { percent } from '../report/format.ts';
import { Evaluator } from '../train/evaluate.ts';
import { type LoadedRun, loadRun } from './load-run.ts';
import { type AllowOptions, allowOption, example, type GlobalOptions, jsonOption } from './options.ts';
import { log, print, printJson, table } from './output.ts';
import { decodeGrey } from './picture.ts';

/** What `weft predict --json` prints. */
export interface Prediction {
  run: string;
  image: string;
  /** The most probable classes, first the most probable. */
  top: { class: string; probability: number }[];
  /** Whether black and white were exchanged. */
  inverted: boolean;
  /** What should be known about the picture. */
  hint?: string;
}

interface PredictOptions extends GlobalOptions, AllowOptions {
  invert?: boolean;
  json?: boolean;
}

const TOP = 3;

export function register(program: Command): void {
  const command = program
    .command('predict')
    .description('say what a trained model sees in a picture')
    .argument('<folder>', 'the folder of a run, as weft train makes them')
    .argument('<image>', 'a PNG of any size; it is made grey and scaled to what the model takes')
    .option('--invert', 'exchange black and white, for pictures on a white ground');
  example(
    jsonOption(allowOption(command)),
    'weft predict runs/cnn shoe.png',
    'weft predict runs/cnn photo.png --invert --json',
  );
  command.action(async (folder: string, image: string) => {
    const options = command.optsWithGlobals<PredictOptions>();
    const prediction = await predict(folder, image, options);
    if (options.json) printJson(prediction);
    else print(describe(prediction));
    if (prediction.hint) log(prediction.hint);
  });
}

async function predict(path: string, image: string, options: PredictOptions): Promise<Prediction> {
  const bytes = await nodeFiles.read(image);
  const drawn = decodeGrey(bytes, image);
  const picture = options.invert ? invert(drawn) : drawn;
  using run = await loadRun(path, options);
  const [height, width, channels] = run.model.inputShape as [number, number, number];
  if (channels !== 1) {
    throw new ValueError(`${path}: takes pictures of ${channels} channels; weft predict knows grey ones only`);
  }
  const probabilities = await classify(run, fitInto(picture, width, height));
  const { classes } = run.config.data;
  const top = Array.from(probabilities, (probability, k) => ({ class: classes[k] ?? String(k), probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, TOP);
  const hint =
    borderMean(picture) > BRIGHT
      ? `${image}: the ground looks ${options.invert ? 'bright now' : 'bright'}, the model was trained on black; ` +
        `try it ${options.invert ? 'without' : 'with'} --invert`
      : undefined;
  return { run: path, image, top, inverted: options.invert ?? false, ...(hint && { hint }) };
}

/** Probabilities of all classes for one picture of the model's size. */
async function classify({ engine, model, config }: LoadedRun, pixels: Uint8Array): Promise<Float32Array> {
  const [height, width, channels] = model.inputShape as [number, number, number];
  const { classes } = config.data;
  const shape = { count: 1, height, width, channels };
  const source = {
    images: pixels,
    labels: Uint8Array.of(0),
    ...shape,
    classes,
    name: 'picture',
    sha256: await sha256(pixels),
  };
  using data = new GpuDataset(engine, source);
  using evaluator = await Evaluator.compile(model, data);
  return (await evaluator.run(Uint32Array.of(0))).probabilities;
}

function describe({ top }: Prediction): string {
  const rows = top.map(({ class: name, probability }) => [name, percent(probability, 1)]);
  return table([{ title: 'class' }, { title: 'probability', align: 'right' }], rows);
}
