import { describe, expect, it } from 'vitest';
import { pointChart } from '../../../src/report/point-chart.ts';
import { similarityChart } from '../../../src/report/similarity-chart.ts';
import { elements, parseXml } from '../../support/xml.ts';

const NASTY = `a<b> & "c" 'd' \u0001]]>`;

describe('a chart of similarities', () => {
  it('has a square for each pair, says each number, and leaves out what is none', () => {
    const { svg } = similarityChart({
      ...{ title: NASTY, rows: ['conv1', NASTY], columns: ['conv1', 'dense', 'logits'] },
      values: [
        [1, 0.5, 0.25],
        [null, 0.125, -0.01],
      ],
    });
    const root = parseXml(svg);
    expect(elements(root, 'rect')).toHaveLength(6);
    const titles = elements(root, 'title').map(({ text }) => text);
    expect(titles[1]).toBe('conv1 and dense: 0.50');
    expect(titles[3]).toContain('n/a');
    expect(root.attributes['aria-label']).toContain('conv1: most like conv1 (1.00).');
    expect(svg).not.toMatch(/NaN|undefined/);
    // The darkest square is the most similar pair.
    const strength = elements(root, 'rect').map(({ attributes }) => Number(/, ([\d.]+)\)/.exec(attributes.style!)![1]));
    expect(strength.indexOf(Math.max(...strength))).toBe(0);
  });

  it('is as wide as a heading that names a long folder', () => {
    const chart = (title: string) => similarityChart({ title, rows: ['a'], columns: ['b'], values: [[1]] });
    // 14 px and bold: 8 px for each of its 60 letters.
    expect(chart('n'.repeat(60)).width).toBeGreaterThan(480);
    expect(chart('n').width).toBeLessThan(100);
  });

  it('stays well-formed with many layers', () => {
    const names = Array.from({ length: 60 }, (_, i) => `stage${i}.block.conv`);
    parseXml(
      similarityChart({ title: 'm', rows: names, columns: names, values: names.map(() => names.map(() => 0.5)) }).svg,
    );
  });
});

describe('a chart of points', () => {
  it('draws rings where there are more groups than colours, and keeps within its frame', () => {
    const groups = Array.from({ length: 8 }, (_, g) => (g === 7 ? NASTY : `class ${g}`));
    const points = groups.map((_, group) => ({ x: group - 3, y: 100 * group, group, what: `${NASTY} ${group}` }));
    const { svg, width, height } = pointChart({ title: NASTY, groups, points });
    const circles = elements(parseXml(svg), 'circle');
    expect(circles.map(({ attributes }) => attributes.fill === 'none')).toEqual([0, 0, 0, 0, 0, 0, 1, 1].map(Boolean));
    for (const { attributes } of circles) {
      expect(Number(attributes.cx)).toBeGreaterThan(0);
      expect(Number(attributes.cx)).toBeLessThan(width);
      expect(Number(attributes.cy)).toBeLessThan(height);
    }
  });

  it('draws nothing of nothing', () => {
    expect(pointChart({ title: 'none', groups: ['a'], points: [] }).svg).not.toMatch(/NaN|Infinity/);
  });
});
