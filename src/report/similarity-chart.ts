import { type Chart, textWidth } from './charts.ts';
import { escapeXml } from './format.ts';
import { element, label, picture, round } from './svg.ts';

export interface SimilarityChart {
  readonly title: string;
  /** Of the rows, from above, and of the columns. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** `values[row][column]`, shaded from 0 to 1; null draws none. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** Cells smaller than this have no room for their number. */
const NUMBERED = 26;

/** How alike things are, each with each: a square for each pair, the darker the more. */
export function similarityChart({ title, rows, columns, values }: SimilarityChart): Chart {
  const cell = Math.max(10, Math.min(34, 380 / Math.max(rows.length, columns.length)));
  const fontSize = Math.min(12, cell * 0.9);
  const widest = (names: readonly string[]) => (fontSize / 12) * Math.max(...names.map(textWidth));
  const left = 12 + Math.min(170, widest(rows));
  const top = 34 + 0.8 * Math.min(170, widest(columns));
  const cells = values.flatMap((line, r) =>
    line.map((value, c) => {
      const [x, y] = [left + c * cell, top + r * cell];
      const text = value === null ? 'n/a' : value.toFixed(2);
      const strength = value === null ? 0 : Math.min(1, Math.max(0, value));
      const style = `fill: rgba(var(--hit), ${round(0.03 + 0.8 * strength)})`;
      const what = element('title', {}, escapeXml(`${rows[r]} and ${columns[c]}: ${text}`));
      const box = element('rect', { x, y, width: cell - 1, height: cell - 1, style }, what);
      if (cell < NUMBERED || value === null) return box;
      const at = { x: x + cell / 2, y: y + cell / 2 + 3.5, 'text-anchor': 'middle', 'font-size': 10 };
      return box + label(text.replace(/^0/, ''), { ...at, style: 'pointer-events: none' });
    }),
  );
  const rowNames = rows.map((name, r) =>
    label(name, { x: left - 6, y: top + (r + 0.5) * cell + 4, 'text-anchor': 'end', 'font-size': fontSize }),
  );
  const columnNames = columns.map((name, c) => {
    const [x, y] = [left + (c + 0.5) * cell, top - 7];
    return label(name, { x, y, transform: `rotate(-52 ${round(x)} ${round(y)})`, 'font-size': fontSize });
  });
  const squares = left + columns.length * cell + 0.65 * Math.min(170, widest(columns));
  // Few columns may be narrower than the heading, which names a folder. It is bold, of 14 px.
  const width = Math.max(squares, 1.25 * textWidth(title));
  const size = { width, height: top + rows.length * cell + 6 };
  const words = rows.map((name, r) => {
    const best = values[r]!.reduce<number>(
      (most, value, c) => ((value ?? -1) > (values[r]![most] ?? -1) ? c : most),
      0,
    );
    return `${name}: most like ${columns[best]} (${values[r]![best]?.toFixed(2) ?? 'n/a'}).`;
  });
  const heading = label(title, { class: 'heading', x: 0, y: 16 });
  const svg = picture(size, title, words.join(' '), heading, ...cells, ...rowNames, ...columnNames);
  return { svg, ...size };
}
