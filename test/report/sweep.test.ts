import { describe, expect, it } from 'vitest';
import { ranked, type SweepReport, sweepHtml, sweepSentence, sweepSvg, trialRow } from '../../src/report/sweep.ts';
import { elements, parseXml } from '../support/xml.ts';
import { DEVICE } from './make.ts';

const report: SweepReport = {
  title: 'A <net>',
  method: 'halving',
  space: { learningRate: { low: 1e-4, high: 1e-1, log: true }, schedule: { choices: ['constant', 'cosine'] } },
  rungs: [
    { trials: 3, epochs: 2 },
    { trials: 1, epochs: 6 },
  ],
  trials: [
    { trial: 0, rung: 0, epochs: 2, settings: {}, valAccuracy: 0.8, valLoss: 0.5, seconds: 3 },
    { trial: 1, rung: 0, epochs: 2, settings: { learningRate: 0.1, schedule: 'cosine' }, valAccuracy: 0, seconds: 1 },
    ...[2, 6].map((epochs, rung) => ({
      ...{ trial: 2, rung, epochs, settings: { learningRate: 0.002, schedule: 'constant' } },
      ...{ valAccuracy: 0.81 + 0.01 * rung, valLoss: 0.4, seconds: 3 },
    })),
  ],
  images: 600,
  validation: 100,
  data: { name: 'toy', sha256: 'aa' },
  device: DEVICE,
  versions: { weft: '1' },
  command: 'weft sweep',
  seed: 3,
  started: '2026-11-23T10:00:00.000Z',
  updated: '2026-11-23T10:05:00.000Z',
};

describe('the report of a search', () => {
  it('puts longer trials first and diverged ones last', () => {
    expect(ranked(report.trials).map(({ trial, epochs }) => [trial, epochs])).toEqual([
      [2, 6],
      [2, 2],
      [0, 2],
      [1, 2],
    ]);
    expect(trialRow(report, report.trials[1]!)).toEqual(['1', '0.1', 'cosine', '2', 'diverged', '', '1.0 s']);
    expect(trialRow(report, report.trials[0]!)[0]).toBe('as it is');
  });

  it('says what was best and claims no more', () => {
    expect(sweepSentence(report)).toMatch(
      /^With 600 images, after 6 epochs and with seed 3, the best of 4 trials was learningRate 0.002, schedule constant: 82.00 % of 100/,
    );
    const own = sweepSentence({ ...report, trials: report.trials.slice(0, 2) });
    expect(own).toContain('was what the recipe does by itself: 80.00 %');
    expect(sweepSentence({ ...report, trials: [] })).toBe('No trial has finished yet.');
    const better = sweepSentence({ ...report, trials: report.trials.slice(0, 3) });
    expect(better).toContain('81.00 % of 100 validation images, 80.00 % by the recipe’s own settings');
  });

  it('draws a dot for each trial that has a number, within the picture', () => {
    const svg = parseXml(sweepSvg(report).replace(/^<\?xml.*\?>\n/, ''));
    const [rates, schedules] = elements(svg, 'svg').filter(chart => chart.attributes['aria-label']);
    // The recipe's own has no drawn setting, the diverged one no accuracy.
    const dots = elements(rates!, 'circle');
    expect(dots).toHaveLength(2);
    for (const dot of [...dots, ...elements(schedules!, 'circle')]) {
      expect(Number(dot.attributes.cx)).toBeGreaterThan(0);
      expect(Number(dot.attributes.cx)).toBeLessThan(440);
    }
    // By powers: 0.002 of 1e-4 to 1e-1 is at 1.3 of 3 decades.
    const marks = elements(rates!, 'text').filter(({ text }) => /^(0.0001|0.1)$/.test(text));
    const [low, high] = marks.map(mark => Number(mark.attributes.x));
    expect((Number(dots[0]!.attributes.cx) - low!) / (high! - low!)).toBeCloseTo(1.301 / 3, 2);
  });

  it('is one page that stands alone, and says when it is not finished', () => {
    const page = sweepHtml(report);
    expect(page).toContain('Search of A &#60;net&#62;');
    expect(page).not.toMatch(/https?:|<net>|still to come/);
    expect(page).toContain('the test set was not read');
    expect(sweepHtml({ ...report, trials: report.trials.slice(0, 3) })).toContain('1 of 4 trainings are still to come');
  });
});
