/** What the page shows, as signals: a component that reads one is drawn anew when it changes. */
import { signal } from '@preact/signals';
import type { Judged, LabState, Moment, Notice } from '../protocol.ts';
import { ask, hear } from './client.ts';

/** The state that the worker owns. */
export const state = signal<LabState>({
  engine: { status: 'starting' },
  data: undefined,
  model: undefined,
  training: undefined,
  image: undefined,
  layer: undefined,
});

/** What training told so far, in order; empty for a new model. */
export const moments = signal<readonly Moment[]>([]);
export const judgements = signal<readonly Judged[]>([]);

/** Of each class, for the chosen picture. */
export const probabilities = signal<readonly number[]>([]);

/** What the reader has to know and has not put away yet. */
export const notices = signal<readonly (Notice & { readonly id: number })[]>([]);

let noticeCount = 0;

hear('state', value => {
  state.value = value;
});
hear('moments', added => {
  moments.value = [...moments.value, ...added];
});
hear('history', history => {
  moments.value = history.moments;
  judgements.value = history.judged;
});
hear('judged', judged => {
  judgements.value = [...judgements.value.filter(({ step }) => step < judged.step), judged];
});
hear('seen', seen => {
  probabilities.value = seen.probabilities;
});
hear('notice', notify);

export function notify(notice: Notice): void {
  notices.value = [...notices.value, { ...notice, id: ++noticeCount }];
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter(notice => notice.id !== id);
}

/** Runs something that the reader asked for; an error is said on the page. */
export async function attempt<T>(title: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    notify({ kind: 'problem', title, text: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

/** Opens the lab: pictures, a device, and a first network. */
export async function start(): Promise<void> {
  await ask('lab.open');
  const [first] = await ask('model.offers');
  await ask('model.set', { network: { config: first!.config, training: first!.training, seed: 1 } });
  await ask('image.choose', { index: state.value.data?.train ?? 0 });
}
