import { type Chart, placeLegend } from './charts.ts';
import { escapeXml } from './format.ts';
import { COLOURS, element, label, picture, scale } from './svg.ts';

export interface PointChart {
  readonly title: string;
  readonly groups: readonly string[];
  readonly points: readonly { readonly x: number; readonly y: number; readonly group: number; readonly what: string }[];
}

const SIDE = 440;

/**
 * Points in a plane whose axes mean nothing, such as an embedding: of the colour of their group, and as rings where there are
 * more groups than colours.
 */
export function pointChart({ title, groups, points }: PointChart): Chart {
  const isRing = (group: number) => group >= COLOURS && group < 2 * COLOURS;
  const legend = placeLegend(
    groups.map((name, colour) => ({ name: isRing(colour) ? `${name} (rings)` : name, colour })),
    SIDE,
    'box',
  );
  const top = 34 + legend.height;
  const x = scale(ends(points.map(point => point.x)), [8, SIDE - 8]);
  const y = scale(ends(points.map(point => point.y)), [top + SIDE - 8, top + 8]);
  const marks = points.map(point => {
    const colour = point.group % COLOURS;
    const at = { cx: x(point.x), cy: y(point.y) };
    const what = element('title', {}, escapeXml(point.what));
    return isRing(point.group)
      ? element('circle', { class: `s${colour}`, fill: 'none', 'stroke-width': 1.5, r: 2.5, ...at }, what)
      : element('circle', { class: `f${colour}`, r: 2.5, ...at }, what);
  });
  const frame = { class: 'grid', fill: 'none', x: 0.5, y: top + 0.5, width: SIDE - 1, height: SIDE - 1 };
  const size = { width: SIDE, height: top + SIDE };
  const counts = groups.map((name, g) => `${name}: ${points.filter(({ group }) => group === g).length} points.`);
  const heading = label(title, { class: 'heading', x: 0, y: 16 });
  const svg = picture(size, title, counts.join(' '), heading, legend.svg, element('rect', frame), ...marks);
  return { svg, ...size };
}

const ends = (values: readonly number[]): [number, number] =>
  values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
