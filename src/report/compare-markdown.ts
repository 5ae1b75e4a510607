import { answers } from './answers.ts';
import { conclusions, method } from './conclusions.ts';
import { count, moment, percent } from './format.ts';
import { RESULT_COLUMNS, resultRow } from './result-row.ts';
import { type ModelSummary, summarize } from './summary.ts';
import { comparisonTitle, facts, pendingText, waiting } from './texts.ts';
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
    ...questions(comparison),
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
  ];
}

function questions(comparison: Comparison): string[] {
  return answers(comparison).flatMap(({ question, sentences, open }) => [
    `## ${escapeMarkdown(question.asks)}`,
    ...(sentences.length > 0 ? [bullets(sentences)] : []),
    escapeMarkdown(`Control: ${question.control}${open > 0 ? ` ${waiting(open)}` : ''}`),
  ]);
}

const bullets = (lines: readonly string[]) => lines.map(line => `- ${escapeMarkdown(line)}`).join('\n');

/** A table of GitHub's kind; numbers stand right, names left. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  const numeric = (cell = '') => cell === '' || cell === 'n/a' || /^[\d−.,]+( |$)/.test(cell);
  const rule = head.map((_, i) => (i > 0 && rows.every(row => numeric(row[i])) ? '---:' : '---'));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** Takes their meaning from characters that Markdown, its tables or the HTML in it would act on. */
export function escapeMarkdown(text: string): string {
  return (
    text
      .replace(/\r?\n/g, ' ')
      .replace(/[\\`*[\]|~]/g, c => `\\${c}`)
      // Within a word an underscore is only itself.
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
  );
}
