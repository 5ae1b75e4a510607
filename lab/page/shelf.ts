/** Networks that can stand beside the one that everything is about. */
import { signal } from '@preact/signals';
import type { SiteDescription } from '../../src/cli/lab/site.ts';
import type { Which } from '../worker/explanations.ts';

export interface Beside {
  readonly title: string;
  readonly which: Which;
}

/** Those to choose from; what was kept or loaded comes behind. */
export const shelf = signal<readonly Beside[]>([
  { title: 'its first weights', which: 'start' },
  { title: 'the CNN that comes trained', which: 'trained' },
]);

/** One that is there already stays, by the name that it has. */
export function putOnShelf(title: string, key: string): Beside {
  const others = shelf.value;
  const known = others.find(({ which }) => typeof which !== 'string' && which.key === key);
  if (known) return known;
  const taken = others.filter(other => other.title.startsWith(title)).length;
  const one = { title: taken > 0 ? `${title} (${taken + 1})` : title, which: { key } };
  shelf.value = [...others, one];
  return one;
}

/** The run that the page was served with becomes one to choose. */
export async function offerRun(): Promise<void> {
  const { run } = (await (await fetch('site.json')).json()) as Partial<SiteDescription>;
  if (run !== undefined && shelf.value.every(({ which }) => which !== 'run')) {
    shelf.value = [...shelf.value, { title: run, which: 'run' }];
  }
}
