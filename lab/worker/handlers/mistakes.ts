import type { Examined } from '../../protocol.ts';
import { examine } from '../examination.ts';
import type { Lab } from '../lab.ts';

/** Which pictures are looked at. */
export type Part = 'validation' | 'train' | 'all';

const JOB = 'mistakes';

export const inTurn = {};

export const atOnce = {
  /** Runs pictures through the network as it is; answers when all are done, or with those that were when it was stopped. */
  'mistakes.find': async (lab: Lab, { part }: { part: Part }): Promise<Examined> => {
    const { train, validation } = lab.bench.pictures.packed.split;
    const places = { train, validation, all: Uint32Array.from([...train, ...validation]) }[part];
    return await examine(lab, places, lab.jobs.start(JOB));
  },

  'mistakes.stop': (lab: Lab, _: undefined) => lab.jobs.stop(JOB),
};
