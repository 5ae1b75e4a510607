import type { TakenNetworks } from '../../study/protocol.ts';
import type { Which } from '../explanations.ts';
import type { Lab } from '../lab.ts';
import { takeSnapshot } from '../snapshot.ts';

export const inTurn = {
  /** Copies of the network as it is now and of those beside it, for the worker of the studies. */
  'study.take': async (
    lab: Lab,
    { beside }: { beside: readonly { readonly title: string; readonly which: Which }[] },
  ): Promise<TakenNetworks> => {
    const snapshot = await takeSnapshot(lab.subject);
    const others: { title: string; snapshot: typeof snapshot }[] = [];
    for (const { title, which } of beside) others.push({ title, snapshot: await lab.explanations.find(lab, which) });
    const { network, isOwn, origin } = lab.state.model!;
    const { seed, isRun = false } = network;
    const isSeedKnown = isOwn || isRun || origin === 'brought';
    return { network: { snapshot, seed, isRun, isSeedKnown }, others };
  },
};

export const atOnce = {};
