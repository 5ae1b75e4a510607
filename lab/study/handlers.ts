/** What the page can ask the worker of the studies for. */
import { STUDIES, type StudyOutcome } from '../../src/report/study/index.ts';
import { studyHtml } from '../../src/report/study/page.ts';
import type { StudyAbout, StudySubject, Subjects } from './protocol.ts';
import type { Studies } from './studies.ts';

export const handlers = {
  /** All studies that there are. */
  list: (_: Studies, __: undefined): readonly StudyAbout[] =>
    Object.values(STUDIES).map(({ name, title, describe }) => ({ name, title, describe })),

  /** Makes these networks and pictures the ones that are studied. */
  open: (studies: Studies, subject: StudySubject) => studies.open(subject),

  /** Does a study. */
  run: (studies: Studies, { name }: { name: string }) => studies.run(name),

  /** What was found of a subject as a page that needs nothing else, in the order of the studies. */
  page: (_: Studies, { about, outcomes }: { about: Subjects; outcomes: readonly StudyOutcome[] }): string => {
    const places = Object.keys(STUDIES);
    const studies = [...outcomes].sort((a, b) => places.indexOf(a.name) - places.indexOf(b.name));
    return studyHtml({ ...about, updated: new Date().toISOString(), studies });
  },
};

export type StudyHandlers = typeof handlers;
