import { fileURLToPath } from 'node:url';
import { FileError } from '../../platform/errors.ts';
import { nodeFiles } from '../../platform/node.ts';
import { count, epochs as epochsOf, listing, percent } from '../../report/format.ts';
import { mean } from '../../report/statistics.ts';
import type { FigureBeside } from '../../report/types.ts';

/** One finished run on a whole data set that ships with weft, so that a comparison on a part of it has something to be held against. */
export interface FullResult {
  readonly model: string;
  /** The heading of its column. */
  readonly title: string;
  readonly seed: number;
  /** Test accuracy, 0 to 1, of the last epoch's weights. */
  readonly accuracy: number;
  readonly epochs: number;
  /** Training images. */
  readonly trained: number;
  /** What it was trained on: content hash of the training part. */
  readonly data: string;
  /** What makes it again. */
  readonly commands: readonly string[];
  readonly adapter: string;
  /** '2026-11-25'. */
  readonly date: string;
}

/** Written by scripts/ship-result.ts. The npm package goes without. */
export const FULL_RESULTS = fileURLToPath(new URL('../../../docs/results/full.json', import.meta.url));

/** @throws FileError when the file is there and damaged. */
export async function readFullResults(path: string = FULL_RESULTS): Promise<FullResult[]> {
  if (!(await nodeFiles.exists(path))) return [];
  const text = new TextDecoder().decode(await nodeFiles.read(path));
  try {
    const results = JSON.parse(text) as FullResult[];
    if (!results.every(({ model, accuracy }) => typeof model === 'string' && typeof accuracy === 'number'))
      throw new Error('parts missing');
    return results;
  } catch (cause) {
    throw new FileError(`${path}: not a list of results, or damaged; get a fresh copy`, { cause });
  }
}

/** What stands beside a comparison on a part of the same data: a figure for each model and length of training. */
export function figuresBeside(results: readonly FullResult[], data: string): FigureBeside[] {
  const groups = new Map<string, FullResult[]>();
  for (const result of results) {
    if (result.data !== data) continue;
    const key = `${result.model} ${result.epochs}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].map(figure);
}

function figure(runs: readonly FullResult[]): FigureBeside {
  const { title, epochs, trained, adapter, date, commands } = runs[0]!;
  const accuracies = runs.map(({ accuracy }) => accuracy);
  const [low, high] = [Math.min(...accuracies), Math.max(...accuracies)];
  const seeds = runs.map(({ seed }) => String(seed));
  const which =
    runs.length === 1
      ? `seed ${seeds[0]}`
      : `mean of seeds ${listing(seeds)}, from ${percent(low)} to ${percent(high)}`;
  return {
    title,
    accuracy: mean(accuracies),
    setting: `all ${count(trained)} images, after ${epochsOf(epochs)}, ${which}`,
    source: `ships with weft: ${commands.join('; ')} (${adapter}, ${date})`,
    testWasValidation: false,
  };
}
