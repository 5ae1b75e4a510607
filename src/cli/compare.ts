import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ImageData8 } from '../data/dataset.ts';
import { findDataSet } from '../data/find.ts';
import type { Recipe } from '../models/index.ts';
import { FileError, InterruptedError, ResumeError, UsageError } from '../platform/errors.ts';
import { nodeDataPlaces, nodeFiles } from '../platform/node.ts';
import { listing } from '../report/format.ts';
import { PRESET_NAMES, PRESETS, type Preset, USUAL, type Wishes } from './compare/presets.ts';
import { QUESTIONS, type QuestionId } from './compare/questions.ts';
import { COMPARED } from './compare/recipes.ts';
import { shortTitle } from './compare/rows.ts';
import { Session } from './compare/session.ts';
import { type ComparisonState, findUnfinished, readState, STATE_FILE } from './compare/state.ts';
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
import { log } from './output.ts';
import { isRecipeFile, loadRecipes, OWN_RECIPES, type RecipeFile } from './own-recipes.ts';
import { listOf, recipeOf, wholeFrom } from './parse.ts';
import { ProgressBar } from './progress.ts';
import { tuneIfUnknown } from './tuning.ts';

interface CompareOptions extends GlobalOptions, AllowOptions, Wishes {
  preset?: Preset;
  models?: string[];
  out?: string;
  data?: string;
  resume?: boolean;
  json?: boolean;
}

/** Where comparisons go when nothing else is said, each in a folder named by its date. */
const PARENT = 'compare';
/** What a comparison that goes on has already decided. */
const DECIDED = ['models', 'preset', 'questions', 'seeds', 'epochs', 'limit', 'allow'] as const;

