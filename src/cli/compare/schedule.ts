import type { Recipe } from '../../models/index.ts';
import type { PlannedRun } from '../../report/types.ts';
import { type TrainingOptions, withSettings } from '../../train/config.ts';
import { copiesOf } from '../../train/features.ts';
import type { Row } from './rows.ts';
import { type Counts, expectedSeconds, imagesOf, type Speed } from './timing.ts';

/** What the row is trained with, unless trials decide. */
export function trainingOf(recipe: Recipe, { overrides, seed }: Pick<Row, 'overrides' | 'seed'>): TrainingOptions {
  return { ...withSettings(recipe.defaults, overrides), seed };
}

/**
 * All runs of a plan in the order in which they are trained, with the time each takes: trials first, since results hang on
 * them; then seed by seed, and for each seed the quickest first, so that there is something to look at soon.
 */
export function scheduleRuns(
  rows: readonly Row[],
  recipes: ReadonlyMap<string, Recipe>,
  speeds: readonly Speed[],
  counts: Counts,
): PlannedRun[] {
  const seconds = (row: Row, kept: boolean): number => {
    const training = trainingOf(recipes.get(row.recipe)!, row);
    const passes = kept ? 0 : 1 + copiesOf(training);
    const work = { ...row, epochs: training.epochs, tested: row.trial === undefined, passes };
    const speed = speeds.find(({ model }) => model === row.recipe)!;
    return expectedSeconds(speed, work, counts);
  };
  const seeds = [...new Set(rows.map(({ seed }) => seed))];
  const turn = (row: Row) => (row.trial === undefined ? 1 + seeds.indexOf(row.seed) : 0);
  const ordered = rows
    .map(row => ({ row, alone: seconds(row, false) }))
    .sort((a, b) => turn(a.row) - turn(b.row) || a.alone - b.alone);
  const kept = new Map<string, number>();
  return ordered.map(({ row }) => {
    // The first run with these pictures computes what a frozen beginning makes of them; copies are drawn by its seed.
    const training = trainingOf(recipes.get(row.recipe)!, row);
    const copies = copiesOf(training) > 0 && [training.augmentation, row.seed];
    const key = JSON.stringify([row.recipe, row.pixels, copies]);
    const images = imagesOf(row, counts).train;
    const before = kept.get(key) ?? 0;
    kept.set(key, Math.max(images, before));
    const title = row.trial === undefined ? row.title : `${row.title}, trial`;
    const run = { row: row.id, model: row.recipe, title, seed: row.seed };
    return { ...run, expectedSeconds: seconds(row, images <= before) };
  });
}

/** Seconds of all these runs. */
export const secondsOf = (runs: readonly PlannedRun[]): number =>
  runs.reduce((total, run) => total + run.expectedSeconds, 0);
