import type { Command } from 'commander';
import type { ImageData8 } from '../data/dataset.ts';
import { findDataSet } from '../data/find.ts';
import { models } from '../models/index.ts';
import { InterruptedError, ValueError } from '../platform/errors.ts';
import { nodeDataPlaces, nodeFiles } from '../platform/node.ts';
import { count, duration, epochs } from '../report/format.ts';
import { runStudy, STUDIES, type StudyOutcome, type StudyReport, type Subject } from '../report/study/index.ts';
import { STUDY_FILES, writeStudy } from '../report/study/page.ts';
import { listenForInterrupt } from './interrupt.ts';
import { openEngine } from './open-engine.ts';
import {
  type AllowOptions,
  allowOption,
  dataOption,
  example,
  type GlobalOptions,
  jsonOption,
  tuneOption,
} from './options.ts';
import { log, print, printJson } from './output.ts';
import { listOf, wholeFrom } from './parse.ts';
import { ProgressBar } from './progress.ts';
import { commandLine, versions } from './provenance.ts';
import { type OpenRun, OpenRuns, samplesOf } from './study/subject.ts';

interface StudyOptions extends GlobalOptions, AllowOptions {
  what?: string[];
  beside?: string[];
  images: number;
  out?: string;
  data?: string;
  json?: boolean;
}

const IMAGES = 500;

export function register(program: Command): void {
  const names = Object.keys(STUDIES);
  const command = program
    .command('study')
    .description('look inside a trained network: what its layers learned, and how they differ from the untrained ones')
    .argument('<folder>', 'the folder of a run, as weft train makes them')
    .option('--what <names>', 'only these studies, with commas between (default: all)', listOf(names))
    .option('--beside <folders>', 'other runs to compare it with, with commas between', folders)
    .option('--images <n>', 'images to look at, of those that it was not trained on', wholeFrom(1), IMAGES)
    .option('--out <folder>', 'where the page goes (default: study/ in the folder of the run)');
  const width = Math.max(...names.map(name => name.length));
  const lines = Object.values(STUDIES).map(({ name, describe }) => `  ${name.padEnd(width)}  ${describe}`);
  command.addHelpText('after', `\nStudies:\n${lines.join('\n')}`);
  example(
    jsonOption(dataOption(allowOption(tuneOption(command)))),
    'weft study runs/cnn',
    `weft study runs/cnn --what ${names.slice(0, 2).join(',')} --out inside`,
    'weft study runs/cnn-seed1 --beside runs/cnn-seed2,runs/mlp-seed1 --json > study.json',
  );
  command.action(async (folder: string) => {
    const options = command.optsWithGlobals<StudyOptions>();
    const report = await study(folder, options);
    if (options.json) printJson(report);
  });
}

const folders = (text: string) => text.split(',').map(part => part.trim());

async function study(path: string, options: StudyOptions): Promise<StudyReport> {
  const data = await findDataSet(nodeDataPlaces(options.data), log);
  using stop = listenForInterrupt();
  using engine = await openEngine(options, { allow: options.allow ?? [] });
  using opened = await OpenRuns.open(engine, [path, ...(options.beside ?? [])]);
  const [run, ...others] = opened.runs as [OpenRun, ...OpenRun[]];
  const { config, model, metrics } = run;
  for (const one of opened.runs) checkPictures(one, data.train);
  if (data.train.sha256 !== config.data.sha256) {
    log(`note: ${path} was trained on ${config.data.name}, other data than this`);
  }
  const bar = new ProgressBar();
  const samples = await samplesOf(config, data, options.images);
  const progress = (text: string) => bar.moment(text);
  const subject: Subject = { engine, run, others, ...samples, signal: stop.signal, progress };
  const out = options.out ?? `${path.replace(/[/\\]+$/, '')}/study`;
  const { device, description, software } = engine.gpu.device.info;
  const about = {
    format: 'weft study 1',
    command: commandLine(),
    run: path,
    others: others.map(other => other.path),
    title: titleOf(config.model.name),
    parameters: model.parameters.count,
    seed: config.training.seed,
    weights: `weights of ${epochs(metrics.length)}`,
    data: config.data.name,
    images: `${count(samples.unseen.images.count)} ${samples.unseen.what}`,
    device: { adapter: device, driver: description, software },
    versions: versions(),
  } as const;
  const outcomes: StudyOutcome[] = [];
  let report: StudyReport = { ...about, updated: new Date().toISOString(), studies: [] };
  try {
    for (const name of options.what ?? Object.keys(STUDIES)) {
      if (stop.signal.aborted) throw new InterruptedError(`study: interrupted; what is finished is in ${out}`);
      const outcome = await runStudy(name, subject);
      outcomes.push(outcome);
      report = { ...about, updated: new Date().toISOString(), studies: outcomes };
      await writeStudy(nodeFiles, out, report);
      if (!options.json) bar.line(sayOutcome(outcome));
    }
  } finally {
    bar.clear();
  }
  if (!options.json) print(`${out}/${STUDY_FILES.html}`);
  return report;
}

const sayOutcome = (outcome: StudyOutcome) =>
  `${outcome.name}: ${'unfit' in outcome ? `not done: ${outcome.unfit}` : duration(outcome.seconds)}`;

const titleOf = (name: string) => models[name]?.title ?? name;

/** @throws ValueError when the data set's pictures are not of the shape that the network takes. */
function checkPictures({ path, model }: OpenRun, { height, width, channels, name }: ImageData8): void {
  const shape = [height, width, channels];
  if (model.inputShape.join() === shape.join()) return;
  throw new ValueError(
    `${path}: takes pictures of ${model.inputShape.join(' x ')}, those of ${name} are ${shape.join(' x ')}; name its own ` +
      'data with --data',
  );
}
