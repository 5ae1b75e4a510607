import type { Section } from '../document.ts';
import type { ModelSummary } from '../summary.ts';
import type { Comparison } from '../types.ts';
import { calibrationSection } from './calibration.ts';
import { costSection } from './cost.ts';
import { duplicatesSection } from './duplicates.ts';
import { edgesSection } from './edges.ts';
import { questionSections } from './questions.ts';
import { robustnessSection } from './robustness.ts';
import { besideSection, runsSection, trialsSection } from './runs.ts';

const present = (sections: readonly (Section | undefined)[]) =>
  sections.filter((section): section is Section => section !== undefined);

/** What follows the results: the questions and their answers. */
export function answerSections(comparison: Comparison, models: readonly ModelSummary[]): Section[] {
  return present([...questionSections(comparison), costSection(models)]);
}

/** What follows the classes and their confusion: a closer look at single images and at the test itself. */
export function closerSections(comparison: Comparison, models: readonly ModelSummary[]): Section[] {
  return present([
    edgesSection(comparison, models),
    calibrationSection(models),
    robustnessSection(models),
    duplicatesSection(comparison.duplicates, models),
  ]);
}

/** What it takes to check the figures. */
export function recordSections(comparison: Comparison): Section[] {
  return present([besideSection(comparison), trialsSection(comparison), runsSection(comparison)]);
}
