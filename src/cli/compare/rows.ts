import type { Selection } from '../../data/selection.ts';
import type { Recipe } from '../../models/index.ts';
import type { Question } from '../../report/types.ts';
import type { Overrides } from '../../train/search.ts';

/** One training of a plan, as plain data. */
export interface Row extends Selection {
  /** The same for all seeds: 'cnn', 'cnn+standard', 'cnn@600'. */
  readonly id: string;
  /** Name of its recipe. */
  readonly recipe: string;
  /** The heading of its column. */
  readonly title: string;
  /** In place of the recipe's defaults. */
  readonly overrides: Overrides;
  readonly seed: number;
  /** What it is trained for: ids of questions, and 'headline' for those that stand side by side. */
  readonly purpose: readonly string[];
  /** See `permutePixels`. */
  readonly pixels?: 'permuted';
  /** Of a trial: the group it belongs to. It is judged by validation images and never sees the test set. */
  readonly trial?: string;
  /** Of a result: the trials whose best gives it its settings. */
  readonly chosenFrom?: string;
}

/** All that a comparison trains, and what it wants to know by it. */
export interface Plan {
  readonly rows: readonly Row[];
  readonly questions: readonly Question[];
  /** Sentences for the report: what the plan leaves out, and choices that nobody can read off the rows. */
  readonly notes: readonly string[];
}

/** The name of the row's folder. */
export const keyOf = ({ id, seed }: Pick<Row, 'id' | 'seed'>): string => `${id}-seed${seed}`;

/** 'mlp' -> 'MLP', 'vgg16-block3' -> 'VGG16 block3': the heading of a column. Other names have titles short enough. */
export function shortTitle({ name, title }: Recipe): string {
  if (name.startsWith('vgg16')) return name.replace('vgg16', 'VGG16').replaceAll('-', ' ');
  return name.length <= 4 ? name.toUpperCase() : title;
}

/** Rows that two lists have in common are trained once, for both purposes. */
export function mergeRows(rows: readonly Row[]): Row[] {
  const merged = new Map<string, Row>();
  for (const row of rows) {
    const known = merged.get(keyOf(row));
    const purpose = [...new Set([...(known?.purpose ?? []), ...row.purpose])];
    merged.set(keyOf(row), { ...(known ?? row), purpose });
  }
  return [...merged.values()];
}
