import type { Block, Section, Table } from './document.ts';
import { isNumeric } from './document.ts';
import { type Html, html, raw } from './html.ts';
import { pngAddress } from './pictures.ts';
import { COLOURS } from './svg.ts';

/** A part of the page. */
export function sectionHtml({ title, blocks }: Section): Html {
  return html`<section>
<h2>${title}</h2>
${blocksHtml(blocks)}
</section>
`;
}

/** What a part consists of, without its title. `BLOCK_CSS` is their style. */
export const blocksHtml = (blocks: readonly Block[]): Html => html`${blocks.map(blockHtml)}`;

/** A square in the colour that a model has in the charts. */
export const chip = (i: number) => html`<span class="chip k${i % COLOURS}" aria-hidden="true"></span>`;

/** A table that scrolls by itself where the screen is too narrow, also by keyboard. */
export function scrolling(name: string, content: Html, oneLine = false): Html {
  const kind = oneLine ? raw(' class="lines"') : undefined;
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table${kind}>${content}</table></div>`;
}

function blockHtml(block: Block): Html {
  switch (block.kind) {
    case 'text':
      return block.muted ? html`<p class="muted">${block.text}</p>` : html`<p>${block.text}</p>`;
    case 'heading':
      return html`<h3>${block.text}</h3>`;
    case 'list':
      return html`<ul>${block.items.map(item => html`<li>${item}</li>`)}</ul>`;
    case 'charts':
      return html`<div class="charts">${block.charts.map(chart => raw(chart.svg))}</div>`;
    case 'table':
      return scrolling(block.name, tableHtml(block), block.oneLine);
    case 'pictures':
      return html`<ul class="mistakes">${block.items.map(({ picture, alt, lines: [first, ...others] }) => {
        const { width, height } = picture;
        return html`<li><img src="${pngAddress(picture)}" width="${width}" height="${height}" alt="${alt}">
<b>${first}</b>${others.map(line => html`<br>${line}`)}</li>`;
      })}</ul>`;
    case 'sheets':
      return html`<div class="sheets">${block.sheets.map(({ picture, alt, caption }) => {
        const { width, height } = picture;
        return html`<figure><img src="${pngAddress(picture)}" width="${width}" height="${height}" alt="${alt}">
<figcaption>${caption}</figcaption></figure>`;
      })}</div>`;
  }
}

function tableHtml({ head, rows, colours }: Table): Html {
  const right = head.map((_, i) => i > 0 && rows.every(row => isNumeric(row[i])));
  const cell = (content: string, i: number, row: number) => {
    if (i > 0) return html`<td${right[i] ? raw(' class="n"') : undefined}>${content}</td>`;
    const colour = colours?.[row];
    return html`<th scope="row">${colour === undefined ? undefined : chip(colour)}${content}</th>`;
  };
  return html`<thead><tr>${head.map((name, i) => html`<th scope="col"${right[i] ? raw(' class="n"') : undefined}>${name}</th>`)}</tr></thead>
<tbody>${rows.map((row, r) => html`<tr>${row.map((content, i) => cell(content, i, r))}</tr>`)}</tbody>`;
}
