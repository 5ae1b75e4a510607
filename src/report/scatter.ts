import { type Chart, placeLegend, textWidth } from './charts.ts';
import { escapeXml } from './format.ts';
import { COLOURS, decades, element, label, logScale, niceTicks, picture, scale } from './svg.ts';

export interface ScatterSeries {
  readonly name: string;
  readonly colour: number;
  readonly points: readonly { readonly x: number; readonly y: number; readonly what: string }[];
}

/** What stands on the x axis: numbers, evenly or by powers, or names in their order (x counts them from 0). */
export type ScatterAxis =
  | { readonly kind: 'linear' | 'log'; readonly low: number; readonly high: number }
  | { readonly kind: 'names'; readonly names: readonly string[] };

export interface ScatterChart {
  readonly title: string;
  readonly x: string;
  readonly axis: ScatterAxis;
  /** Text of a value on the y axis. */
  readonly y: (value: number) => string;
  readonly series: readonly ScatterSeries[];
}

const WIDTH = 440;
const PLOT = 210;

/** One dot for each of many measurements against something they were taken at; the dots say what they are. */
export function scatterChart(chart: ScatterChart): Chart {
  const { title, axis, series } = chart;
  const legend = series.length > 1 ? placeLegend(series, WIDTH, 'box') : { svg: '', height: 0 };
  const top = 34 + legend.height;
  const height = top + PLOT + 44;
  const values = series.flatMap(({ points }) => points.map(({ y }) => y));
  const ticks = values.length > 0 ? niceTicks(Math.min(...values), Math.max(...values), 5) : [0, 1];
  const texts = ticks.map(chart.y);
  const left = 14 + Math.max(...texts.map(textWidth));
  const y = scale([ticks[0]!, ticks.at(-1)!], [top + PLOT, top]);
  const { place, marks } = horizontal(axis, [left + 10, WIDTH - 14]);
  const grid = ticks.map(
    (tick, i) =>
      element('line', { class: 'grid', x1: left, x2: WIDTH - 4, y1: y(tick), y2: y(tick) }) +
      label(texts[i]!, { x: left - 6, y: y(tick) + 4, 'text-anchor': 'end', class: 'muted' }),
  );
  const names = marks.map(({ at, text }) =>
    label(text, { x: place(at), y: top + PLOT + 17, 'text-anchor': 'middle', class: 'muted' }),
  );
  const dots = series.flatMap(({ colour, points }) =>
    points.map(point => {
      const at = { cx: place(point.x), cy: y(point.y), r: 4 };
      return element('circle', { class: `f${colour % COLOURS}`, ...at }, element('title', {}, escapeXml(point.what)));
    }),
  );
  const all = series.flatMap(({ points }) => points.map(({ what }) => what));
  const svg = picture(
    { width: WIDTH, height },
    title,
    all.join('; '),
    label(title, { class: 'heading', x: 0, y: 16 }),
    legend.svg,
    ...grid,
    element('line', { class: 'axis', x1: left, x2: WIDTH - 4, y1: top + PLOT, y2: top + PLOT }),
    ...names,
    label(chart.x, { x: (left + WIDTH - 4) / 2, y: top + PLOT + 36, 'text-anchor': 'middle', class: 'muted' }),
    ...dots,
  );
  return { svg, width: WIDTH, height };
}

function horizontal(axis: ScatterAxis, range: readonly [number, number]) {
  if (axis.kind === 'names') {
    // Half a step of room on both sides.
    const place = scale([-0.5, axis.names.length - 0.5], range);
    return { place, marks: axis.names.map((text, at) => ({ at, text })) };
  }
  const ticks = axis.kind === 'log' ? decades(axis.low, axis.high) : niceTicks(axis.low, axis.high, 6);
  const domain = [ticks[0]!, ticks.at(-1)!] as const;
  const place = axis.kind === 'log' ? logScale(domain, range) : scale(domain, range);
  return { place, marks: ticks.map(at => ({ at, text: String(at) })) };
}
