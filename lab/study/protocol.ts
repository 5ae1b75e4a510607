/** What the page and the worker of the studies say to each other, beside the requests in handlers.ts. */
import type { StudyOutcome, StudyReport } from '../../src/report/study/index.ts';
import type { Snapshot } from '../worker/snapshot.ts';

/** A study that can be done. */
export interface StudyAbout {
  readonly name: string;
  readonly title: string;
  /** What it finds out, in a line. */
  readonly describe: string;
}

/** Networks as they are now, copied out of the lab. */
export interface TakenNetworks {
  /** The one that is studied. */
  readonly network: {
    readonly snapshot: Snapshot;
    /** Whether it is the run that the page was served with. */
    readonly isRun: boolean;
  };
  /** Those that it is compared with. */
  readonly others: readonly { readonly title: string; readonly snapshot: Snapshot }[];
}

export interface StudySubject extends TakenNetworks {
  /** What reports call the network: 'small, step 300'. */
  readonly title: string;
  /** Which weights it has: 'step 300'. */
  readonly weights: string;
  /** How many pictures to look at, of those held back and of those to learn from alike. */
  readonly images: number;
}

/** What all findings of one subject have in common; all of a report but what was found. */
export interface Subjects extends Omit<StudyReport, 'studies' | 'updated'> {
  /** Of all that was asked for: another one where anything is, the numbers of the networks too. */
  readonly key: string;
  /** Whether it is known how the network began; of one from a file it is not, and another random one has to stand for it. */
  readonly isBeginningKnown: boolean;
}

/** What a study found. */
export interface Finding {
  readonly outcome: StudyOutcome;
  /** Its part of a report, made safe. */
  readonly html: string;
}

export interface StudyEvents {
  /** How far the study is that is being done. */
  readonly progress: string;
}
