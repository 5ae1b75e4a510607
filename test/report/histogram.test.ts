import { describe, expect, it } from 'vitest';
import { histogramChart } from '../../src/report/histogram.ts';
import { elements, parseXml } from '../support/xml.ts';

/** Corners of an outline, in pixels. */
function corners(path: string): [x: number, y: number][] {
  return [...path.matchAll(/[ML](\S+?) ([^LM]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

const outlines = (svg: string) =>
  elements(parseXml(svg), 'path')
    .filter(({ attributes }) => attributes.class?.startsWith('line'))
    .map(({ attributes }) => corners(attributes.d!));

describe('a chart of histograms', () => {
  it('draws the same values alike, however wide the bins are that counted them', () => {
    // Ten values in [0, 1): in one bin of 1, and in the same place as two bins of 1/2 with five each.
    const { svg } = histogramChart(
      'weights',
      [
        { name: 'wide', colour: 0, range: 2, counts: [0, 0, 10, 0] },
        { name: 'narrow', colour: 1, range: 1, counts: [0, 0, 5, 5] },
      ],
      'weight',
    );
    const [wide, narrow] = outlines(svg).map(points => ({
      height: Math.min(...points.map(([, y]) => y)),
      left: Math.min(...points.map(([x]) => x)),
      right: Math.max(...points.map(([x]) => x)),
    }));
    expect(narrow).toEqual(wide);
  });

  it('leaves out what few values far away would take of the width', () => {
    const counts = Array.from({ length: 64 }, (_, i) => (i === 32 ? 100_000 : i === 63 ? 1 : 0));
    const { svg, width } = histogramChart('outputs', [{ name: 'one', colour: 0, range: 64, counts }], 'output');
    // The one full bin goes over the whole width.
    const [points] = outlines(svg);
    expect(Math.max(...points!.map(([x]) => x)) - Math.min(...points!.map(([x]) => x))).toBeGreaterThan(0.9 * width);
  });

  it('says that there are no values', () => {
    const { svg } = histogramChart('nothing', [{ name: 'one', colour: 0, range: 0, counts: [0, 0] }], 'x');
    expect(svg).toContain('no values');
    expect(outlines(svg)).toEqual([]);
  });
});
