import type { SweepTrial } from '../../report/sweep.ts';
import { drawSettings, halvingRungs, type Rung, rank, type SearchSpace, type Settings } from '../../train/search.ts';

export const METHODS = ['random', 'halving'] as const;
export type Method = (typeof METHODS)[number];

/** What decides every trial of a search. */
export interface SweepPlan {
  readonly method: Method;
  readonly space: SearchSpace;
  readonly rungs: readonly Rung[];
  readonly seed: number;
}

export function rungsOf(method: Method, trials: number, epochs: number): readonly Rung[] {
  return method === 'random' ? [{ trials, epochs }] : halvingRungs(trials, epochs);
}

/** Trial 0 is what the recipe does by itself, so that there is something to be better than. */
export function settingsOf({ space, seed }: SweepPlan, trial: number): Settings {
  return trial === 0 ? {} : drawSettings(space, seed, trial);
}

/** The training that comes next; undefined when all are done. A function of what is done, so a search can go on. */
export function nextTrial(
  plan: SweepPlan,
  done: readonly SweepTrial[],
): { readonly trial: number; readonly rung: number; readonly epochs: number } | undefined {
  for (const [rung, { trials, epochs }] of plan.rungs.entries()) {
    const members =
      rung === 0
        ? Array.from({ length: trials }, (_, i) => i)
        : rank(done.filter(one => one.rung === rung - 1))
            .slice(0, trials)
            .map(({ trial }) => trial);
    const next = members.find(trial => !done.some(one => one.rung === rung && one.trial === trial));
    if (next !== undefined) return { trial: next, rung, epochs };
  }
  return undefined;
}
