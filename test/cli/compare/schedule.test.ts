import { describe, expect, it } from 'vitest';
import { COMPARED } from '../../../src/cli/compare/recipes.ts';
import type { Row } from '../../../src/cli/compare/rows.ts';
import { scheduleRuns, secondsOf } from '../../../src/cli/compare/schedule.ts';
import { type Counts, expectedSeconds, type Speed } from '../../../src/cli/compare/timing.ts';
import { findAugmentation } from '../../../src/data/augmentation.ts';

const counts: Counts = { train: 55_000, validation: 5000, test: 10_000 };
const speeds: Speed[] = [
  { model: 'mlp', batch: 128, stepSeconds: 0.01, evaluationSeconds: 1e-5 },
  { model: 'cnn', batch: 128, stepSeconds: 0.1, evaluationSeconds: 1e-4 },
  { model: 'vgg16', batch: 256, stepSeconds: 0.01, evaluationSeconds: 1e-5, featureSeconds: 0.01 },
];
const row = (recipe: string, seed: number, changes: Partial<Row> = {}): Row => ({
  ...{ id: recipe, recipe, title: recipe, overrides: { epochs: 2 }, seed, purpose: ['headline'], limit: 1000 },
  ...changes,
});
const schedule = (rows: readonly Row[]) => scheduleRuns(rows, COMPARED, speeds, counts);

describe('the order and the time of runs', () => {
  it('is seed by seed, the quickest first, with the trials before all', () => {
    const trial = row('cnn', 1, { id: 'cnn~trial1', trial: 'cnn' });
    const runs = schedule([row('cnn', 4), row('mlp', 4), trial, row('cnn', 2), row('mlp', 2)]);
    expect(runs.map(run => [run.row, run.seed])).toEqual([
      ['cnn~trial1', 1],
      ['mlp', 4],
      ['cnn', 4],
      ['mlp', 2],
      ['cnn', 2],
    ]);
    const work = { limit: 1000, epochs: 2 };
    expect(runs[2]!.expectedSeconds).toBeCloseTo(expectedSeconds(speeds[1]!, work, counts), 9);
    // A trial does not see the test.
    expect(runs[0]!.expectedSeconds).toBeCloseTo(expectedSeconds(speeds[1]!, { ...work, tested: false }, counts), 9);
    expect(runs[0]!.title).toBe('cnn, trial');
    expect(secondsOf(runs)).toBeCloseTo(
      runs.reduce((sum, run) => sum + run.expectedSeconds, 0),
      9,
    );
  });

  it('takes the epochs of the recipe where the row does not say', () => {
    const [run] = schedule([row('mlp', 1, { overrides: {} })]);
    const { epochs } = COMPARED.get('mlp')!.defaults;
    expect(run!.expectedSeconds).toBeCloseTo(expectedSeconds(speeds[0]!, { limit: 1000, epochs }, counts), 9);
  });

  it('counts a frozen beginning where it is computed, and not again', () => {
    const features = (images: number) => images * 0.01;
    const seconds = (rows: readonly Row[]) => schedule(rows).map(run => run.expectedSeconds);
    const [first, second] = seconds([row('vgg16', 1), row('vgg16', 2)]);
    expect(first! - second!).toBeCloseTo(features(1000 + 5000 + 10_000), 6);
    // Fewer images are among those already, more are not.
    const [few, many] = seconds([row('vgg16', 1, { limit: 600 }), row('vgg16', 1, { id: 'more' })]);
    expect(Math.min(few!, many!)).toBeGreaterThan(features(600));
    // Copies are other pictures with every seed.
    const augmented = { overrides: { epochs: 2, augmentation: findAugmentation('standard') } };
    const copies = seconds([row('vgg16', 1, augmented), row('vgg16', 2, augmented)]);
    expect(copies[0]).toBeCloseTo(copies[1]!, 9);
    expect(copies[0]! - first!).toBeCloseTo(features(4 * 1000), 6);
  });
});
