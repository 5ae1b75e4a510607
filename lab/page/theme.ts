/** Light or dark, as the reader's system is, also when that changes. */
import { signal } from '@preact/signals';
import type { Ground } from '../worker/draw/palettes.ts';

const dark = globalThis.matchMedia('(prefers-color-scheme: dark)');

export const ground = signal<Ground>(dark.matches ? 'dark' : 'light');

dark.addEventListener('change', () => {
  ground.value = dark.matches ? 'dark' : 'light';
});

/** A colour of style.css as it is now: `colour('--ink')`. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
