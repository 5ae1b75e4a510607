/** What the Look tab knows: where it looks, and what it was told of that. */
import { computed, effect, signal } from '@preact/signals';
import type { RequestOutput } from '../../../protocol.ts';
import { PICTURE, type Station } from '../../../station.ts';
import { ask, hear } from '../../client.ts';
import { latest } from '../../parts/latest.ts';
import { attempt, state } from '../../store.ts';

/** The last thing to look at in a network: softmax and loss. */
export const LOSS = 'softmax and loss';

export const stations = signal<readonly Station[]>([]);
/** Name of a station, or LOSS. */
export const chosen = signal<string>(PICTURE);
/** Whether maps show values or the loss's gradient with respect to them. */
export const what = signal<'values' | 'gradients'>('values');
/** A value of some station, by its coordinates there. */
export const place = signal<Place | undefined>(undefined);
/** What is known of it; of an older place while the newer one is asked for. */
export const pixel = signal<RequestOutput<'look.pixel'> | undefined>(undefined);
export const loss = signal<RequestOutput<'look.loss'> | undefined>(undefined);
export const numbers = signal<{ readonly station: string; readonly of: RequestOutput<'look.numbers'> } | undefined>(
  undefined,
);
/** Where the reader walked from, newest last. */
export const trail = signal<readonly Place[]>([]);

export interface Place {
  readonly station: string;
  readonly at: readonly number[];
}

export const station = computed(() => stations.value.find(({ name }) => name === chosen.value));

export function titleOf(name: string): string {
  return name === PICTURE ? 'picture' : name;
}

/** Looks at another station; the value that is written out stays. */
export function choose(name: string): void {
  chosen.value = name;
  if (name !== PICTURE && name !== LOSS) void ask('layer.choose', { layer: name });
}

/** Writes out a value. */
export function pick(next: Place): void {
  trail.value = [];
  place.value = next;
}

/** Goes from a value to one that it is made of, or that it goes into. */
export function walkTo(next: Place): void {
  if (place.value) trail.value = [...trail.value, place.value];
  place.value = next;
  choose(next.station);
}

export function walkBack(): void {
  const before = trail.value[trail.value.length - 1];
  if (!before) return;
  trail.value = trail.value.slice(0, -1);
  place.value = before;
  choose(before.station);
}

/** Milliseconds between two looks at all numbers of a layer. */
const NUMBERS_EVERY = 700;

/** Keeps all of it up to date while the tab is open. Returns what ends that. */
export function follow(): () => void {
  const seen = signal(0);
  const config = computed(() => JSON.stringify(state.value.model?.network.config ?? null));
  const target = computed(() => state.value.target);
  const ends = [
    hear('seen', () => {
      seen.value++;
    }),
    effect(() => {
      if (config.value !== 'null') void loadStations();
    }),
    effect(() => {
      const [where, , , known] = [place.value, seen.value, target.value, stations.value];
      if (where && known.some(({ name }) => name === where.station)) loadPixel(where);
    }),
    effect(() => {
      const [name, , , known] = [chosen.value, seen.value, target.value, stations.value];
      if (name === LOSS) loadLoss(undefined);
      else if (known.some(one => one.name === name)) loadNumbers(name);
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

async function loadStations(): Promise<void> {
  const found = await attempt('The network cannot be looked at', () => ask('look.stations'));
  if (!found) return;
  const { layer } = state.value;
  const fits = (one: Place) => {
    const shape = found.find(({ name }) => name === one.station)?.shape;
    return shape?.length === one.at.length && one.at.every((n, axis) => n < shape[axis]!);
  };
  if (place.value && !fits(place.value)) place.value = undefined;
  trail.value = trail.value.filter(fits);
  const isKnown = (name: string) => found.some(one => one.name === name);
  const first = found.find(({ kernel }) => kernel)?.name ?? PICTURE;
  if (chosen.value === PICTURE || (chosen.value !== LOSS && !isKnown(chosen.value))) {
    chosen.value = layer !== undefined && isKnown(layer) ? layer : first;
  }
  stations.value = found;
}

/** While another network or device is on its way there is nothing to be told; the next event asks again. */
function quietly<T>(work: (value: T) => Promise<void>): (value: T) => void {
  return latest(async (value: T) => await work(value).catch(() => {}));
}

const loadPixel = quietly(async (where: Place) => {
  pixel.value = await ask('look.pixel', where);
});

const loadLoss = quietly(async (_: undefined) => {
  loss.value = await ask('look.loss');
});

const loadNumbers = quietly(async (name: string) => {
  numbers.value = { station: name, of: await ask('look.numbers', { station: name }) };
  await new Promise(resolve => setTimeout(resolve, NUMBERS_EVERY));
});
