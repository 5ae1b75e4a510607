/** Where the tour stands, and whether it is still to be offered. */
import { computed, signal } from '@preact/signals';
import { namedTab } from '../address.ts';
import { NEEDS, steps, type TourStep } from './steps.ts';

/** In the browser's storage, once the reader has taken the tour or declined it. */
const SEEN = 'weft lab tour';

/** Place of the step that is shown. */
export const place = signal<number | undefined>(undefined);
export const step = computed(() => (place.value === undefined ? undefined : steps[place.value]));
/** Steps that were left out on the way to this one. */
export const leftOut = signal<readonly TourStep[]>([]);
export const isOffered = signal(!wasSeen());

export function begin(): void {
  putAway();
  place.value = undefined;
  move(1);
}

export function close(): void {
  place.value = undefined;
}

/** Puts the offer away, for later visits too. */
export function putAway(): void {
  isOffered.value = false;
  try {
    localStorage.setItem(SEEN, 'yes');
  } catch {
    // A browser that keeps nothing offers it again.
  }
}

/** Goes on (1) or back (-1) to the next step that can be taken here; on from the last one ends the tour. */
export function move(by: 1 | -1): void {
  const passed: TourStep[] = [];
  let next = (place.value ?? -1) + by;
  for (; steps[next] && isLacking(steps[next]!); next += by) passed.push(steps[next]!);
  const found = steps[next];
  if (found) {
    place.value = next;
    leftOut.value = passed;
    openTab(found);
  } else if (by === 1) close();
}

export function openTab({ tab }: TourStep): void {
  // What stands behind the name of the tab is kept where it is there already.
  if (namedTab.value !== tab) location.hash = `#${tab}`;
}

function isLacking({ needs }: TourStep): boolean {
  return needs !== undefined && !NEEDS[needs].isMet();
}

function wasSeen(): boolean {
  try {
    return localStorage.getItem(SEEN) !== null;
  } catch {
    return false;
  }
}
