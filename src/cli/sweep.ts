import { type Command, Option } from 'commander';
import { findDataSet } from '../data/find.ts';
import { models, type Recipe } from '../models/index.ts';
import { FileError, InterruptedError, ResumeError, UsageError } from '../platform/errors.ts';
import { nodeDataPlaces, nodeFiles } from '../platform/node.ts';
import { type SearchSpace, spaceAround } from '../train/search.ts';
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
import { isRecipeFile, loadRecipes, type RecipeFile } from './own-recipes.ts';
import { recipeOf, wholeFrom } from './parse.ts';
import { ProgressBar } from './progress.ts';
import { METHODS, type Method, rungsOf } from './sweep/plan.ts';
import { LIMIT, readSweep, SweepSession } from './sweep/session.ts';
import { parseSearch } from './sweep/space.ts';
import { tuneIfUnknown } from './tuning.ts';

interface SweepOptions extends GlobalOptions, AllowOptions {
  method?: Method;
  search?: SearchSpace;
  trials?: number;
  epochs?: number;
  limit?: number;
  seed?: number;
  out?: string;
  data?: string;
  resume?: boolean;
  json?: boolean;
}

const TRIALS = 9;
/** What a search that goes on has already decided. */
const DECIDED = ['method', 'search', 'trials', 'epochs', 'limit', 'seed', 'allow'] as const;

export function register(program: Command): void {
  const command = program
    .command('sweep')
    .description("search a recipe's settings by validation images alone, within a fixed number of trainings")
    .argument('[model]', `one of ${Object.keys(models).join(', ')}, or a file with a recipe of your own`)
    .addOption(
      new Option('--method <name>', 'random: every trial in full; halving: many short ones, the best go on').choices(
        METHODS,
      ),
    )
    .option(
      '--search <setting=values>',
      'a range (learningRate=1e-4..1e-2, by powers where it is wide) or choices (schedule=cosine,onecycle); may be ' +
        'repeated (default: learning rate and weight decay around the recipe)',
      parseSearch,
    )
    .option('--trials <n>', `settings that are tried (default: ${TRIALS})`, wholeFrom(1))
    .option('--epochs <n>', "of each trial, with halving of the last ones (default: the recipe's)", wholeFrom(1))
    .option('--limit <n>', `train on so many images (default: ${LIMIT})`, wholeFrom(1))
    .option('--seed <n>', 'of the draws and of every training (default: 1)', wholeFrom(0))
    .option('--out <folder>', 'where the search is kept (default: sweep/MODEL)')
    .option('--resume', 'go on with the search in --out');
  example(
    jsonOption(dataOption(allowOption(tuneOption(command)))),
    'weft sweep cnn --trials 8 --epochs 5',
    'weft sweep cnn-best --method halving --search learningRate=1e-3..1e-1 --search augmentation=none,flip,standard',
    'weft sweep cnn --resume',
  );
  command.action(async (model: string | undefined) => {
    await sweep(model, command.optsWithGlobals<SweepOptions>());
  });
}

async function sweep(model: string | undefined, options: SweepOptions): Promise<void> {
  const given = options.resume ? DECIDED.find(name => options[name] !== undefined) : undefined;
  if (given) throw new UsageError(`--${given}: a search that is resumed keeps what it began with; leave it out`);
  const named = model === undefined ? undefined : await findRecipe(model);
  const folder = options.out ?? (named && `sweep/${named.recipe.name}`);
  if (folder === undefined) throw new UsageError(`sweep: name a model (${Object.keys(models).join(', ')}) or --out`);
  const state = await readSweep(nodeFiles, folder);
  if (!options.resume && state) {
    throw new FileError(`${folder}: holds a search already; go on with --resume, or choose another --out`);
  }
  if (options.resume && !state) throw new FileError(`${folder}: holds no search to resume; check the path`);
  const { recipe, file } = state ? await recipeAsBefore(folder, state) : (named ?? missing());
  const { seed = 1, trials = TRIALS, epochs = recipe.defaults.epochs, method = 'random' } = options;
  const space = options.search ?? spaceAround(recipe.defaults);
  const plan = { method, space, rungs: rungsOf(method, trials, epochs), seed };
  const dataSet = await findDataSet(nodeDataPlaces(options.data), log);
  using stop = listenForInterrupt();
  const bar = new ProgressBar();
  const allow = state?.allow ?? options.allow ?? [];
  if (!state) await tuneIfUnknown({ ...options, allow }, [{ recipe, batch: recipe.defaults.batch }], bar, stop.signal);
  using engine = await openEngine(options, { allow, ...(state && { table: state.variants }) });
  try {
    const session = new SweepSession(engine, dataSet, folder, recipe, bar, stop.signal);
    const selection = session.selectionOf(options.limit);
    await (state ? session.resume(state) : session.begin({ plan, selection, file }));
    session.report(options.json ?? false);
  } catch (error) {
    if (!(error instanceof InterruptedError) || !(await readSweep(nodeFiles, folder))) throw error;
    const how = `all that is finished is kept; go on with: weft sweep --resume --out ${folder}`;
    throw new InterruptedError(`${error.message.replace(/;.*/, '')}; ${how}`, { cause: error });
  } finally {
    bar.clear();
  }
}

interface Found {
  readonly recipe: Recipe;
  readonly file?: RecipeFile;
}

async function findRecipe(name: string): Promise<Found> {
  if (!isRecipeFile(name)) return { recipe: recipeOf(name) };
  const { recipes, file } = await loadRecipes(name);
  if (recipes.length === 1) return { recipe: recipes[0]!, file };
  const names = recipes.map(recipe => recipe.name).join(', ');
  throw new UsageError(`${name}: exports ${recipes.length} recipes (${names}); a search takes a file with one`);
}

/** @throws ResumeError when its own file of recipes is not what it was. */
async function recipeAsBefore(
  folder: string,
  { recipe, file }: { readonly recipe: string; readonly file?: RecipeFile },
): Promise<Found> {
  const found = await findRecipe(file?.path ?? recipe);
  if (found.file?.sha256 === file?.sha256) return found;
  throw new ResumeError(`${folder}: cannot resume: ${file!.path} was changed; put back what it was, or start anew`);
}

function missing(): never {
  throw new UsageError(`sweep: name a model: ${Object.keys(models).join(', ')}`);
}
