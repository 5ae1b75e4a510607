import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sha256 } from '../data/dataset.ts';
import { models, type Recipe } from '../models/index.ts';
import { buildRoot } from '../nn/layer.ts';
import { makeOptimizer, makeSchedule } from '../optim/index.ts';
import { FileError, WeftError } from '../platform/errors.ts';
import { nodeFiles } from '../platform/node.ts';

/** A file of a user's own recipes, by the content that it had. */
export interface RecipeFile {
  readonly path: string;
  readonly sha256: string;
}

/** For --help. */
export const OWN_RECIPES = `
A file of your own recipes exports them, each by a name or all as its default export:
  import { nn, type Recipe } from 'weft-gpu';            // in a clone: from the path of its src/index.ts
  export const mine: Recipe = {
    name: 'mine', title: 'My network', inputShape: [28, 28, 1],
    build: (classes = 10) => new nn.Sequential({ layers: [new nn.Flatten({}), new nn.Dense({ units: classes })] }),
    defaults: { epochs: 10, batch: 128, optimizer: 'adam', learningRate: 1e-3, schedule: 'constant' },
  };`;

/** Whether a text among --models is a file and not the name of a model. */
export const isRecipeFile = (text: string): boolean => /[/\\]|\.[cm]?[jt]s$/.test(text);

/**
 * The recipes that a module exports. Running it is running a program: name only files that you trust.
 * @throws FileError when it cannot be loaded, exports no recipe, or one that is not whole.
 */
export async function loadRecipes(path: string): Promise<{ recipes: Recipe[]; file: RecipeFile }> {
  const bytes = await nodeFiles.read(path);
  const found = candidates(await load(path));
  if (found.length === 0) {
    throw new FileError(
      `${path}: exports no recipe; export objects of the type Recipe (weft compare --help shows one)`,
    );
  }
  for (const recipe of found) checkRecipe(recipe, path);
  return { recipes: found as Recipe[], file: { path, sha256: await sha256(bytes) } };
}

async function load(path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  } catch (cause) {
    const unknown = (cause as { code?: string }).code === 'ERR_UNKNOWN_FILE_EXTENSION';
    const what = cause instanceof Error ? cause.message : String(cause);
    const remedy = unknown
      ? 'Node alone reads no TypeScript: use ./weft in a clone, or compile it to .js'
      : 'it must run by itself, as a module';
    throw new FileError(`${path}: cannot be loaded: ${what}; ${remedy}`, { cause });
  }
}

/** What looks meant for a recipe: an object with a name or a way to be built. Other exports are the user's own affair. */
function candidates(module: Record<string, unknown>): Partial<Recipe>[] {
  const looks = (value: unknown): value is Partial<Recipe> =>
    typeof value === 'object' && value !== null && ('build' in value || 'defaults' in value);
  return [...new Set(Object.values(module).flatMap(value => (Array.isArray(value) ? value : [value])))].filter(looks);
}

function checkRecipe(recipe: Partial<Recipe>, path: string): void {
  const { name, title, inputShape, build, defaults } = recipe;
  const fail = (what: string, cause?: unknown): never => {
    throw new FileError(`${path}: recipe '${name}': ${what}`, { cause });
  };
  // It becomes the name of a folder.
  if (typeof name !== 'string' || !/^[\w-]+(\.[\w-]+)*$/.test(name)) fail("'name' must be of letters, digits, - and _");
  if (Object.hasOwn(models, name!)) fail('weft has a model of this name; choose another');
  if (typeof title !== 'string' || title === '') fail("'title' must be a text");
  const shape = Array.isArray(inputShape) ? (inputShape as unknown[]) : [];
  if (shape.length !== 3 || !shape.every(size => Number.isInteger(size) && (size as number) > 0)) {
    fail("'inputShape' must be [height, width, channels]");
  }
  if (typeof build !== 'function') fail("'build' must be a function that gives a layer");
  const { epochs, batch } = defaults ?? {};
  for (const [what, value] of Object.entries({ epochs, batch })) {
    if (!Number.isInteger(value) || value! < 1) fail(`'defaults.${what}' must be a whole number from 1`);
  }
  try {
    makeOptimizer(defaults!);
    makeSchedule({ schedule: defaults!.schedule, learningRate: defaults!.learningRate }, 2);
  } catch (cause) {
    if (!(cause instanceof WeftError)) throw cause;
    fail(cause.message, cause);
  }
  try {
    buildRoot((recipe as Recipe).build(), inputShape!);
  } catch (cause) {
    // Whatever a user's function throws is an error of that file.
    fail(`'build' does not give a network: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
}
