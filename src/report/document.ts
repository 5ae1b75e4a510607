import type { Chart } from './charts.ts';
import type { Picture } from './types.ts';

/**
 * A part of a report, said once and drawn twice: as HTML, and as Markdown, where charts are left to the tables beside
 * them. Texts are plain; whoever draws them makes them safe.
 */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: string; readonly muted?: boolean }
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | Table
  | { readonly kind: 'charts'; readonly charts: readonly Chart[] }
  | { readonly kind: 'pictures'; readonly items: readonly Shown[] }
  | { readonly kind: 'sheets'; readonly sheets: readonly Sheet[] };

export interface Table {
  readonly kind: 'table';
  /** For those who do not see it. */
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Of each row, the colour that its model has in the charts. */
  readonly colours?: readonly (number | undefined)[];
  /** Whether a row stays on one line, however far one has to scroll. */
  readonly oneLine?: boolean;
}

/** A test picture with what is to be said of it, the most important line first. */
export interface Shown {
  readonly picture: Picture;
  readonly alt: string;
  readonly lines: readonly string[];
}

/** A large picture, such as all filters of a layer, that is a file of its own beside the page too. */
export interface Sheet {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly picture: Picture;
  readonly alt: string;
  readonly caption: string;
}

export const text = (content: string): Block => ({ kind: 'text', text: content });
export const muted = (content: string): Block => ({ kind: 'text', text: content, muted: true });
export const heading = (content: string): Block => ({ kind: 'heading', text: content });
export const list = (items: readonly string[]): Block => ({ kind: 'list', items });
export const sheets = (...shown: readonly Sheet[]): Block => ({ kind: 'sheets', sheets: shown });
export const charts = (...drawn: readonly Chart[]): Block => ({ kind: 'charts', charts: drawn });

/** Whether a cell stands to the right, as numbers do. */
export const isNumeric = (cell = '') => cell === '' || cell === 'n/a' || /^[+−]?[\d.,]+( |$|°)/.test(cell);
