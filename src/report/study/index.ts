import { filters } from './filters.ts';
import type { Study } from './study.ts';

/** Every study by its name on the command line, in the order of the page. */
export const STUDIES: Readonly<Record<string, Study>> = Object.fromEntries(
  [filters].map((study: Study) => [study.name, study]),
);

export type { ImageSample, StudiedRun, Study, StudyOutcome, StudyReport, Subject } from './study.ts';
