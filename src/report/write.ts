import type { FileStore } from '../platform/platform.ts';
import { comparisonHtml } from './compare-html.ts';
import { comparisonMarkdown } from './compare-markdown.ts';
import { curvesSvg } from './curves.ts';
import { resultsJson } from './results-json.ts';
import { summarize } from './summary.ts';
import { comparisonTitle } from './texts.ts';
import type { Comparison } from './types.ts';

/** Names of a comparison's files within its folder. */
export const COMPARISON_FILES = {
  html: 'report.html',
  markdown: 'report.md',
  curves: 'curves.svg',
  results: 'results.json',
} as const;

/**
 * Writes the report of a comparison, finished or not, into its folder. Each file is replaced as a whole, so whoever has
 * the page open reads either the last report or this one.
 */
export async function writeComparison(files: FileStore, folder: string, comparison: Comparison): Promise<void> {
  const curves = summarize(comparison).map(({ title, epochs }) => ({ name: title, epochs }));
  const at = (name: string) => `${folder}/${name}`;
  // First what the Markdown refers to.
  if (curves.length > 0) await files.write(at(COMPARISON_FILES.curves), curvesSvg(comparisonTitle(comparison), curves));
  await files.write(at(COMPARISON_FILES.results), resultsJson(comparison));
  await files.write(at(COMPARISON_FILES.markdown), comparisonMarkdown(comparison, COMPARISON_FILES.curves));
  await files.write(at(COMPARISON_FILES.html), comparisonHtml(comparison));
}
