import type { Command } from 'commander';
import { findDataSet } from '../data/find.ts';
import { fitInto, invert } from '../data/grey-picture.ts';
import { PIXEL_SEED, permutePixels } from '../data/permute.ts';
import { UsageError, ValueError } from '../platform/errors.ts';
import { nodeDataPlaces, nodeFiles } from '../platform/node.ts';
import { paint, photograph } from '../report/colour-maps.ts';
import { type ExplainReport, explainHtml, scaleOf } from '../report/explain-html.ts';
import { figure, halfway, verdict } from '../report/explain-texts.ts';
import { percent } from '../report/format.ts';
import { toPng } from '../report/pictures.ts';
import { contactSheet } from '../report/sheet.ts';
import type { Picture } from '../report/types.ts';
import {
  explainImage,
  findMethod,
  type HostArray,
  imageAt,
  mapLayers,
  methods,
  probabilitiesOf,
  trace,
  whyNot,
} from '../study/index.ts';
import { type LoadedModel, loadModel } from './load-model.ts';
import { type AllowOptions, allowOption, dataOption, example, type GlobalOptions, jsonOption } from './options.ts';
import { log, print, printJson, table } from './output.ts';
import { fromTyped, listOf, wholeFrom } from './parse.ts';
import { decodeGrey } from './picture.ts';
import { ProgressBar } from './progress.ts';
import { commandLine } from './provenance.ts';

interface ExplainOptions extends GlobalOptions, AllowOptions {
  image: string;
  out: string;
  class?: string;
  model?: string;
  layer?: string;
  methods?: string[];
  seed: number;
  data?: string;
  invert?: boolean;
  json?: boolean;
}

/** A picture to explain, with what is known about it. */
interface Chosen {
  readonly image: HostArray;
  readonly name: string;
  readonly label?: string;
}

const TOP = 3;
/** Pixels of a side of the PNG files, at least. */
const PNG_SIDE = 280;

export function register(program: Command): void {
  const command = program
    .command('explain')
    .description('show what in a picture makes a trained model answer as it does, each map with its controls')
    .argument('<what>', 'the folder of a run, as weft train makes them, or a .safetensors file of weights')
    .requiredOption('--image <what>', 'the number of a test image, or a PNG of any size')
    .requiredOption('--out <dir>', 'the folder that the page and the pictures are written to')
    .option('--model <name>', 'of a file of weights: the network that they are of')
    .option('--class <what>', 'explain the score of this class, by name or number (default: the one it answers)')
    .option('--layer <name>', 'the layer whose maps Grad-CAM adds up (default: the last one that has any)')
    .option(
      '--methods <name,...>',
      `of ${methods.map(({ name }) => name).join(', ')} (default: all that the model allows)`,
      listOf(methods.map(({ name }) => name)),
    )
    .option('--seed <n>', 'of the random weights, noise and orders', wholeFrom(0), 1)
    .option('--invert', 'exchange black and white, for pictures on a white ground');
  example(
    jsonOption(dataOption(allowOption(command))),
    'weft explain runs/cnn --image 12 --out why',
    'weft explain runs/cnn --image 12 --class Shirt --methods saliency,grad-cam --out why-shirt',
    'weft explain mine.safetensors --model mlp --image 12 --out why',
    'weft explain runs/resnet20 --image shoe.png --layer stage2_block3 --out why --json > why.json',
  );
  command.action(async (path: string) => {
    const options = command.optsWithGlobals<ExplainOptions>();
    using loaded = await loadModel(path, options);
    const report = await explain(path, loaded, options);
    const files = await write(report, options.out);
    if (options.json) printJson(toJson(report, files));
    else print(describe(report, files));
  });
}

async function explain(path: string, loaded: LoadedModel, options: ExplainOptions): Promise<ExplainReport> {
  const { model, engine, classes } = loaded;
  const maps = mapLayers(model);
  if (options.layer !== undefined && !maps.includes(options.layer)) {
    const there = maps.length === 0 ? 'no layer does' : `those that do are ${maps.join(', ')}`;
    throw new UsageError(`--layer ${options.layer}: it gives no maps; ${there}`);
  }
  const chosen = await choose(loaded, options);
  const wanted = options.methods?.map(findMethod) ?? methods;
  const able = wanted.filter(method => whyNot(method, model) === undefined);
  const leftOut = wanted.flatMap(method => {
    const why = whyNot(method, model);
    return why === undefined ? [] : [{ title: method.title, why }];
  });
  if (able.length === 0) throw new UsageError(`${path}: ${leftOut.map(({ why }) => why).join('; ')}`);
  const { values } = probabilitiesOf((await trace(model, chosen.image)).output);
  const ranked = Array.from(values, (probability, k) => ({
    index: k,
    class: classes[k] ?? String(k),
    probability,
  })).sort((a, b) => b.probability - a.probability);
  const index = options.class === undefined ? ranked[0]!.index : classOf(options.class, classes);
  const bar = new ProgressBar();
  const { layer, seed } = options;
  const result = await explainImage(model, chosen.image, {
    ...{ methods: able, target: index, seed, ...(layer !== undefined && { layer }) },
    progress: what => bar.moment(what),
  });
  bar.clear();
  return {
    ...result,
    ...{ run: path, title: model.name, created: new Date().toISOString(), leftOut },
    command: commandLine(),
    adapter: engine.gpu.device.info.description || engine.gpu.device.info.device,
    ...{ image: chosen.image, imageName: chosen.name, ...(chosen.label !== undefined && { label: chosen.label }) },
    top: ranked.slice(0, TOP),
    target: ranked.find(entry => entry.index === index)!,
  };
}

