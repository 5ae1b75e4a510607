import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRecipeFile, loadRecipes } from '../../src/cli/own-recipes.ts';
import { FileError } from '../../src/platform/errors.ts';

const LIBRARY = JSON.stringify(fileURLToPath(new URL('../../src/index.ts', import.meta.url)));

/** A whole recipe, with properties put behind it that take the place of its own. */
const recipe = (change = '', name = 'mine') => `import { nn } from ${LIBRARY};
  export const ${name} = { name: '${name}', title: 'My network', inputShape: [12, 12, 1],
    build: (classes = 10) => new nn.Sequential({ layers: [new nn.Flatten({}), new nn.Dense({ units: classes })] }),
    defaults: { epochs: 1, batch: 16, optimizer: 'sgd', learningRate: 0.1, schedule: 'constant' }, ${change} };`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-recipes-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe("a user's own recipes", () => {
  it('are known by what a file is called', () => {
    expect(['./mine.ts', 'mine.js', 'a/mine.mjs', '/mine'].map(isRecipeFile)).toEqual([true, true, true, true]);
    expect(['cnn', 'cnn-best', 'resnet20'].map(isRecipeFile)).toEqual([false, false, false]);
  });

  it('are all that a module exports, by name or as a list', async () => {
    const two = `${recipe()} export const helper = 3; export default [{ ...mine, name: 'other' }];`;
    const { recipes, file } = await loadRecipes(written('two.ts', two));
    expect(recipes.map(({ name }) => name).sort()).toEqual(['mine', 'other']);
    expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
    const again = await loadRecipes(written('three.ts', `${two}\n`));
    expect(again.file.sha256).not.toBe(file.sha256);
  });

  it.each<[file: string, text: string, message: RegExp]>([
    ['none.ts', 'export const x = 1;', /none.ts: exports no recipe; export objects of the type Recipe/],
    ['throws.ts', "throw new Error('no');", /throws.ts: cannot be loaded: no; it must run by itself/],
    ['name.ts', recipe("name: '../up'"), /recipe '..\/up': 'name' must be of letters/],
    ['taken.ts', recipe("name: 'cnn'"), /recipe 'cnn': weft has a model of this name/],
    ['title.ts', recipe("title: ''"), /'title' must be a text/],
    ['shape.ts', recipe('inputShape: [12, 12]'), /'inputShape' must be \[height, width, channels\]/],
    ['batch.ts', recipe('defaults: { epochs: 1 }'), /'defaults.batch' must be a whole number from 1/],
    ['bare.ts', recipe('defaults: undefined'), /'defaults.epochs' must be a whole number from 1/],
    ['optimizer.ts', recipe("defaults: { epochs: 1, batch: 1, optimizer: 'none' }"), /optimizer 'none': there is none/],
    [
      'rate.ts',
      recipe("defaults: { epochs: 1, batch: 1, optimizer: 'sgd', schedule: 'constant' }"),
      /rate is undefined/,
    ],
    ['build.ts', recipe('build: 3'), /'build' must be a function/],
    ['fails.ts', recipe("build: () => { throw new Error('oh'); }"), /'build' does not give a network: oh/],
    [
      'layer.ts',
      recipe('build: () => new nn.Conv2d({ filters: 3, kernelSize: 40 })'),
      /'build' does not give a network/,
    ],
  ])('are refused by name where they are not whole: %s', async (file, text, message) => {
    const failure = await loadRecipes(written(file, text)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FileError);
    expect((failure as Error).message).toMatch(message);
    expect((failure as Error).message).toContain(file);
  });

  it('are missing where there is no file', async () => {
    await expect(loadRecipes(join(folder, 'absent.ts'))).rejects.toThrow(/absent.ts: .*no such file/);
  });
});
