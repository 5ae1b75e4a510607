import { escapeXml } from './format.ts';

/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

type Content = Html | string | number | undefined | readonly Content[];

/** Template for HTML: what is put in is escaped, unless it is `Html` itself. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(parts.reduce((text, part, i) => text + render(values[i - 1]) + part));
}

function render(value: Content): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  // A number and its percent sign stay on one line, and so do p and its value.
  return escapeXml(String(value))
    .replace(/(\d) %/g, '$1&nbsp;%')
    .replace(/\bp (=|&#60;) (?=\d)/g, 'p&nbsp;$1&nbsp;');
}

/** Text from our own generators (SVG, style sheets) as HTML. */
export const raw = (text: string) => new Html(text);
