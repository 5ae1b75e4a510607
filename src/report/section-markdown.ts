import { type Block, isNumeric, type Section } from './document.ts';

/** A part of the report as blocks of Markdown. Charts are left out: the tables beside them hold their numbers. */
export function sectionMarkdown({ title, blocks }: Section): string[] {
  return [`## ${escapeMarkdown(title)}`, ...blocks.flatMap(blockMarkdown)];
}

function blockMarkdown(block: Block): string[] {
  switch (block.kind) {
    case 'text':
      return [escapeMarkdown(block.text)];
    case 'heading':
      return [`### ${escapeMarkdown(block.text)}`];
    case 'list':
      return block.items.length > 0 ? [bullets(block.items)] : [];
    case 'charts':
      return [];
    case 'table':
      return [markdownTable(block.head, block.rows)];
    case 'sheets':
      return [bullets(block.sheets.map(({ caption }) => caption))];
    case 'pictures':
      return [bullets(block.items.map(({ lines }) => lines.join(', ')))];
  }
}

export const bullets = (lines: readonly string[]) => lines.map(line => `- ${escapeMarkdown(line)}`).join('\n');

/** A table of GitHub's kind; numbers stand right, names left. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  const rule = head.map((_, i) => (i > 0 && rows.every(row => isNumeric(row[i])) ? '---:' : '---'));
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
