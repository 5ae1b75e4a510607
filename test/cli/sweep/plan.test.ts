import { describe, expect, it } from 'vitest';
import { nextTrial, rungsOf, type SweepPlan, settingsOf } from '../../../src/cli/sweep/plan.ts';
import { parseSearch } from '../../../src/cli/sweep/space.ts';
import type { SweepTrial } from '../../../src/report/sweep.ts';

const space = parseSearch('learningRate=1e-4..1e-2');
const plan = (method: 'random' | 'halving'): SweepPlan => ({ method, space, rungs: rungsOf(method, 9, 9), seed: 2 });

/** Runs a plan to its end; how good a trial is, is said by `skill`. */
function play(plan: SweepPlan, skill: (trial: number, epochs: number) => number): SweepTrial[] {
  const done: SweepTrial[] = [];
  for (;;) {
    const next = nextTrial(plan, done);
    if (!next) return done;
    const valAccuracy = skill(next.trial, next.epochs);
    done.push({ ...next, settings: settingsOf(plan, next.trial), valAccuracy, valLoss: 1, seconds: 1 });
  }
}

describe('the plan of a search', () => {
  it('random: every trial once, in full, the first as the recipe is', () => {
    const done = play(plan('random'), trial => trial / 10);
    expect(done.map(({ trial, epochs }) => [trial, epochs])).toEqual(Array.from({ length: 9 }, (_, i) => [i, 9]));
    expect(done[0]!.settings).toEqual({});
    expect(new Set(done.map(({ settings }) => settings.learningRate)).size).toBe(9);
  });

  it('halving: the best third goes on', () => {
    const done = play(plan('halving'), trial => trial / 10);
    const rung = (epochs: number) => done.filter(trial => trial.epochs === epochs).map(({ trial }) => trial);
    expect(rung(1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect([rung(3), rung(9)]).toEqual([[8, 7, 6], [8]]);
    // Each rung is judged by itself: who was third and is first now goes on.
    const later = play(plan('halving'), (trial, epochs) => (epochs === 1 ? trial : -trial));
    expect(later.filter(({ epochs }) => epochs === 9).map(({ trial }) => trial)).toEqual([6]);
  });

  it('goes on with the very trial that would have come', () => {
    const whole = play(plan('halving'), trial => Math.sin(trial));
    for (let done = 0; done < whole.length; done++) {
      const { trial, rung, epochs } = whole[done]!;
      expect(nextTrial(plan('halving'), whole.slice(0, done))).toEqual({ trial, rung, epochs });
    }
    expect(nextTrial(plan('halving'), whole)).toBeUndefined();
  });
});

describe('what --search says', () => {
  it('is a range, by powers where it is wide, or choices', () => {
    expect(parseSearch('learningRate=1e-4..1e-2')).toEqual({ learningRate: { low: 1e-4, high: 1e-2, log: true } });
    expect(parseSearch('labelSmoothing=0..0.2')).toEqual({ labelSmoothing: { low: 0, high: 0.2, log: false } });
    expect(parseSearch('momentum=0.5..0.95')).toEqual({ momentum: { low: 0.5, high: 0.95, log: false } });
    const both = parseSearch('batch=32,128', parseSearch('schedule=constant, cosine'));
    expect(both).toEqual({ schedule: { choices: ['constant', 'cosine'] }, batch: { choices: [32, 128] } });
  });

  it.each<[text: string, message: RegExp]>([
    ['learningRate', /SETTING=VALUES/],
    ['depth=1..3', /a setting out of learningRate, batch/],
    ['learningRate=1..', /'1..' is no range/],
    ['learningRate=a..b', /'a..b' is no range/],
    ['learningRate=2..1', /2 to 1 holds nothing/],
    ['batch=32,,64', /holds an empty choice/],
  ])('is refused where it makes no sense: %s', (text, message) => {
    expect(() => parseSearch(text)).toThrow(message);
  });

  it('names a setting once', () => {
    expect(() => parseSearch('batch=64', parseSearch('batch=32'))).toThrow(/names batch twice/);
  });
});
