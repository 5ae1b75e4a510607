import { describe, expect, it } from 'vitest';
import { growthChart, ladderChart, rooflineChart } from '../../bench/charts.ts';
import { benchPage } from '../../bench/page.ts';
import { parseResults } from '../../bench/results.ts';
import { decades, logScale } from '../../src/report/svg.ts';
import { elements, parseXml } from '../support/xml.ts';
import { LADDER, line, makeResults, row } from './make-page.ts';

const text = (page: string) =>
  page
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<svg.*?<\/svg>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&nbsp;', ' ')
    .replace(/\s+/g, ' ');

describe('the page of a benchmark run', () => {
  const page = benchPage(makeResults());
  const words = text(page);

  it('stands alone and is well formed where it draws', () => {
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<(script|link|img|iframe)|url\(|@import|https?:/);
    const charts = [...page.matchAll(/<svg.*?<\/svg>/gs)].map(([svg]) => parseXml(svg!));
    expect(charts.map(svg => elements(svg, 'text')[0]!.text)).toEqual([
      'Kernels on made-up adapter',
      'matmul 512×128 by 128×256',
      'a &#60;step&#62;',
    ]);
    for (const svg of charts) expect(svg.attributes['aria-label']).toMatch(/\d/);
  });

  it('puts the ratios first, each with its adapter in the same sentence', () => {
    expect(words).toContain(
      '3.5 times as fast as slow &#60;b&#62; &#38; &#34;webgpu&#34; on made-up adapter: matmul 1024',
    );
    expect(words).toContain(
      'On made-up adapter, a processor that plays a GPU, weft in float32 is ahead of the best WebGPU peer in 4 of 5 lines',
    );
    expect(words).toContain('0.50 times at the least (pool), 3.5 times at the most (matmul 1024)');
    const ratios = words.split(/\.(?!\d)/).filter(sentence => /\d times/.test(sentence));
    expect(ratios.length).toBeGreaterThan(0);
    for (const sentence of ratios) expect(sentence).toContain('made-up adapter');
  });

  it('shows every peer in each line, what is missing and why', () => {
    expect(words).toContain('100 ms (90.0–120) 21.5 GFLOP/s 50.0 ms 0.500 × (45.0–60.0) 42.9 GFLOP/s error 1.0e-3');
    expect(words).toContain('missing: it is not installed &#60;here&#62;');
    expect(words).toContain('a wasm one: it has no &#60;pool&#62;');
    expect(page).toMatch(/<td class="n ahead">350/);
    expect(page).toMatch(/<td class="n behind">1.00/);
  });

  it('does with less: no roofline, no ladders, nobody to compare with', () => {
    const { roofline: _, ladders: __, ...rest } = makeResults();
    const alone = { ...rest, lines: [line('matmul 1024', [row('weft', 100)])] };
    const words = text(benchPage(alone));
    expect(words).toContain('No WebGPU peer took part on made-up adapter');
    expect(words).toContain('has not measured what made-up adapter can do at most');
    expect(words).not.toContain('Ladders');
    expect(text(benchPage({ ...rest, lines: [] }))).not.toContain('Roofline');
  });
});

describe('ladders in a result', () => {
  const read = (ladders: unknown) => parseResults(JSON.stringify({ ...makeResults(), ladders }), 'r.json');

  it('are read with it', () => {
    expect(read([LADDER])).toEqual(JSON.parse(JSON.stringify(makeResults())));
  });

  it.each([
    [{ ...LADDER, kernel: 3 }, 'ladders[0].kernel must be a string'],
    [{ ...LADDER, rungs: [{ variant: 'a', time: { median: 1, min: 2, max: 3 } }] }, 'rungs[0].time must have min <='],
    [{ ...LADDER, rungs: [{}] }, 'ladders[0].rungs[0].variant must be a string'],
  ])('are refused: %#', (ladder, message) => {
    expect(() => read([ladder])).toThrow(message);
  });
});

describe('charts of a benchmark', () => {
  const weft = { name: 'weft', kind: 'weft', colour: 0 } as const;
  const point = (intensity: number, gflops: number) => ({ contender: weft, intensity, gflops, title: 'a <kernel>' });

  it('scales by powers', () => {
    const x = logScale([0.1, 1000], [0, 400]);
    for (const [value, at] of [
      [0.1, 0],
      [1, 100],
      [1000, 400],
    ] as const)
      expect(x(value)).toBeCloseTo(at, 9);
    expect(decades(0.02, 30)).toEqual([0.01, 0.1, 1, 10, 100]);
    expect(decades(1, 1)).toEqual([1, 10]);
  });

  it('a point on the roof is drawn on the roof', () => {
    const spread = (median: number) => ({ median, min: median, max: median });
    const roof = { gflops: spread(80), gigabytesPerSecond: spread(8) };
    // At the bend, and at a fifth of its intensity under the slope.
    const svg = parseXml(rooflineChart('roof', [point(10, 80), point(2, 16)], roof).svg);
    const [bend, slope] = elements(svg, 'circle').filter(({ children }) => children.length > 0);
    const path = elements(svg, 'path')[0]!.attributes.d!;
    const [[x0, y0], [x1, y1]] = path
      .slice(1)
      .split('L')
      .map(pair => pair.split(' ').map(Number)) as [number[], number[]];
    expect([Number(bend!.attributes.cx), Number(bend!.attributes.cy)]).toEqual([x1, y1]);
    const along = (Number(slope!.attributes.cx) - x0!) / (x1! - x0!);
    expect(Number(slope!.attributes.cy)).toBeCloseTo(y0! + along * (y1! - y0!), 1);
  });

  it('bars are as long as what they stand for', () => {
    const bars = [5, 20].map(value => ({ name: `v${value}`, value, note: '', traded: value > 5 }));
    const [a, b] = elements(parseXml(ladderChart('ladder', 'GFLOP/s', bars).svg), 'rect');
    expect(Number(b!.attributes.width) / Number(a!.attributes.width)).toBeCloseTo(4, 2);
    expect([a!.attributes.class, b!.attributes.class]).toEqual(['f0', 'f1']);
  });

  it('growth of slope one is a straight line', () => {
    const points = [1, 10, 100].map(size => [size, 2 * size] as const);
    const svg = parseXml(growthChart('growth', 'batch', [{ contender: weft, points }]).svg);
    const marks = elements(svg, 'circle').map(({ attributes }) => [Number(attributes.cx), Number(attributes.cy)]);
    const [a, b, c] = marks as [number[], number[], number[]];
    expect(b[1]! - a[1]!).toBeCloseTo(c[1]! - b[1]!, 1);
    expect(b[0]! - a[0]!).toBeCloseTo(c[0]! - b[0]!, 1);
  });
});
