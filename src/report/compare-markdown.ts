import { conclusions, method } from './conclusions.ts';
import { count, moment, percent } from './format.ts';
import { RESULT_COLUMNS, resultRow } from './result-row.ts';
import { bullets, escapeMarkdown, markdownTable, sectionMarkdown } from './section-markdown.ts';
import { answerSections, closerSections, recordSections } from './sections/index.ts';
import { type ModelSummary, summarize } from './summary.ts';
import { comparisonTitle, facts, pendingText } from './texts.ts';
import type { Comparison } from './types.ts';

/** The comparison as Markdown: the same numbers and sentences as the HTML page, the curves as a file beside it. */
export function comparisonMarkdown(comparison: Comparison, curvesFile: string): string {
  const models = summarize(comparison);
  const pending = pendingText(comparison);
  const blocks = [
    `# ${escapeMarkdown(comparisonTitle(comparison))}`,
    `${moment(comparison.updated)}, ${escapeMarkdown(comparison.device.adapter)}`,
    ...(pending ? [`> ${escapeMarkdown(pending)}`] : []),
    ...(models.length > 0 ? results(comparison, models, curvesFile) : []),
    ...recordSections(comparison).flatMap(sectionMarkdown),
    '## How it was run',
    bullets(method(comparison, models)),
    markdownTable(['', ''], facts(comparison)),
    ...models.map(({ title, description, runs }) => {
      const options = Object.entries(runs[0]!.options).map(([name, value]) => `${name} ${value}`);
      return escapeMarkdown(`${title}: ${[description, ...options].join('; ')}`);
    }),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function results(comparison: Comparison, models: readonly ModelSummary[], curvesFile: string): string[] {
  const { classes } = comparison.data;
  return [
    markdownTable(RESULT_COLUMNS, models.map(resultRow)),
    '## What the numbers say',
    bullets(conclusions(comparison, models)),
    ...answerSections(comparison, models).flatMap(sectionMarkdown),
    '## Training',
    `![Loss and accuracy over the epochs](${curvesFile})`,
    '## Classes',
    markdownTable(
      ['Class', ...models.flatMap(m => [`${m.title} precision`, `${m.title} recall`])],
      classes.map((name, k) => [
        name,
        ...models.flatMap(({ scores }) => [percent(scores[k]!.precision, 1), percent(scores[k]!.recall, 1)]),
      ]),
    ),
    '## What was taken for what',
    ...models.flatMap(m => [
      `### ${escapeMarkdown(m.title)}`,
      'Rows are the true classes, columns what the model said.',
      markdownTable(
        ['', ...classes],
        m.confusion.map((row, i) => [classes[i]!, ...row.map(value => (value === 0 ? '' : String(value)))]),
      ),
      `Most confused: ${m.pairs.map(p => escapeMarkdown(`${p.actual} called ${p.predicted} (${count(p.count)})`)).join(', ') || 'none'}.`,
      `Worst mistakes: ${m.runs[0]!.test.worst.map(w => escapeMarkdown(`no. ${w.index} (${classes[w.label]}) called ${classes[w.predicted]} with ${percent(w.probability, 1)}`)).join(', ') || 'none'}.`,
    ]),
    ...closerSections(comparison, models).flatMap(sectionMarkdown),
  ];
}
