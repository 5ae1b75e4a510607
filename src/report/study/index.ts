import { ValueError } from '../../platform/errors.ts';
import { ablation } from './ablation.ts';
import { adversarial } from './adversarial.ts';
import { calibration } from './calibration.ts';
import { cka } from './cka.ts';
import { dead } from './dead.ts';
import { embedding } from './embedding.ts';
import { filters } from './filters.ts';
import { labels } from './labels.ts';
import { maps } from './maps.ts';
import { maximiseStudy } from './maximise.ts';
import { norms } from './norms.ts';
import { probe } from './probe.ts';
import { rank } from './rank.ts';
import type { Study, StudyOutcome, Subject } from './study.ts';
import { topImagesStudy } from './top-images.ts';

const learned: readonly Study[] = [filters, topImagesStudy, maximiseStudy, maps, norms, dead, rank];
const represented: readonly Study[] = [probe, cka, ablation, adversarial, calibration, embedding, labels];

/** Every study by its name on the command line, in the order of the page. */
export const STUDIES: Readonly<Record<string, Study>> = Object.fromEntries(
  [...learned, ...represented].map(study => [study.name, study]),
);

/**
 * Does a study and takes its time, or says why it cannot be done.
 * @throws ValueError for a study that there is not; InterruptedError when the subject's signal fires.
 */
export async function runStudy(name: string, subject: Subject): Promise<StudyOutcome> {
  const study = STUDIES[name];
  if (!study) throw new ValueError(`study '${name}': there is none; there are ${Object.keys(STUDIES).join(', ')}`);
  const unfit = study.unfit?.(subject);
  if (unfit !== undefined) return { name, unfit };
  subject.progress(`${name}: ${study.describe}`);
  const start = performance.now();
  const result = await study.run(subject);
  return { name, seconds: (performance.now() - start) / 1000, result };
}

export { type Beginning, Controls } from './controls.ts';
export type { ImageSample, StudiedRun, Study, StudyOutcome, StudyReport, Subject } from './study.ts';
