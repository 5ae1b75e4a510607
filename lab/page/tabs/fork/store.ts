/** What the Fork tab knows: the two branches, and what can be changed where training stands. */
import { signal } from '@preact/signals';
import type { RequestOutput } from '../../../protocol.ts';
import type { Station } from '../../../station.ts';
import type { ForkChange, ForkState } from '../../../worker/fork.ts';
import { ask, hear } from '../../client.ts';
import { percent, rate } from '../../parts/format.ts';
import { latest } from '../../parts/latest.ts';
import { attempt, notify, state } from '../../store.ts';

export type Offers = RequestOutput<'fork.offers'>;

/** Undefined while there is one branch only. */
export const fork = signal<ForkState | undefined>(undefined);
/** Of the step at which training stands. */
export const offers = signal<Offers | undefined>(undefined);
export const stations = signal<readonly Station[]>([]);
/** While a branch is being made or kept. */
export const isBusy = signal(false);

hear('fork', value => {
  fork.value = value;
});

/** Asks what can be changed where training stands now. */
export const loadOffers = latest(async (_: number) => {
  offers.value = await attempt('It is not known what can be changed', () => ask('fork.offers'));
});

export async function loadStations(): Promise<void> {
  stations.value = (await attempt('The layers cannot be looked at', () => ask('look.stations'))) ?? [];
}

async function busily(title: string, work: () => Promise<unknown>): Promise<void> {
  isBusy.value = true;
  await attempt(title, work);
  isBusy.value = false;
}

export async function make(change: ForkChange): Promise<void> {
  await busily('No branch could be made', () => ask('fork.make', { change }));
}

export async function run(steps: number): Promise<void> {
  await attempt('The branches stopped', () => ask('fork.run', { steps }));
}

export async function keep(): Promise<void> {
  const { change, step } = fork.value!;
  await busily('The branch could not be kept', async () => {
    await ask('fork.keep');
    const text = `The training of the lab is now the branch with ${describe(change)}, at step ${step}.`;
    notify({ kind: 'information', title: 'Kept', text });
  });
}

export async function drop(): Promise<void> {
  await attempt('The branch could not be dropped', () => ask('fork.drop'));
}

/** A change in words: 'learning rate 0.01'. */
export function describe(change: ForkChange): string {
  const classes = state.value.data?.classes ?? [];
  const fates = { zero: 'set to zero', negated: 'negated', drawn: 'drawn anew' };
  switch (change.kind) {
    case 'none':
      return 'no change';
    case 'learningRate':
      return `learning rate ${rate(change.value)}`;
    case 'dropout':
      return `dropout ${percent(change.rate, 0)}`;
    case 'filter':
      return `filter ${change.filter} of ${change.parameter} ${fates[change.to]}`;
    case 'label':
      return `picture ${change.example} called ${classes[change.label]}`;
  }
}
