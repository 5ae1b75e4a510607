import type { ClassMetrics } from '../train/metrics.ts';
import { count, escapeXml, percent } from './format.ts';
import { COLOURS, element, label, niceTicks, picture, round, scale } from './svg.ts';

/** A picture as SVG text with its size, so that it can be placed. */
export interface Chart {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

export interface Series {
  readonly name: string;
  /** Which colour: one a model. */
  readonly colour: number;
  /** Drawn in dots: the training side of a pair. */
  readonly dashed?: boolean;
  /** (x, y); those that are not finite leave a gap. */
  readonly points: readonly (readonly [number, number])[];
}

export interface LineChart {
  readonly title: string;
  readonly x: string;
  /** Text of a value on the y axis. */
  readonly y: (value: number) => string;
  readonly series: readonly Series[];
  /** Values the y axis must show besides the data. */
  readonly include?: readonly number[];
  /** Values the y axis does not go beyond: shares stay within 0 and 1. */
  readonly bounds?: readonly [number, number];
}

/** Roughly, since there is nobody to ask for the font: width of a text of 12 px. */
export const textWidth = (text: string) => 6.6 * text.length;

/** Lines over epochs: heading, legend, axes with round values, one line a series. */
export function lineChart(chart: LineChart): Chart {
  const width = 440;
  const legend = placeLegend(chart.series, width);
  const top = 34 + legend.height;
  const height = top + 210 + 44;
  const finite = chart.series.flatMap(s => s.points).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const xs = finite.map(([x]) => x);
  const ys = [...finite.map(([, y]) => y), ...(chart.include ?? [])];
  const yTicks = ticksWithin(ys, chart.bounds);
  const yTexts = yTicks.map(chart.y);
  const left = 14 + Math.max(...yTexts.map(textWidth));
  const xDomain: [number, number] = xs.length > 0 ? [Math.min(...xs), Math.max(...xs)] : [0, 1];
  const xTicks = niceTicks(...xDomain, 8, 1).filter(t => t >= xDomain[0] && t <= xDomain[1]);
  const x = scale(xDomain, [left + 8, width - 12]);
  const y = scale([yTicks[0]!, yTicks.at(-1)!], [top + 210, top]);
  const axes = [
    ...yTicks.map((tick, i) => gridLine(left, width - 4, y(tick), yTexts[i]!)),
    ...xTicks.map(tick => label(String(tick), { x: x(tick), y: top + 227, 'text-anchor': 'middle', class: 'muted' })),
    element('line', { class: 'axis', x1: left, x2: width - 4, y1: top + 210, y2: top + 210 }),
    label(chart.x, { x: (left + width - 4) / 2, y: top + 245, 'text-anchor': 'middle', class: 'muted' }),
  ];
  const svg = picture(
    { width, height },
    chart.title,
    describeLines(chart),
    label(chart.title, { class: 'heading', x: 0, y: 16 }),
    legend.svg,
    ...axes,
    ...chart.series.map(series => drawSeries(series, x, y)),
  );
  return { svg, width, height };
}

/** A horizontal line of the grid with its value before it. */
export function gridLine(x1: number, x2: number, y: number, text: string): string {
  return (
    element('line', { class: 'grid', x1, x2, y1: y, y2: y }) +
    label(text, { x: x1 - 6, y: y + 4, 'text-anchor': 'end', class: 'muted' })
  );
}

function ticksWithin(values: readonly number[], bounds: readonly [number, number] | undefined): number[] {
  const [low, high] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const ticks = niceTicks(low, high, 5);
  return bounds ? ticks.filter(t => t >= bounds[0] - 1e-9 && t <= bounds[1] + 1e-9) : ticks;
}

function drawSeries(series: Series, x: (v: number) => number, y: (v: number) => number): string {
  const colour = series.colour % COLOURS;
  let path = '';
  let pen = 'M';
  for (const [px, py] of series.points) {
    if (Number.isFinite(px) && Number.isFinite(py)) {
      path += `${pen}${round(x(px))} ${round(y(py))}`;
      pen = 'L';
    } else pen = 'M';
  }
  // Marks where points are few: a single epoch is no line at all.
  const marks = series.points.length <= 15 && !series.dashed ? series.points : series.points.slice(0, 1);
  const dots = marks.filter(([px, py]) => Number.isFinite(px) && Number.isFinite(py));
  return (
    (path && element('path', { class: `line s${colour}${series.dashed ? ' dashed' : ''}`, d: path })) +
    dots
      .map(([px, py]) => element('circle', { class: `f${colour}`, cx: x(px), cy: y(py), r: series.dashed ? 1.5 : 2.5 }))
      .join('')
  );
}

export function placeLegend(
  series: readonly Pick<Series, 'name' | 'colour' | 'dashed'>[],
  width: number,
  mark: 'line' | 'box' = 'line',
): { svg: string; height: number } {
  // In columns; an even number of them, so that the two lines of a model stand beside each other.
  const column = 42 + Math.max(0, ...series.map(({ name }) => textWidth(name)));
  const fit = Math.max(1, Math.floor((width + 14) / column));
  const columns = fit > 1 ? fit - (fit % 2) : 1;
  const entries = series.map(({ name, colour, dashed }, i) => {
    const [x, y] = [(i % columns) * column, 36 + 18 * Math.floor(i / columns)];
    const [stroke, fill] = [`line s${colour % COLOURS}${dashed ? ' dashed' : ''}`, `f${colour % COLOURS}`];
    const sign =
      mark === 'line'
        ? element('line', { class: stroke, x1: x + 1, x2: x + 22, y1: y - 4, y2: y - 4 })
        : element('rect', { class: fill, x: x + 10, y: y - 9, width: 11, height: 10, rx: 1.5 });
    return sign + label(name, { x: x + 28, y });
  });
  return { svg: entries.join(''), height: 18 * Math.ceil(series.length / columns) };
}

function describeLines({ series, x, y }: LineChart): string {
  const lines = series.map(({ name, points }) => {
    const shown = points.filter(([, value]) => Number.isFinite(value));
    const [first, last] = [shown[0], shown.at(-1)];
    if (!first || !last) return `${name}: no values.`;
    return `${name}: ${y(first[1])} at ${x} ${first[0]}, ${y(last[1])} at ${x} ${last[0]}.`;
  });
  return lines.join(' ');
}

export interface BarChart {
  readonly title: string;
  /** One a group of bars. */
  readonly groups: readonly string[];
  /** `values[group]`, 0 to 1; NaN draws none. */
  readonly series: readonly { readonly name: string; readonly colour: number; readonly values: readonly number[] }[];
}

/** Shares as horizontal bars from 0 to 100 %, grouped, each with its number. */
export function barChart(chart: BarChart): Chart {
  const width = 440;
  const thickness = chart.series.length > 2 ? 8 : 11;
  const groupHeight = chart.series.length * (thickness + 2) + 10;
  const legend = placeLegend(chart.series, width, 'box');
  const top = 32 + legend.height;
  const height = top + chart.groups.length * groupHeight + 26;
  const left = Math.min(170, 16 + Math.max(...chart.groups.map(textWidth)));
  const x = scale([0, 1], [left, width - 46]);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    tick =>
      element('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: top, y2: height - 22 }) +
      label(percent(tick, 0), { x: x(tick), y: height - 6, 'text-anchor': 'middle', class: 'muted' }),
  );
  const bars = chart.groups.map((group, g) => {
    const y0 = top + g * groupHeight + 5;
    const middle = y0 + (chart.series.length * (thickness + 2)) / 2 + 3;
    const own = chart.series.map(({ colour, values }, s) => {
      const value = values[g]!;
      if (!Number.isFinite(value)) return '';
      const y = y0 + s * (thickness + 2);
      return (
        element('rect', {
          class: `f${colour % COLOURS}`,
          x: left,
          y,
          width: x(value) - left,
          height: thickness,
          rx: 1.5,
        }) +
        label(percent(value, 1), { x: x(value) + 4, y: y + thickness - 1.5, 'font-size': thickness > 8 ? 10.5 : 9 })
      );
    });
    return label(group, { x: left - 8, y: middle, 'text-anchor': 'end' }) + own.join('');
  });
  const text = chart.groups.map(
    (group, g) => `${group}: ${chart.series.map(s => `${s.name} ${percent(s.values[g], 1)}`).join(', ')}.`,
  );
  const heading = label(chart.title, { class: 'heading', x: 0, y: 16 });
  const svg = picture({ width, height }, chart.title, text.join(' '), heading, legend.svg, ...grid, ...bars);
  return { svg, width, height };
}

/** More classes than this have no room for numbers in the cells. */
const NUMBERED_CLASSES = 12;

/**
 * Rows are the true classes, columns what the model said. The diagonal is shaded by recall in one hue, errors by the
 * square root of their share in another, since they are what one looks for and are small.
 */
export function heatMap(title: string, confusion: readonly (readonly number[])[], classes: readonly string[]): Chart {
  const n = confusion.length;
  const cell = n <= NUMBERED_CLASSES ? 34 : Math.max(3, 400 / n);
  const named = cell >= 9;
  const side = named ? 14 + Math.min(110, Math.max(...classes.map(textWidth))) : 20;
  const top = 30 + (named ? side * 0.8 + 12 : 14);
  const [width, height] = [side + n * cell + (named ? 34 : 8), top + n * cell + 26];
  const font = Math.min(12, cell * 0.36);
  const nameSize = Math.min(12, cell * 0.9);
  const largest = Math.max(...confusion.flatMap((row, i) => row.map((v, j) => (i === j ? 0 : v / (total(row) || 1)))));
  const cells = confusion.map((row, i) =>
    row.map((value, j) => {
      const share = value / (total(row) || 1);
      const strength = i === j ? 0.12 + 0.5 * share : largest > 0 ? 0.75 * Math.sqrt(share / largest) : 0;
      const [x, y] = [side + j * cell, top + i * cell];
      const what = `${classes[i]}, called ${classes[j]}: ${count(value)} (${percent(share, 1)})`;
      const style = `fill: rgba(var(--${i === j ? 'hit' : 'miss'}), ${round(value > 0 ? strength : 0)})`;
      const gap = cell > 9 ? 1 : 0;
      const box = element(
        'rect',
        { x, y, width: cell - gap, height: cell - gap, style },
        `<title>${escapeXml(what)}</title>`,
      );
      const number = { x: x + cell / 2, y: y + cell / 2 + font * 0.35, 'text-anchor': 'middle', 'font-size': font };
      const text =
        n <= NUMBERED_CLASSES && value > 0 ? label(String(value), { ...number, style: 'pointer-events: none' }) : '';
      return box + text;
    }),
  );
  const names = named
    ? classes.flatMap((name, i) => {
        const at = (i + 0.5) * cell;
        const [x, y] = [side + at, top - 8];
        return [
          label(name, { x: side - 6, y: top + at + 4, 'text-anchor': 'end', 'font-size': nameSize }),
          label(name, { x, y, transform: `rotate(-52 ${round(x)} ${round(y)})`, 'font-size': nameSize }),
        ];
      })
    : [];
  const svg = picture(
    { width, height },
    title,
    'Confusion matrix: a row for each true class, a column for each class the model named; the cells count images.',
    label(title, { class: 'heading', x: 0, y: 16 }),
    element('rect', { class: 'grid', x: side - 0.5, y: top - 0.5, width: n * cell, height: n * cell, fill: 'none' }),
    ...cells.flat(),
    ...names,
    label('rows: what it is; columns: what the model said', { x: side, y: height - 8, class: 'muted' }),
  );
  return { svg, width, height };
}

const total = (row: readonly number[]) => row.reduce((a, b) => a + b, 0);

/** Recall of every class, one bar a model. */
export function recallChart(
  classes: readonly string[],
  models: readonly { readonly title: string; readonly scores: readonly ClassMetrics[] }[],
): Chart {
  return barChart({
    title: 'Recall: share of each class that was found',
    groups: classes,
    series: models.map(({ title, scores }, colour) => ({ name: title, colour, values: scores.map(s => s.recall) })),
  });
}
