import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colour, ground } from '../theme.ts';

export interface Line {
  readonly label: string;
  /** A colour of style.css: '--c0'. */
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Marks each point: for values that are few and far between. */
  readonly marks?: boolean;
  /** Drawn thin, behind the others, without a key of its own. */
  readonly faint?: boolean;
}

/** Lines over training steps, in the style of the page. */
export function Chart({
  title,
  lines,
  format,
  height = 190,
  at,
  high,
}: {
  title: string;
  lines: readonly Line[];
  format: (value: number) => string;
  height?: number;
  /** Upper end of the axis; default the largest value. */
  high?: number;
  /** Where training stands, when that is not the end of the lines. */
  at?: number | undefined;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const theme = ground.value;
  const names = lines.map(({ label }) => label).join();
  useEffect(() => {
    const element = place.current!;
    const width = () => Math.max(element.clientWidth, 120);
    const made = new uPlot(options(lines, format, width(), height, high, mark), [[], ...lines.map(() => [])], element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: width(), height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [theme, names, height, high]);
  const mark = useRef<number | undefined>(undefined);
  useEffect(() => {
    mark.current = at;
    plot.current?.setData(align(lines));
  });
  const latest = lines.flatMap(({ label, points, faint }) => {
    const last = points[points.length - 1];
    return last && !faint ? [`${label} ${format(last[1])} at step ${last[0]}`] : [];
  });
  return (
    <figure class="chart">
      <figcaption>
        <span>{title}</span>
        {lines
          .filter(line => !line.faint)
          .map(({ label, colour: name, points }) => (
            <span key={label} class="key" style={{ '--key': `var(${name})` }}>
              {label} <b>{points.length > 0 ? format(points[points.length - 1]![1]) : '–'}</b>
            </span>
          ))}
      </figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${latest.join(', ') || 'no values yet'}`} />
    </figure>
  );
}

/** All lines over one axis, as uPlot wants them. */
function align(lines: readonly Line[]): uPlot.AlignedData {
  if (lines.every(({ points }) => points.length === 0)) return [[], ...lines.map(() => [])];
  const tables = lines.map(({ points }): uPlot.AlignedData => [points.map(([x]) => x), points.map(([, y]) => y)]);
  return uPlot.join(
    tables,
    tables.map(() => [2]),
  );
}

function options(
  lines: readonly Line[],
  format: (value: number) => string,
  width: number,
  height: number,
  high: number | undefined,
  mark: { readonly current: number | undefined },
): uPlot.Options {
  const [muted, rule] = [colour('--muted'), colour('--rule')];
  const axis = { stroke: muted, font: '12px system-ui, sans-serif', ticks: { show: false } };
  return {
    width,
    height,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    hooks: { draw: [plot => drawMark(plot, mark.current)] },
    scales: {
      x: { time: false },
      y: { range: (_, low, top) => [Math.min(0, low || 0), high ?? (top > 0 ? top * 1.05 : 1)] },
    },
    axes: [
      { ...axis, size: 28, grid: { show: false } },
      { ...axis, size: 48, grid: { stroke: rule, width: 1 }, values: (_, splits) => splits.map(format) },
    ],
    series: [
      {},
      ...lines.map(({ label, colour: name, marks = false, faint = false }) => ({
        label,
        stroke: faint ? `color-mix(in srgb, ${colour(name)} 30%, transparent)` : colour(name),
        width: faint ? 1 : 2,
        spanGaps: true,
        points: { show: marks, size: 6, fill: colour(name) },
      })),
    ],
  };
}

/** A line where training stands. */
function drawMark(plot: uPlot, at: number | undefined): void {
  if (at === undefined) return;
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(at, 'x', true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = colour('--muted');
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
