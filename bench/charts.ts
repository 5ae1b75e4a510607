/** The pictures of a benchmark page: a roofline, ladders of variants, growth curves. Text, made without a DOM. */
import { type Chart, placeLegend, textWidth } from '../src/report/charts.ts';
import { escapeXml } from '../src/report/format.ts';
import { type Frame, placeRoofline, type Roof, type RoofLines } from '../src/report/roofline-plot.ts';
import { COLOURS, decades, element, label, logScale, niceTicks, picture, round, scale } from '../src/report/svg.ts';
import type { PeerKind, Roofline } from './results.ts';

/** A contender as a picture shows it: a colour of its own, and a shape that says what kind it is. */
export interface Contender {
  readonly name: string;
  readonly kind: PeerKind;
  readonly colour: number;
}

export interface RoofPoint {
  readonly contender: Contender;
  /** Operations for each byte that must move. */
  readonly intensity: number;
  readonly gflops: number;
  /** Shown when pointed at. */
  readonly title: string;
}

const HEIGHT = 300;

/** A round mark is weft, a square one another WebGPU library, a diamond anything else: told apart without colours too. */
function mark({ kind, colour }: Contender, x: number, y: number, size: number, title: string): string {
  const shape = { class: `f${colour % COLOURS}`, 'fill-opacity': 0.8 };
  const text = title ? [element('title', {}, escapeXml(title))] : [];
  if (kind === 'weft') return element('circle', { ...shape, cx: x, cy: y, r: size }, ...text);
  const half = size * 0.85;
  const turn = kind === 'webgpu' ? undefined : `rotate(45 ${round(x)} ${round(y)})`;
  const box = { x: x - half, y: y - half, width: 2 * half, height: 2 * half, transform: turn };
  return element('rect', { ...shape, ...box }, ...text);
}

function legendOf(contenders: readonly Contender[], width: number): { svg: string; height: number } {
  const column = 30 + Math.max(...contenders.map(({ name }) => textWidth(name)));
  const columns = Math.max(1, Math.floor((width + 10) / column));
  const entries = contenders.map((contender, i) => {
    const [x, y] = [(i % columns) * column, 38 + 18 * Math.floor(i / columns)];
    return mark(contender, x + 7, y - 4, 4.5, '') + label(contender.name, { x: x + 18, y });
  });
  return { svg: entries.join(''), height: 18 * Math.ceil(contenders.length / columns) };
}

