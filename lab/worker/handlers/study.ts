import type { TakenNetworks } from '../../study/protocol.ts';
import type { Which } from '../explanations.ts';
import type { Lab } from '../lab.ts';
import { type Snapshot, snapshotNow } from '../snapshot.ts';

export const inTurn = {
  /** Copies of the network as it is now and of those beside it, for the worker of the studies. */
  'study.take': async (
    lab: Lab,
    { beside }: { beside: readonly { readonly title: string; readonly which: Which }[] },
  ): Promise<TakenNetworks> => {
    const snapshot = await snapshotNow(lab);
    const others: { title: string; snapshot: Snapshot }[] = [];
    for (const { title, which } of beside) others.push({ title, snapshot: await lab.explanations.find(lab, which) });
    return { network: { snapshot, isRun: lab.state.model!.isRun }, others };
  },
};

export const atOnce = {};
