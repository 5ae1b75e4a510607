import { ablation } from './ablation.ts';
import { adversarial } from './adversarial.ts';
import { calibration } from './calibration.ts';
import { cka } from './cka.ts';
import { embedding } from './embedding.ts';
import { filters } from './filters.ts';
import { labels } from './labels.ts';
import { probe } from './probe.ts';
import type { Study } from './study.ts';

/** Every study by its name on the command line, in the order of the page. */
export const STUDIES: Readonly<Record<string, Study>> = Object.fromEntries(
  [filters, probe, cka, ablation, adversarial, calibration, embedding, labels].map((study: Study) => [
    study.name,
    study,
  ]),
);

export type { ImageSample, StudiedRun, Study, StudyOutcome, StudyReport, Subject } from './study.ts';
