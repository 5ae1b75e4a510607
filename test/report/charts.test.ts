import { describe, expect, it } from 'vitest';
import { barChart, heatMap, lineChart } from '../../src/report/charts.ts';
import { curvesSvg } from '../../src/report/curves.ts';
import { niceTicks, scale } from '../../src/report/svg.ts';
import { elements, parseXml } from '../support/xml.ts';
import { makeRun } from './make.ts';

const NASTY = `a<b> & "c" 'd' \u0001]]>`;

describe('scales', () => {
  it('ticks are round, cover the data and carry no rounding dirt', () => {
    expect(niceTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(niceTicks(0.63, 0.91, 5)).toEqual([0.6, 0.7, 0.8, 0.9, 1]);
    expect(niceTicks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(niceTicks(1, 10, 8, 1)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(niceTicks(1, 4, 8, 1)).toEqual([1, 2, 3, 4]);
    expect(niceTicks(-3, 12000, 4)).toEqual([-5000, 0, 5000, 10000, 15000]);
    for (const same of [0, 5, -2]) {
      const ticks = niceTicks(same, same, 5);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks[0]).toBeLessThanOrEqual(same);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(same);
    }
  });

  it('a scale maps ends to ends, and a single value to the middle', () => {
    const y = scale([0, 10], [100, 0]);
    expect([y(0), y(10), y(2.5)]).toEqual([100, 0, 75]);
    expect(scale([3, 3], [0, 10])(3)).toBe(5);
  });
});

describe('line chart', () => {
  const chart = (points: (readonly [number, number])[]) =>
    lineChart({ title: NASTY, x: 'epoch', y: String, series: [{ name: NASTY, colour: 7, points }] });

  it('is well-formed and says in words what it shows', () => {
    const svg = parseXml(
      chart([
        [1, 0.5],
        [2, 0.25],
        [3, 0.125],
      ]).svg,
    );
    expect(svg.attributes.role).toBe('img');
    expect(svg.attributes['aria-label']).toContain('0.5 at epoch 1, 0.125 at epoch 3');
    const [path] = elements(svg, 'path');
    expect(path!.attributes.d).toMatch(/^M[\d.]+ [\d.]+L[\d.]+ [\d.]+L[\d.]+ [\d.]+$/);
    expect(elements(svg, 'circle')).toHaveLength(3);
  });

  it('leaves gaps for what is not a number, and survives one point or none', () => {
    const [path] = elements(
      parseXml(
        chart([
          [1, 1],
          [2, Number.NaN],
          [3, 2],
          [4, Number.POSITIVE_INFINITY],
        ]).svg,
      ),
      'path',
    );
    expect(path!.attributes.d!.match(/M/g)).toHaveLength(2);
    for (const points of [[], [[1, 0.5]], [[1, Number.NaN]]] as [number, number][][]) {
      const { svg } = chart(points);
      parseXml(svg);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('keeps shares within 0 and 100 %', () => {
    const { svg } = lineChart({
      title: 't',
      x: 'epoch',
      y: v => `${100 * v} %`,
      bounds: [0, 1],
      series: [
        {
          name: 's',
          colour: 0,
          points: [
            [1, 0.02],
            [2, 0.999],
          ],
        },
      ],
    });
    const ticks = elements(parseXml(svg), 'text')
      .map(t => t.text)
      .filter(t => t.endsWith('%'));
    expect(ticks.at(-1)).toBe('100 %');
    expect(ticks).not.toContain('120 %');
  });
});

describe('bars and heat maps', () => {
  it('bars are as long as their shares; none for a share of nothing', () => {
    const { svg } = barChart({
      title: 'recall',
      groups: [NASTY, 'b'],
      series: [
        { name: 'm', colour: 0, values: [1, 0.5] },
        { name: 'n', colour: 1, values: [Number.NaN, 0] },
      ],
    });
    const widths = elements(parseXml(svg), 'rect')
      .filter(r => r.attributes.height === '11')
      .map(r => Number(r.attributes.width));
    expect(widths).toHaveLength(3);
    expect(widths[1]! / widths[0]!).toBeCloseTo(0.5, 2);
    expect(widths[2]).toBe(0);
  });

  it('a heat map shows every count with its classes', () => {
    const { svg } = heatMap(
      'm',
      [
        [8, 2],
        [0, 5],
      ],
      [NASTY, 'bag'],
    );
    const root = parseXml(svg);
    const titles = elements(root, 'title').map(t => t.text);
    expect(titles).toHaveLength(4);
    expect(titles[3]).toBe('bag, called bag: 5 (100.0 %)');
    expect(elements(root, 'text').map(t => t.text)).toEqual(expect.arrayContaining(['8', '2', '5']));
  });

  it('a heat map of many or empty classes stays well-formed', () => {
    for (const n of [1, 20, 100]) {
      const names = Array.from({ length: n }, (_, i) => `class ${i}`);
      const { svg } = heatMap(
        'm',
        names.map(() => names.map(() => 0)),
        names,
      );
      parseXml(svg);
      expect(svg).not.toMatch(/NaN|Infinity/);
    }
  });
});

describe('curves.svg', () => {
  it('is a whole SVG file with training and validation of each run', () => {
    const file = curvesSvg(
      NASTY,
      [makeRun('mlp', 0.8), makeRun('cnn', 0.9)].map(r => ({ name: r.title, epochs: r.epochs })),
    );
    const root = parseXml(file);
    expect(root.name).toBe('svg');
    expect(root.attributes.xmlns).toBe('http://www.w3.org/2000/svg');
    expect(elements(root, 'path')).toHaveLength(8);
    expect(elements(root, 'style')[0]!.text).toContain('prefers-color-scheme');
    expect(elements(root, 'text').map(t => t.text)).toEqual(expect.arrayContaining(['MLP validation', 'CNN training']));
  });

  it('does without validation', () => {
    const epochs = [{ epoch: 1, loss: 1, accuracy: 0.5, seconds: 1, imagesPerSecond: 1 }];
    const root = parseXml(curvesSvg('run', [{ name: 'MLP', epochs }]));
    expect(elements(root, 'text').map(t => t.text)).not.toContain('MLP validation');
  });
});
