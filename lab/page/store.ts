/** What the page shows, as signals: a component that reads one is drawn anew when it changes. */
import { effect, signal } from '@preact/signals';
import type { Judged, LabState, Moment, Notice } from '../protocol.ts';
import { addressParams, setAddressParams } from './address.ts';
import { ask, hear } from './client.ts';
import { thousands } from './parts/format.ts';
import { fromParams, TRAINED, toParams } from './share.ts';

/** The state that the worker owns. */
export const state = signal<LabState>({
  engine: { status: 'starting' },
  data: undefined,
  model: undefined,
  training: undefined,
  image: undefined,
  layer: undefined,
  target: 0,
});

/** Which moment of the network is meant: 'step 300'; of one that came with its numbers, before it is trained on, 'as it came'. */
export function momentName(step: number): string {
  const origin = state.value.model?.origin;
  return step === 0 && (origin === 'brought' || origin === 'file') ? 'as it came' : `step ${thousands(step)}`;
}

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
  const [first] = added;
  // Steps that are made anew take the place of what was told of them before.
  if (first) moments.value = [...moments.value.filter(({ step }) => step < first.step), ...added];
});
hear('history', history => {
  moments.value = history.moments;
  judgements.value = history.judged;
});
hear('judged', judged => {
  const others = judgements.value.filter(({ step }) => step !== judged.step);
  judgements.value = [...others, judged].sort((a, b) => a.step - b.step);
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

/** Opens the lab: pictures, a device, and the network that the address names, or a first one. */
export async function start(): Promise<void> {
  const { run } = await ask('lab.open');
  const { engine, data } = state.value;
  const offers = await ask('model.offers');
  const [first] = offers;
  const params = addressParams();
  const isTrained = params.get('net') === TRAINED;
  const named = isTrained
    ? undefined
    : await attempt('The address names no network', () => fromParams(params, offers, data!.imageShape));
  const isOpen =
    run !== undefined &&
    (await attempt('That run cannot be shown', async () => {
      await ask('model.openRun');
      return true;
    }));
  if (isOpen) document.title = `${run} in the weft lab`;
  else if (isTrained) await ask('model.openTrained');
  else if (engine.status === 'missing' && !named) await ask('model.openRecorded');
  else await ask('model.set', { network: named ?? { config: first!.config, training: first!.training, seed: 1 } });
  await ask('image.choose', { index: data!.train });
  // From now on the address names the network that is here.
  effect(() => {
    const { model } = state.value;
    if (model?.origin === 'brought') setAddressParams({ net: TRAINED });
    else if (model) void toParams(model.network, offers).then(setAddressParams);
  });
}