/** Grid lines at round values with their texts. */
function axes(
  { left, right, top, bottom }: Frame,
  x: { at: (value: number) => number; ticks: readonly number[]; title: string },
  y: { at: (value: number) => number; ticks: readonly number[]; title: string },
): string {
  return [
    ...y.ticks.map(
      tick =>
        element('line', { class: 'grid', x1: left, x2: right, y1: y.at(tick), y2: y.at(tick) }) +
        label(short(tick), { x: left - 6, y: y.at(tick) + 4, 'text-anchor': 'end', class: 'muted' }),
    ),
    ...x.ticks.map(
      tick =>
        element('line', { class: 'grid', x1: x.at(tick), x2: x.at(tick), y1: top, y2: bottom }) +
        label(short(tick), { x: x.at(tick), y: bottom + 17, 'text-anchor': 'middle', class: 'muted' }),
    ),
    element('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    label(x.title, { x: (left + right) / 2, y: bottom + 35, 'text-anchor': 'middle', class: 'muted' }),
    label(y.title, { x: left - 6, y: top - 8, class: 'muted', 'text-anchor': 'start' }),
  ].join('');
}

const short = (value: number) => (value >= 1e4 ? value.toExponential(0).replace('+', '') : String(value));

/** Kernels under the roof of a device: see roofline-plot.ts. */
export function rooflineChart(title: string, points: readonly RoofPoint[], roof: Roofline | undefined): Chart {
  const width = 620;
  const contenders = [...new Set(points.map(point => point.contender))];
  const legend = legendOf(contenders, width);
  const top = 62 + legend.height;
  const frame = { left: 52, right: width - 24, top, bottom: top + HEIGHT };
  const roofAt = roof && { gflops: roof.gflops.median, gigabytesPerSecond: roof.gigabytesPerSecond.median };
  const { x, y, xTicks, yTicks, roof: lines } = placeRoofline(points, roofAt, frame);
  const sorted = [...points].sort((a, b) => Number(a.contender.kind === 'weft') - Number(b.contender.kind === 'weft'));
  const description = contenders.map(contender => {
    const own = points.filter(point => point.contender === contender).map(point => point.gflops);
    return `${contender.name}: ${own.length} kernels, ${Math.min(...own).toPrecision(2)} to ${Math.max(...own).toPrecision(2)} GFLOP/s.`;
  });
  const svg = picture(
    { width, height: frame.bottom + 42 },
    title,
    description.join(' '),
    label(title, { class: 'heading', x: 0, y: 16 }),
    legend.svg,
    axes(
      frame,
      { at: x, ticks: xTicks, title: 'operations for each byte that must move' },
      { at: y, ticks: yTicks, title: 'GFLOP/s' },
    ),
    lines && roofAt ? roofLines(lines, roofAt) : '',
    ...sorted.map(({ contender, intensity, gflops, title: text }) =>
      mark(contender, x(intensity), y(gflops), 4.5, text),
    ),
  );
  return { svg, width, height: frame.bottom + 42 };
}

function roofLines({ path, peak: [right, top], slope }: RoofLines, { gflops, gigabytesPerSecond }: Roof): string {
  const [px, py] = [slope.x, slope.y - 7];
  return (
    element('path', { class: 'axis', fill: 'none', 'stroke-width': 2, d: path }) +
    label(`${gflops.toPrecision(3)} GFLOP/s`, { x: right - 4, y: top - 7, 'text-anchor': 'end', class: 'muted' }) +
    label(`${gigabytesPerSecond.toPrecision(3)} GB/s`, {
      ...{ x: px, y: py, 'text-anchor': 'middle', class: 'muted' },
      transform: `rotate(${round(slope.angle)} ${round(px)} ${round(py)})`,
    })
  );
}

export interface LadderBar {
  readonly name: string;
  readonly value: number;
  /** Behind the number: that this one was chosen, or what it gives up. */
  readonly note: string;
  /** Gives something up for speed. */
  readonly traded: boolean;
}

/** The variants of one kernel as bars, from the plain one up. */
export function ladderChart(title: string, unit: string, bars: readonly LadderBar[]): Chart {
  const width = 440;
  const [thickness, step] = [14, 22];
  const left = 14 + 1.1 * Math.max(...bars.map(bar => textWidth(bar.name)));
  const [top, height] = [30, 30 + bars.length * step + 24];
  const ticks = niceTicks(0, Math.max(...bars.map(bar => bar.value)), 4);
  const x = scale([0, ticks.at(-1)!], [left, width - 100]);
  const grid = ticks.map(
    tick =>
      element('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: top, y2: height - 22 }) +
      label(short(tick), { x: x(tick), y: height - 6, 'text-anchor': 'middle', class: 'muted' }),
  );
  const drawn = bars.map(({ name, value, note, traded }, i) => {
    const y = top + i * step + 4;
    const bar = { x: left, y, width: Math.max(1, x(value) - left), height: thickness, rx: 1.5 };
    const text = `${value.toPrecision(3)} ${note}`.trim();
    return (
      label(name, { x: left - 8, y: y + 11, 'text-anchor': 'end' }) +
      element('rect', { class: traded ? 'f1' : 'f0', ...bar }) +
      label(text, { x: x(value) + 5, y: y + 11, 'font-size': 11 })
    );
  });
  const description = bars.map(({ name, value }) => `${name}: ${value.toPrecision(3)} ${unit}.`).join(' ');
  const unitLabel = label(unit, { x: width - 4, y: height - 6, 'text-anchor': 'end', class: 'muted' });
  const heading = label(title, { class: 'heading', x: 0, y: 16 });
  return { svg: picture({ width, height }, title, description, heading, ...grid, ...drawn, unitLabel), width, height };
}

export interface Growth {
  readonly contender: Contender;
  /** (size, milliseconds) in order. */
  readonly points: readonly (readonly [number, number])[];
}

/** How time grows with size, both by powers: a straight line of slope 1 is proportional. */
export function growthChart(title: string, axis: string, curves: readonly Growth[]): Chart {
  const width = 440;
  const series = curves.map(({ contender: { name, colour } }) => ({ name, colour }));
  const legend = placeLegend(series, width);
  const top = 62 + legend.height;
  const frame = { left: 46, right: width - 10, top, bottom: top + 210 };
  const all = curves.flatMap(curve => curve.points);
  const sizes = [...new Set(all.map(([size]) => size))].sort((a, b) => a - b);
  const yTicks = decades(Math.min(...all.map(([, ms]) => ms)), Math.max(...all.map(([, ms]) => ms)));
  const x = logScale([sizes[0]!, sizes.at(-1)!], [frame.left + 12, frame.right - 12]);
  const y = logScale([yTicks[0]!, yTicks.at(-1)!], [frame.bottom, frame.top]);
  const lines = curves.map(({ contender, points }) => {
    const d = points.map(([size, ms], i) => `${i ? 'L' : 'M'}${round(x(size))} ${round(y(ms))}`).join('');
    const marks = points.map(([size, ms]) =>
      mark(contender, x(size), y(ms), 3, `${contender.name}, ${axis} ${size}: ${ms.toPrecision(3)} ms`),
    );
    return element('path', { class: `line s${contender.colour % COLOURS}`, d }) + marks.join('');
  });
  const description = curves.map(({ contender, points }) => {
    const [first, last] = [points[0]!, points.at(-1)!];
    return `${contender.name}: ${first[1].toPrecision(3)} ms at ${axis} ${first[0]}, ${last[1].toPrecision(3)} ms at ${axis} ${last[0]}.`;
  });
  const svg = picture(
    { width, height: frame.bottom + 42 },
    title,
    description.join(' '),
    label(title, { class: 'heading', x: 0, y: 16 }),
    legend.svg,
    axes(frame, { at: x, ticks: sizes, title: axis }, { at: y, ticks: yTicks, title: 'ms' }),
    ...lines,
  );
  return { svg, width, height: frame.bottom + 42 };
}