async function choose({ model, permuted }: LoadedModel, options: ExplainOptions): Promise<Chosen> {
  const [height, width, channels] = model.inputShape as [number, number, number];
  if (/^\d+$/.test(options.image)) {
    const { test } = await findDataSet(nodeDataPlaces(options.data), log);
    const seen = permuted ? permutePixels(test, PIXEL_SEED) : test;
    const index = Number(options.image);
    const image = fromTyped(() => imageAt(seen, index));
    return { image, name: `test image ${index}`, label: test.classes[test.labels[index]!]! };
  }
  if (channels !== 1) {
    throw new ValueError(`${model.name}: takes pictures of ${channels} channels; weft reads grey ones only`);
  }
  const drawn = decodeGrey(await nodeFiles.read(options.image), options.image);
  const bytes = fitInto(options.invert ? invert(drawn) : drawn, width, height);
  return {
    image: { shape: model.inputShape, values: Float32Array.from(bytes, byte => byte / 255) },
    name: options.image,
  };
}

/** A class by its name or number. @throws UsageError naming the classes. */
function classOf(text: string, classes: readonly string[]): number {
  const byName = classes.findIndex(name => name.toLowerCase() === text.toLowerCase());
  const index = byName >= 0 ? byName : /^\d+$/.test(text) ? Number(text) : classes.length;
  if (index < classes.length) return index;
  throw new UsageError(
    `--class ${text}: there is no such class; there are ${classes.join(', ')}, or 0 to ${classes.length - 1}`,
  );
}

/** A PNG in which each pixel is a square, of a size that makes the picture easy to look at. */
function enlarged(picture: Picture): Uint8Array {
  const scale = Math.max(1, Math.ceil(PNG_SIDE / Math.min(picture.height, picture.width)));
  return toPng(contactSheet([picture], { columns: 1, scale, gap: 0 }));
}

/** Writes the page and its pictures, the page last; returns their names. */
async function write(report: ExplainReport, folder: string): Promise<string[]> {
  const written: string[] = [];
  const put = async (name: string, content: string | Uint8Array) => {
    await nodeFiles.write(`${folder}/${name}`, content);
    written.push(name);
  };
  await put('image.png', enlarged(photograph(report.image)));
  for (const { method, map, native, cascade } of report.explained) {
    const scale = scaleOf(method);
    await put(`${method.name}.png`, enlarged(paint(map, scale)));
    if (native) await put(`${method.name}-grid.png`, enlarged(paint(native, scale)));
    await put(`${method.name}-control.png`, enlarged(paint(cascade[cascade.length - 1]!.map, scale)));
  }
  await put('index.html', explainHtml(report));
  return written;
}

function describe(
  { explained, controls, target, imageName, leftOut }: ExplainReport,
  files: readonly string[],
): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const rows = explained.map(({ method, cascade, curves }) => [
    method.title,
    figure(halfway(cascade).trained.rank),
    figure(cascade[cascade.length - 1]!.trained.rank),
    percent(curves.deletion.area, 0),
    percent(curves.insertion.area, 0),
    verdict(cascade),
  ]);
  const others = [
    ['random order', controls.random],
    ['brightest first', controls.magnitude],
  ] as const;
  const controlRows = others.map(([name, { deletion, insertion }]) => [
    ...[name, '', '', percent(deletion.area, 0), percent(insertion.area, 0), 'control'],
  ]);
  return [
    `${imageName}: ${target.class}, ${percent(target.probability, 1)}`,
    '',
    table(
      [
        { title: 'map' },
        right('upper half random'),
        right('all random'),
        right('deletion'),
        right('insertion'),
        { title: '' },
      ],
      [...rows, ...controlRows],
    ),
    '',
    ...leftOut.map(({ title, why }) => `left out: ${title}: ${why}`),
    `${files[files.length - 1]} says what it means; with ${files.length - 1} pictures`,
  ].join('\n');
}

const plain = ({ shape, values }: HostArray) => ({ shape, values: Array.from(values) });

/** What `weft explain --json` prints. */
function toJson(report: ExplainReport, files: readonly string[]): unknown {
  const { explained, controls, image, ...rest } = report;
  const curve = ({ area, probabilities }: (typeof controls.random)['deletion']) => ({
    ...{ area, probabilities: Array.from(probabilities) },
  });
  const both = ({ deletion, insertion }: typeof controls.random) => ({
    ...{ deletion: curve(deletion), insertion: curve(insertion) },
  });
  return {
    ...rest,
    image: plain(image),
    methods: explained.map(({ method, map, native, layer, completeness, cascade, curves }) => ({
      ...{ name: method.name, ...(layer !== undefined && { layer }), ...(completeness && { completeness }) },
      ...{ map: plain(map), ...(native && { native: plain(native) }) },
      randomisation: cascade.map(({ layers, trained, edges }) => ({ layers, trained, edges })),
      ...both(curves),
    })),
    controls: { foreground: controls.foreground, random: both(controls.random), brightest: both(controls.magnitude) },
    files,
  };
}
