/** Dispatches of a step in groups, each with its part of the whole. */
import type { StepList, StepTimes } from '../../../worker/step-list.ts';
import type { Grouping } from './store.ts';

export interface Group {
  readonly name: string;
  /** Places of its dispatches in the step. */
  readonly places: readonly number[];
  /** Of the whole, 0 to 1. */
  readonly share: number;
}

/** How many colours style the groups; those behind share one. */
export const COLOURS = 8;

/** What each dispatch weighs: its time once that is known, until then its operations. */
export function weights({ rows }: StepList, times: StepTimes | undefined): number[] {
  return times ? times.lines.map(({ milliseconds }) => milliseconds) : rows.map(({ flops }) => flops);
}

/** By layer or by kernel, the heaviest first; as it runs, by kernel too, since these are what colours tell apart. */
export function groupsOf(list: StepList, by: Grouping, times: StepTimes | undefined): Group[] {
  const own = weights(list, times);
  const sum = own.reduce((a, b) => a + b, 0) || 1;
  const groups = new Map<string, number[]>();
  list.rows.forEach(({ kernel, layer }, place) => {
    const name = by === 'layer' ? (layer ?? 'around the layers') : kernel;
    groups.set(name, [...(groups.get(name) ?? []), place]);
  });
  return Array.from(groups, ([name, places]) => ({
    name,
    places,
    share: places.reduce((total, place) => total + own[place]!, 0) / sum,
  })).sort((a, b) => b.share - a.share);
}

/** The order in which dispatches are shown. */
export function orderOf(list: StepList, by: Grouping, groups: readonly Group[]): number[] {
  return by === 'order' ? list.rows.map((_, place) => place) : groups.flatMap(({ places }) => places);
}

/** Number of the colour of each dispatch. */
export function coloursOf(groups: readonly Group[]): Map<number, number> {
  return new Map(groups.flatMap(({ places }, i) => places.map(place => [place, Math.min(i, COLOURS)] as const)));
}