export function register(program: Command): void {
  const command = program
    .command('compare')
    .description('train several models on the same images and write a report that compares them')
    .option('--models <names>', 'models and files of your own, with commas between (default: by preset)', names)
    .addOption(new Option('--preset <name>', 'how they are compared').choices(PRESET_NAMES))
    .option(
      '--questions <names>',
      `train what answers them too: ${QUESTIONS.join(', ')}`,
      (text: string): QuestionId[] => [...new Set(listOf(QUESTIONS)(text))],
    )
    .option('--seeds <numbers>', 'train everything with each of these seeds (default: by preset)', seeds)
    .addOption(new Option('--seed <number>', 'the same for one seed').argParser(seeds).hideHelp())
    .option('--epochs <n>', 'epochs of every model', wholeFrom(1))
    .option('--limit <n>', 'train on so many images, the same for all models', wholeFrom(1))
    .option('--out <folder>', `where the report goes (default: a new folder in ${PARENT}/)`)
    .option('--resume', 'go on with a comparison that was interrupted: that in --out, or the last one');
  const width = Math.max(...PRESET_NAMES.map(name => name.length));
  const presets = PRESET_NAMES.map(name => `  ${name.padEnd(width)}  ${PRESETS[name]}`).join('\n');
  command.addHelpText('after', `\nPresets (default: seed on a GPU, quick on a software adapter):\n${presets}`);
  command.addHelpText('after', OWN_RECIPES);
  example(
    jsonOption(dataOption(allowOption(tuneOption(command)))),
    'weft compare',
    'weft compare --preset fair --seeds 1,2,3',
    'weft compare --models cnn,./mine.ts --questions size',
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
  const chosen = state ? await recipesAsBefore(state, folder) : await recipesFor(options.models);
  const dataSet = await findDataSet(nodeDataPlaces(options.data), log);
  using stop = listenForInterrupt();
  const bar = new ProgressBar();
  const allow = state?.allow ?? options.allow ?? [];
  if (!state) {
    const { families } = fitting(chosen, options.preset ?? 'quick', dataSet.train);
    const steps = families.map(recipe => ({ recipe, batch: recipe.defaults.batch }));
    await tuneIfUnknown({ ...options, allow }, steps, bar, stop.signal);
  }
  using engine = await openEngine(options, { allow, ...(state && { table: state.variants }) });
  const preset = options.preset ?? (engine.caps.software ? 'quick' : 'seed');
  const { families, notes } = fitting(chosen, preset, dataSet.train);
  const known = [...COMPARED.values(), ...chosen.own].filter(recipe => fits(recipe, dataSet.train));
  const recipes = new Map(known.map(recipe => [recipe.name, recipe]));
  try {
    const { files } = chosen;
    const setting = { dataSet, folder, recipes, families, files, notes, bar, signal: stop.signal };
    const session = new Session(engine, setting);
    await (state ? session.resume(state) : session.begin(preset, options));
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
  if (await nodeFiles.exists(`${folder}/${STATE_FILE}`)) {
    throw new FileError(`${folder}: holds a comparison already; go on with --resume, or choose another --out`);
  }
  return folder;
}

/** Recipes that were asked for, with those of a user's own and the files they come from. */
interface Chosen {
  /** Those that were named, of which none may be left out; undefined where the preset decides. */
  readonly named: readonly Recipe[] | undefined;
  readonly own: readonly Recipe[];
  readonly files: readonly RecipeFile[];
}

async function recipesFor(wanted: readonly string[] | undefined): Promise<Chosen> {
  if (!wanted) return { named: undefined, own: [], files: [] };
  const families: Recipe[] = [];
  const own: Recipe[] = [];
  const files: RecipeFile[] = [];
  for (const name of wanted) {
    if (!isRecipeFile(name)) {
      families.push(COMPARED.get(name) ?? recipeOf(name, '--models'));
      continue;
    }
    const { recipes, file } = await loadRecipes(name);
    families.push(...recipes);
    own.push(...recipes);
    files.push(file);
  }
  refuseTwice(families);
  return { named: families, own, files };
}

function refuseTwice(recipes: readonly Recipe[]): void {
  const twice = recipes.find(({ name }, i) => recipes.findIndex(other => other.name === name) < i);
  if (twice) throw new UsageError(`--models: '${twice.name}' is there twice; leave one of them out`);
}

/** @throws ResumeError when a file of recipes is not what it was. */
async function recipesAsBefore({ plan, files }: ComparisonState, folder: string): Promise<Chosen> {
  const own: Recipe[] = [];
  for (const { path, sha256 } of files) {
    const { recipes, file } = await loadRecipes(path);
    if (file.sha256 !== sha256) {
      throw new ResumeError(`${folder}: cannot resume: ${path} was changed; put back what it was, or start anew`);
    }
    own.push(...recipes);
  }
  const known = new Map([...COMPARED, ...own.map(recipe => [recipe.name, recipe] as const)]);
  const used = [...new Set(plan.rows.map(({ recipe }) => recipe))];
  return { named: used.map(name => known.get(name) ?? recipeOf(name)), own, files };
}

/** A network takes pictures of as many channels as it was made for; whether their size will do, its layers say. */
const fits = ({ inputShape }: Recipe, { channels }: ImageData8) => inputShape[2] === channels;

/** What stands side by side and can learn from these pictures. @throws UsageError where one that was named cannot. */
function fitting({ named }: Chosen, preset: Preset, images: ImageData8): { families: Recipe[]; notes: string[] } {
  const wanted = named ?? USUAL[preset].map(name => COMPARED.get(name)!);
  const out = wanted.filter(recipe => !fits(recipe, images));
  const made = out.map(recipe => `${shortTitle(recipe)} (made for ${recipe.inputShape.join(' x ')})`);
  const pictures = `${images.height} x ${images.width} x ${images.channels}`;
  if (named && out.length > 0) {
    throw new UsageError(`--models: ${listing(made)} cannot learn from pictures of ${pictures}; leave it out`);
  }
  const notes = out.length > 0 ? [`Left out, since the pictures are ${pictures}: ${listing(made)}.`] : [];
  return { families: wanted.filter(recipe => fits(recipe, images)), notes };
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
