import { type Chart, gridLine, placeLegend, textWidth } from './charts.ts';
import { COLOURS, decades, element, label, logScale, niceTicks, picture, round, scale } from './svg.ts';

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** Ends of an error bar. */
  readonly low?: number;
  readonly high?: number;
  /** Drawn as a ring: a mark whose meaning the text beside the chart gives. */
  readonly ring?: boolean;
  /** Written above the mark. */
  readonly name?: string;
}

export interface PlotSeries {
  readonly name: string;
  readonly colour: number;
  readonly points: readonly PlotPoint[];
}

export interface Plot {
  readonly title: string;
  /** `ticks`: round values of a logarithmic axis that is not of tens. */
  readonly x: {
    readonly title: string;
    readonly text: (value: number) => string;
    readonly log?: boolean;
    readonly ticks?: readonly number[];
  };
  /** Text of a value on the y axis. */
  readonly y: (value: number) => string;
  readonly series: readonly PlotSeries[];
  /** Whether the points of a series are joined, in the order of x. */
  readonly lines: boolean;
  /** Whether the line y = x is drawn, and both axes go from 0 to 1. */
  readonly diagonal?: boolean;
}

const WIDTH = 440;
const INSIDE = 200;
/** Room between a mark and the end of an axis. */
const MARGIN = 10;

/** Points over a linear or logarithmic axis, with error bars and lines where there are any. y stays within 0 to 1. */
export function plot(chart: Plot): Chart {
  const legend = placeLegend(chart.series, WIDTH, chart.lines ? 'line' : 'box');
  const top = 34 + legend.height;
  const bottom = top + INSIDE;
  const height = bottom + 44;
  const points = chart.series.flatMap(series => series.points).filter(isDrawn);
  const yTicks = chart.diagonal ? niceTicks(0, 1, 5) : yTicksOf(points);
  const yTexts = yTicks.map(chart.y);
  const left = 14 + Math.max(...yTexts.map(textWidth));
  const right = WIDTH - 12;
  const { ticks, place } = xAxis(chart, points, [left + MARGIN, right - MARGIN]);
  const y = scale([yTicks[0]!, yTicks.at(-1)!], [bottom, top]);
  const axes = [
    ...yTicks.map((tick, i) => gridLine(left, right, y(tick), yTexts[i]!)),
    ...thin(ticks, place, chart.x.text).map(tick =>
      label(chart.x.text(tick), { x: place(tick), y: bottom + 17, 'text-anchor': 'middle', class: 'muted' }),
    ),
    element('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    label(chart.x.title, { x: (left + right) / 2, y: bottom + 35, 'text-anchor': 'middle', class: 'muted' }),
  ];
  const diagonal = chart.diagonal
    ? [element('line', { class: 'axis dashed', x1: place(0), y1: y(0), x2: place(1), y2: y(1) })]
    : [];
  const svg = picture(
    { width: WIDTH, height },
    chart.title,
    describe(chart),
    label(chart.title, { class: 'heading', x: 0, y: 16 }),
    legend.svg,
    ...axes,
    ...diagonal,
    ...chart.series.map(series => drawSeries(series, chart.lines, place, y)),
  );
  return { svg, width: WIDTH, height };
}

const isDrawn = ({ x, y }: PlotPoint) => Number.isFinite(x) && Number.isFinite(y);

/** Close around the data, since what is compared are shares near one another; never outside of 0 to 1. */
function yTicksOf(points: readonly PlotPoint[]): number[] {
  if (points.length === 0) return [0, 1];
  const low = Math.min(...points.map(({ y, low = y }) => low));
  const high = Math.max(...points.map(({ y, high = y }) => high));
  return niceTicks(low, high, 5, 0.005).filter(tick => tick >= -1e-9 && tick <= 1 + 1e-9);
}

function xAxis({ x, diagonal }: Plot, points: readonly PlotPoint[], range: readonly [number, number]) {
  const values = points.map(point => point.x);
  const [low, high] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [1, 10];
  if (diagonal) return { ticks: niceTicks(0, 1, 5), place: scale([0, 1], range) };
  if (!x.log) {
    return { ticks: niceTicks(low, high, 6).filter(t => t >= low && t <= high), place: scale([low, high], range) };
  }
  // One value alone has no decade; it stands in the middle of one.
  const [first, last] = low < high ? [low, high] : [low / 3, high * 3];
  const place = logScale([first, last], range);
  const within = (ticks: readonly number[]) => ticks.filter(t => t >= first * 0.999 && t <= last * 1.001);
  const whole = within(decades(first, last));
  const fine = within(decades(first / 10, last).flatMap(d => [d, 2 * d, 5 * d]));
  if (x.ticks) return { ticks: within(x.ticks), place };
  return { ticks: whole.length >= 3 ? whole : fine, place };
}

/** Without those that would run into the one before. */
function thin(ticks: readonly number[], place: (value: number) => number, text: (value: number) => string): number[] {
  let end = Number.NEGATIVE_INFINITY;
  return ticks.filter(tick => {
    const half = textWidth(text(tick)) / 2 + 4;
    if (place(tick) - half < end) return false;
    end = place(tick) + half;
    return true;
  });
}

function drawSeries(series: PlotSeries, lines: boolean, x: (v: number) => number, y: (v: number) => number): string {
  const colour = series.colour % COLOURS;
  const points = [...series.points].filter(isDrawn).sort((a, b) => a.x - b.x);
  const path = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${round(x(point.x))} ${round(y(point.y))}`).join('');
  const line = lines && points.length > 1 ? element('path', { class: `line s${colour}`, d: path }) : '';
  const marks = points.map(point => {
    const [cx, cy] = [x(point.x), y(point.y)];
    const { low, high, ring, name } = point;
    const bar =
      low === undefined || high === undefined || low === high
        ? ''
        : element('line', { class: `line s${colour}`, x1: cx, x2: cx, y1: y(low), y2: y(high) });
    const shape = { cx, cy, r: ring ? 4.5 : lines ? 3 : 5 };
    const dot = ring
      ? element('circle', { class: `paper s${colour}`, 'stroke-width': 2, ...shape })
      : element('circle', { class: `f${colour}`, ...shape });
    const above = high === undefined ? cy : y(high);
    return bar + dot + (name ? label(name, { x: cx, y: above - 7, 'text-anchor': 'middle', 'font-size': 10.5 }) : '');
  });
  return line + marks.join('');
}

function describe({ series, x, y }: Plot): string {
  return series
    .map(({ name, points }) => {
      const shown = points.filter(isDrawn);
      if (shown.length === 0) return `${name}: no values.`;
      return `${name}: ${shown.map(point => `${y(point.y)} at ${x.text(point.x)}`).join(', ')}.`;
    })
    .join(' ');
}
