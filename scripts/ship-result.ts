/**
 * `npm run ship-result -- RUN TEST.json`: puts a finished run on all images into docs/results/full.json, which comparisons
 * on a part of them show beside their own results. TEST.json is what `weft eval RUN --json` printed. A run of the same
 * model, seed and epochs takes the place of the one before.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { shortTitle } from '../src/cli/compare/rows.ts';
import { FULL_RESULTS, type FullResult, readFullResults } from '../src/cli/compare/shipped.ts';
import type { TestReport } from '../src/cli/eval.ts';
import { findModel } from '../src/models/index.ts';
import { nodeFiles } from '../src/platform/node.ts';
import { RunFolder } from '../src/train/run-folder.ts';

const [path, testPath] = process.argv.slice(2);
if (path === undefined || testPath === undefined) throw new Error('usage: npm run ship-result -- RUN TEST.json');
const folder = new RunFolder(nodeFiles, path);
const { model, training, data, adapter, created } = await folder.readConfig();
const test = JSON.parse(readFileSync(testPath, 'utf8')) as TestReport;
const epochs = (await folder.readMetrics()).length;
const recipe = findModel(model.name);
// What the command below does not say, the recipe must.
const { seed, epochs: planned, ...settings } = training;
const { epochs: usual, ...own } = recipe.defaults;
if (!data.full) throw new Error(`${path}: was not trained on all images`);
if (test.model !== model.name || test.tta !== 'none') throw new Error(`${testPath}: is not the plain test of ${path}`);
if (epochs !== planned) throw new Error(`${path}: has ${epochs} of its ${planned} epochs`);
if (!isDeepStrictEqual(settings, JSON.parse(JSON.stringify(own)))) {
  throw new Error(`${path}: was trained with other settings than its recipe's; give it a recipe of its own first`);
}
const run = `runs/${model.name}-seed${seed}`;
const length = epochs === usual ? '' : ` --epochs ${epochs}`;
const result: FullResult = {
  model: model.name,
  title: shortTitle(recipe),
  seed,
  accuracy: test.accuracy,
  epochs,
  trained: data.train,
  data: data.sha256,
  commands: [`weft train ${model.name} --full --seed ${seed}${length} --out ${run}`, `weft eval ${run}`],
  adapter: `${adapter.device}; ${adapter.description}`,
  date: created.slice(0, 10),
};
const same = (other: FullResult) => (['model', 'seed', 'epochs'] as const).every(key => other[key] === result[key]);
const results = [...(await readFullResults()).filter(other => !same(other)), result];
results.sort((a, b) => a.model.localeCompare(b.model) || a.epochs - b.epochs || a.seed - b.seed);
await nodeFiles.write(FULL_RESULTS, `${JSON.stringify(results, null, 2)}\n`);
console.log(`${model.name}, seed ${seed}: ${(100 * result.accuracy).toFixed(2)} % is in ${FULL_RESULTS}`);
