import { type Chart, gridLine, placeLegend, textWidth } from './charts.ts';
import { COLOURS, element, label, niceTicks, picture, round, scale } from './svg.ts';

export interface HistogramSeries {
  readonly name: string;
  readonly colour: number;
  /** Bins of equal width from -range to range, as `src/study/statistics.ts` counts them. */
  readonly range: number;
  readonly counts: readonly number[];
}

const WIDTH = 330;
const INSIDE = 130;
/** Of the counts, at either end, that may lie outside of the picture: a few far values would leave no room for the others. */
const OUTSIDE = 0.001;

/** Histograms over each other as outlines: where values lie, as shares of those that are counted. */
export function histogramChart(title: string, series: readonly HistogramSeries[], x: string): Chart {
  const legend = placeLegend(series, WIDTH);
  const top = 34 + legend.height;
  const bottom = top + INSIDE;
  const height = bottom + 44;
  const size = { width: WIDTH, height };
  const shown = series.filter(({ counts }) => counts.some(count => count > 0));
  const heading = label(title, { class: 'heading', x: 0, y: 16 });
  if (shown.length === 0) {
    return {
      svg: picture(size, title, 'No values.', heading, label('no values', { x: 0, y: 60, class: 'muted' })),
      ...size,
    };
  }
  // Of equal width, whatever the ranges: what is compared is how dense values lie.
  const fine = Math.min(...shown.map(({ range, counts }) => (2 * range) / counts.length));
  const lines = shown.map(one => ({ ...one, points: densities(one, fine) }));
  const [low, high] = middle(lines.flatMap(({ points }) => points));
  const most = Math.max(...lines.flatMap(({ points }) => points.map(({ share }) => share)));
  const left = 8;
  const right = WIDTH - 8;
  const place = scale([low, high], [left, right]);
  const y = scale([0, most], [bottom, top]);
  const inside = (value: number) => Math.min(right, Math.max(left, place(value)));
  const ticks = niceTicks(low, high, 5).filter(tick => tick >= low && tick <= high);
  const outlines = lines.map(({ points, colour }) => {
    const seen = points.filter(({ from, to }) => to > low && from < high);
    const path = seen.map(
      ({ from, to, share }) => `L${round(inside(from))} ${round(y(share))}L${round(inside(to))} ${round(y(share))}`,
    );
    const [first, last] = [seen[0]!, seen.at(-1)!];
    const start = `M${round(inside(first.from))} ${bottom}`;
    return element('path', {
      class: `line s${colour % COLOURS}`,
      d: `${start}${path.join('')}L${round(inside(last.to))} ${bottom}`,
    });
  });
  const svg = picture(
    size,
    title,
    describe(lines),
    heading,
    legend.svg,
    gridLine(left, right, bottom, ''),
    ...ticks.map(tick =>
      label(String(tick), {
        x: place(tick),
        y: bottom + 17,
        'text-anchor': anchor(place(tick), String(tick)),
        class: 'muted',
      }),
    ),
    ...outlines,
    label(x, { x: (left + right) / 2, y: bottom + 35, 'text-anchor': 'middle', class: 'muted' }),
  );
  return { svg, ...size };
}

/** So that a number at the edge stays within the picture. */
function anchor(x: number, text: string): string {
  if (x - textWidth(text) / 2 < 0) return 'start';
  return x + textWidth(text) / 2 > WIDTH ? 'end' : 'middle';
}

interface Bar {
  readonly from: number;
  readonly to: number;
  /** Of all that is counted, in a width of the finest bins. */
  readonly share: number;
}

function densities({ range, counts }: HistogramSeries, fine: number): Bar[] {
  const width = (2 * range) / counts.length;
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((count, i) => {
    const from = -range + i * width;
    return { from, to: from + width, share: ((count / total) * fine) / width };
  });
}

/** From where to where nearly all lie. */
function middle(bars: readonly Bar[]): [low: number, high: number] {
  const ends = bars.filter(({ share }) => share > OUTSIDE);
  return [Math.min(...ends.map(({ from }) => from)), Math.max(...ends.map(({ to }) => to))];
}

function describe(lines: readonly (HistogramSeries & { readonly points: readonly Bar[] })[]): string {
  return lines
    .map(({ name, points }) => {
      const fullest = points.reduce((best, bar) => (bar.share > best.share ? bar : best));
      return `${name}: most values lie from ${round(fullest.from)} to ${round(fullest.to)}.`;
    })
    .join(' ');
}
