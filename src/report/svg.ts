import { escapeXml } from './format.ts';

/** An SVG element as text. Attributes that are undefined are left out; numbers are rounded to hundredths of a pixel. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly string[]
): string {
  const set = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const text = set.map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeXml(value!)}"`);
  const open = `<${name}${text.join('')}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${name}>`;
}

/** A text element with its content made safe. */
export function label(content: string, attributes: Readonly<Record<string, string | number | undefined>>): string {
  return element('text', attributes, escapeXml(content));
}

export function round(value: number): string {
  return String(Math.round(value * 100) / 100 || 0);
}

/** A linear map from the data to the picture. */
export function scale(domain: readonly [number, number], range: readonly [number, number]): (value: number) => number {
  const [d0, d1] = domain;
  const [r0, r1] = range;
  // A domain of one point has no direction; it goes to the middle.
  return value => (d1 === d0 ? (r0 + r1) / 2 : r0 + ((value - d0) / (d1 - d0)) * (r1 - r0));
}

/** The same by powers: a factor of ten is as long everywhere. All values must be above 0. */
export function logScale(
  domain: readonly [number, number],
  range: readonly [number, number],
): (value: number) => number {
  const linear = scale([Math.log10(domain[0]), Math.log10(domain[1])], range);
  return value => linear(Math.log10(value));
}

/** Powers of ten from the last one below `low` to the first one above `high`. */
export function decades(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(high) - 1e-9));
  // From text, since 10 ** -3 is not 0.001 to the last bit everywhere.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(`1e${first + i}`));
}

/**
 * Round values (1, 2 or 5 times a power of ten apart) that cover low to high, about `about` of them. The first and the
 * last are the ends of the axis.
 */
export function niceTicks(low: number, high: number, about: number, smallest = 0): number[] {
  if (!(high > low)) return niceTicks(low - (Math.abs(low) || 1) / 2, low + (Math.abs(low) || 1) / 2, about, smallest);
  const raw = Math.max((high - low) / Math.max(1, about), smallest);
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = raw / power;
  const step = power * (factor <= 1.0001 ? 1 : factor <= 2.0001 ? 2 : factor <= 5.0001 ? 5 : 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  // Multiples, not running sums, and cut to the step's digits: 0.3, not 0.30000000000000004.
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(digits)));
}

/** A picture with its name and content in words for those who do not see it. `content` is in units of the view box. */
export function picture(
  size: { width: number; height: number },
  title: string,
  description: string,
  ...content: readonly string[]
): string {
  const { width, height } = size;
  const viewBox = `0 0 ${round(width)} ${round(height)}`;
  return element(
    'svg',
    { class: 'chart', role: 'img', 'aria-label': `${title}. ${description}`, viewBox, width, height },
    ...content,
  );
}

/**
 * Colours by Okabe and Ito, "Color Universal Design" (2008): told apart by all kinds of colour vision. On a dark ground their
 * lighter relatives.
 */
export const CHART_CSS = `
.chart { --ink: #1d2330; --muted: #5c6474; --grid: #e4e7ed; --paper: #ffffff;
  --c0: #0072b2; --c1: #d55e00; --c2: #00856a; --c3: #a24a80; --c4: #8a6d00; --c5: #3a3f8f;
  --hit: 0, 114, 178; --miss: 213, 94, 0;
  font-family: system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; font-size: 12px; }
.chart text { fill: var(--ink); }
.chart .heading { font-size: 14px; font-weight: 600; }
.chart .muted { fill: var(--muted); }
.chart .grid { stroke: var(--grid); stroke-width: 1; }
.chart .axis { stroke: var(--muted); stroke-width: 1; }
.chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.chart .dashed { stroke-dasharray: 2 5; }
.chart .paper { fill: var(--paper); }
${[0, 1, 2, 3, 4, 5].map(i => `.chart .s${i} { stroke: var(--c${i}); } .chart .f${i} { fill: var(--c${i}); }`).join('\n')}
@media (prefers-color-scheme: dark) {
  .chart { --ink: #e8eaf0; --muted: #a3abba; --grid: #2e3442; --paper: #14171f;
    --c0: #56b4e9; --c1: #f58b4c; --c2: #35c9a5; --c3: #dd8fbd; --c4: #e3c03c; --c5: #9aa2ff;
    --hit: 86, 180, 233; --miss: 245, 139, 76; }
}`.trim();

/** How many colours there are; further series start anew. */
export const COLOURS = 6;

/** Charts below one another or side by side as one SVG file that needs nothing else. */
export function standalone(
  title: string,
  charts: readonly { svg: string; width: number; height: number }[],
  columns: number,
): string {
  const gap = 24;
  const cellWidth = Math.max(...charts.map(chart => chart.width));
  const cellHeight = Math.max(...charts.map(chart => chart.height));
  const rows = Math.ceil(charts.length / columns);
  const width = gap + Math.min(columns, charts.length) * (cellWidth + gap);
  const height = gap + rows * (cellHeight + gap);
  const placed = charts.map(({ svg }, i) => {
    const x = gap + (i % columns) * (cellWidth + gap);
    const y = gap + Math.floor(i / columns) * (cellHeight + gap);
    return element('g', { transform: `translate(${x} ${y})` }, svg);
  });
  const file = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'chart',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
    },
    element('title', {}, escapeXml(title)),
    element('style', {}, escapeXml(CHART_CSS)),
    element('rect', { class: 'paper', width, height }),
    ...placed,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${file}\n`;
}
