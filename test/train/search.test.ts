import { describe, expect, it } from 'vitest';
import { cnnBest, mlp } from '../../src/models/index.ts';
import {
  checkSpace,
  drawSettings,
  halvingRungs,
  overridesOf,
  rank,
  type SearchSpace,
  spaceAround,
} from '../../src/train/search.ts';

const space: SearchSpace = {
  learningRate: { low: 1e-4, high: 1e-1, log: true },
  labelSmoothing: { low: 0, high: 0.2, log: false },
  schedule: { choices: ['constant', 'cosine'] },
};

describe('a random search', () => {
  const draws = Array.from({ length: 400 }, (_, trial) => overridesOf(drawSettings(space, 3, trial)));

  it('stays within its ranges and covers them', () => {
    const rates = draws.map(({ learningRate }) => learningRate!);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e-1);
    // By powers: each of three decades gets about a third.
    for (const low of [1e-4, 1e-3, 1e-2]) {
      const share = rates.filter(rate => rate >= low && rate < 10 * low).length / draws.length;
      expect(Math.abs(share - 1 / 3)).toBeLessThan(0.08);
    }
    const smoothing = draws.map(({ labelSmoothing }) => labelSmoothing!);
    expect(Math.abs(smoothing.reduce((a, b) => a + b, 0) / draws.length - 0.1)).toBeLessThan(0.01);
    const cosine = draws.filter(({ schedule }) => schedule === 'cosine').length / draws.length;
    expect(Math.abs(cosine - 0.5)).toBeLessThan(0.08);
  });

  it('draws the same again, others under another seed, and each setting for itself', () => {
    expect(drawSettings(space, 3, 17)).toEqual(draws[17]);
    expect(drawSettings(space, 4, 17)).not.toEqual(draws[17]);
    const first = (trial: number) => (Math.log10(draws[trial]!.learningRate!) + 4) / 3;
    const same = draws.filter(({ labelSmoothing }, i) => Math.abs(labelSmoothing! / 0.2 - first(i)) < 0.01);
    expect(same.length).toBeLessThan(40);
  });

  it('knows an augmentation by its name, and looks around what a recipe does', () => {
    expect(overridesOf({ augmentation: 'flip', batch: 64 })).toEqual({
      batch: 64,
      augmentation: { name: 'flip', flip: 0.5 },
    });
    expect(() => overridesOf({ augmentation: 'none of these' })).toThrow(/there is none of that name/);
    expect(Object.keys(spaceAround(mlp.defaults))).toEqual(['learningRate']);
    const around = spaceAround(cnnBest.defaults);
    expect(around.weightDecay).toEqual({ low: 0.005, high: 0.2, log: true });
    expect(() => checkSpace(around)).not.toThrow();
  });

  it('refuses ranges that hold nothing, by name', () => {
    expect(() => checkSpace({})).toThrow(/nothing to search/);
    expect(() => checkSpace({ learningRate: { low: 1, high: 1, log: false } })).toThrow(/learningRate: 1 to 1 holds/);
    expect(() => checkSpace({ weightDecay: { low: 0, high: 1, log: true } })).toThrow(/weightDecay: .* above 0/);
    expect(() => checkSpace({ batch: { choices: [] } })).toThrow(/batch: no choices/);
    expect(() => checkSpace(space)).not.toThrow();
  });
});

describe('successive halving', () => {
  it('gives a third of the trials three times the epochs', () => {
    expect(halvingRungs(9, 9)).toEqual([
      { trials: 9, epochs: 1 },
      { trials: 3, epochs: 3 },
      { trials: 1, epochs: 9 },
    ]);
    expect(halvingRungs(20, 10)).toEqual([
      { trials: 20, epochs: 1 },
      { trials: 6, epochs: 3 },
      { trials: 2, epochs: 10 },
    ]);
    expect(halvingRungs(4, 8, 2).map(({ trials }) => trials)).toEqual([4, 2, 1]);
    expect(halvingRungs(2, 10)).toEqual([{ trials: 2, epochs: 10 }]);
    expect(() => halvingRungs(0, 1)).toThrow(/trials is 0/);
    expect(() => halvingRungs(3, 3, 1)).toThrow(/factor is 1/);
  });

  it('ranks by accuracy, then by loss', () => {
    const trials = [
      { name: 'a', valAccuracy: 0.8, valLoss: 0.5 },
      { name: 'b', valAccuracy: 0.9, valLoss: 0.6 },
      { name: 'c', valAccuracy: 0.9, valLoss: 0.4 },
      { name: 'd', valAccuracy: 0.8, valLoss: 0.5 },
      { name: 'diverged', valAccuracy: 0 },
    ];
    expect(rank(trials).map(({ name }) => name)).toEqual(['c', 'b', 'a', 'd', 'diverged']);
  });
});
