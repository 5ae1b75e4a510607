import { type Command, InvalidArgumentError, Option } from 'commander';
import { findDataSet } from '../data/find.ts';
import { findModel, type Recipe } from '../models/index.ts';
import { FileError, InterruptedError, UsageError, ValueError } from '../platform/errors.ts';
import { nodeDataPlaces, nodeFiles } from '../platform/node.ts';
import type { Comparison } from '../report/types.ts';
import { Session, type Wishes } from './compare-session.ts';
import { findUnfinished, readState } from './compare-state.ts';
import { listenForInterrupt } from './interrupt.ts';
import { openEngine } from './open-engine.ts';
import { example, type GlobalOptions, jsonOption, tuneOption } from './options.ts';
import { log } from './output.ts';
import { wholeFrom } from './parse.ts';
import { ProgressBar } from './progress.ts';
import { tuneIfUnknown } from './tuning.ts';

interface CompareOptions extends GlobalOptions, Wishes {
  models?: string[];
  out?: string;
  data?: string;
  resume?: boolean;
  json?: boolean;
}

/** Where comparisons go when nothing else is said, each in a folder named by its date. */
const PARENT = 'compare';
/** What a comparison that goes on has already decided. */
const DECIDED = ['models', 'preset', 'seeds', 'epochs', 'limit'] as const;

export function register(program: Command): void {
  const command = program
    .command('compare')
    .description('train several models on the same images and write a report that compares them')
    .option('--models <names>', 'models, with commas between (default: mlp,cnn)', names)
    .addOption(
      new Option('--preset <name>', 'quick: a quarter of an hour at most; seed: all images, 10 epochs').choices([
        'quick',
        'seed',
      ]),
    )
    .option('--seeds <numbers>', 'train each model with each of these seeds (default: 1)', seeds)
    .addOption(new Option('--seed <number>', 'the same for one seed').argParser(seeds).hideHelp())
    .option('--epochs <n>', 'epochs of every model', wholeFrom(1))
    .option('--limit <n>', 'train on so many images, the same for all models', wholeFrom(1))
    .option('--data <path>', 'a folder of idx files or an .npz file (default: Fashion-MNIST, also WEFT_DATA)')
    .option('--out <folder>', `where the report goes (default: a new folder in ${PARENT}/)`)
    .option('--resume', 'go on with a comparison that was interrupted: that in --out, or the last one');
  command.addHelpText('after', '\nThe default preset is seed on a GPU, quick on a software adapter.');
  example(
    jsonOption(tuneOption(command)),
    'weft compare',
    'weft compare --seeds 1,2,3 --preset seed',
    'weft compare --resume',
  );
  command.action(async () => {
    const options = command.optsWithGlobals<CompareOptions & { seed?: number[] }>();
    await compare({ ...options, ...(options.seed && { seeds: options.seed }) });
  });
}

async function compare(options: CompareOptions): Promise<void> {
  const folder = await chooseFolder(options);
  const state = options.resume ? await readState(nodeFiles, folder) : undefined;
  const recipes = recipesOf(state ? modelsOf(state.comparison) : (options.models ?? ['mlp', 'cnn']));
  const dataSet = await findDataSet(nodeDataPlaces(options.data), log);
  using stop = listenForInterrupt();
  const bar = new ProgressBar();
  const steps = recipes.map(recipe => ({ recipe, batch: recipe.defaults.batch }));
  if (!state) await tuneIfUnknown(options, steps, bar, stop.signal);
  using engine = await openEngine(options, state ? { table: state.variants } : {});
  try {
    const session = new Session(engine, dataSet, folder, recipes, bar, stop.signal);
    await (state ? session.resume(state) : session.begin(options));
    session.report(options.json ?? false);
  } catch (error) {
    if (!(error instanceof InterruptedError) || !(await readState(nodeFiles, folder))) throw error;
    const how = `all that is finished is kept; go on with: weft compare --resume --out ${folder}`;
    throw new InterruptedError(`${error.message.replace(/;.*/, '')}; ${how}`, { cause: error });
  } finally {
    bar.clear();
  }
}

async function chooseFolder(options: CompareOptions): Promise<string> {
  const { out, resume } = options;
  if (resume) {
    const given = DECIDED.find(name => options[name] !== undefined);
    if (given) throw new UsageError(`--${given}: a comparison that is resumed keeps what it began with; leave it out`);
    if (out === undefined) return await findUnfinished(nodeFiles, PARENT);
    if (await readState(nodeFiles, out)) return out;
    throw new FileError(`${out}: holds no comparison to resume; check the path, or leave out --resume`);
  }
  // '2026-11-23T14:36:49.123Z' -> '2026-11-23-143649'
  const date = new Date().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
  const folder = out ?? `${PARENT}/${date}`;
  if (await nodeFiles.exists(`${folder}/comparison.json`)) {
    throw new FileError(`${folder}: holds a comparison already; go on with --resume, or choose another --out`);
  }
  return folder;
}

const modelsOf = ({ runs, pending }: Comparison) => [...new Set([...runs, ...pending].map(run => run.model))];

function recipesOf(wanted: readonly string[]): Recipe[] {
  return wanted.map(name => {
    try {
      return findModel(name);
    } catch (error) {
      throw error instanceof ValueError ? new UsageError(`--models: ${error.message}`) : error;
    }
  });
}

function names(text: string): string[] {
  const list = text.split(',').map(name => name.trim());
  if (new Set(list).size !== list.length) throw new InvalidArgumentError('it names a model twice.');
  return list;
}

function seeds(text: string): number[] {
  const parts = text.split(',').map(part => part.trim());
  const list = parts.map(Number);
  // Number('') is 0, a seed that nobody asked for.
  const whole = parts.every((part, i) => /^\d+$/.test(part) && Number.isSafeInteger(list[i]));
  if (!whole || new Set(list).size !== list.length) {
    throw new InvalidArgumentError('it must be different whole numbers from 0, with commas between.');
  }
  return list;
}
