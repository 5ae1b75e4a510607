import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { comparisonHtml } from '../../src/report/compare-html.ts';
import { comparisonMarkdown } from '../../src/report/compare-markdown.ts';
import { conclusions, method } from '../../src/report/conclusions.ts';
import { count, duration, fromBase64, magnitude, percent, points, pValue, toBase64 } from '../../src/report/format.ts';
import { pngAddress, toPicture } from '../../src/report/pictures.ts';
import { escapeMarkdown, markdownTable } from '../../src/report/section-markdown.ts';
import { compareModels, summarize } from '../../src/report/summary.ts';
import type { Comparison } from '../../src/report/types.ts';
import { writeComparison } from '../../src/report/write.ts';
import { elements, parseXml } from '../support/xml.ts';
import { makeComparison, makeRun } from './make.ts';

const say = (comparison: Comparison) => conclusions(comparison, summarize(comparison)).join('\n');
const two = [makeRun('mlp', 0.7), makeRun('cnn', 0.95)];
const seeds = [1, 2, 3].flatMap(seed => [makeRun('mlp', 0.7, { seed }), makeRun('cnn', 0.95, { seed })]);
const subset = { data: { ...makeComparison([]).data, trained: 6000, subset: true } };

describe('conclusions', () => {
  it('one seed speaks of this run, with a paired test on the images, and gives no verdict', () => {
    const text = say(makeComparison(two));
    expect(text).toMatch(
      /^In this run and after 4 epochs the CNN classified [\d.]+ % of the 300 test images correctly and the MLP/,
    );
    expect(text).toMatch(
      /In this run the CNN is [\d.]+ points ahead of the MLP \(95 % bootstrap interval .*McNemar p < 0.001\)/,
    );
    expect(text).toContain('One seed is no verdict on the architectures');
    const two2 = makeComparison(seeds.slice(0, 4));
    expect(say(two2)).toContain('2 seeds are no verdict');
    expect(say(two2)).toContain('In this run with seed 1');
  });

  it('three seeds are compared over seeds', () => {
    const text = say(makeComparison(seeds));
    expect(text).toMatch(
      /Over 3 seeds, the CNN is [\d.]+ points ahead of the MLP \(95 % interval .*, bootstrap over seeds and images; p [<=] 0.\d+\)\./,
    );
    expect(text).not.toContain('in this run');
    expect(text).not.toContain('verdict');
  });

  it('a subset is named first', () => {
    const comparison = makeComparison(two, subset);
    const sentences = conclusions(comparison, summarize(comparison));
    expect(sentences[0]).toMatch(/^With 6,000 images, in this run /);
    expect(sentences[1]).toMatch(/^With 6,000 images, in this run the CNN/);
    expect(method(comparison, summarize(comparison))[0]).toContain('the same 6,000 images of the 55,000 there are');
  });

  it('no more is claimed than the images show', () => {
    const like = makeComparison([makeRun('mlp', 0.8), makeRun('cnn', 0.8)]);
    expect(say(like)).toContain('no more than the choice of test images may explain');
    const blurred = [0.7, 0.9, 0.8].map((skill, i) => makeRun('mlp', skill, { seed: i + 1 }));
    const other = [0.72, 0.91, 0.82].map((skill, i) => makeRun('cnn', skill, { seed: i + 1 }));
    expect(say(makeComparison([...blurred, ...other]))).toContain('these seeds do not tell the two apart');
  });

  it('several comparisons are corrected together, and a single model is not compared', () => {
    const three = say(makeComparison([...two, makeRun('vgg16', 0.8)]));
    expect(three.match(/after Holm’s correction for 2 comparisons/g)).toHaveLength(2);
    expect(say(makeComparison(two))).not.toContain('Holm');
    expect(say(makeComparison([two[0]!]))).not.toMatch(/ahead|McNemar|times as long/);
  });

  it('what frozen layers compute once is training time, and the page says so', () => {
    const [mlp, frozen] = [two[0]!, { ...makeRun('vgg16', 0.8), featureSeconds: 100 }];
    const comparison = makeComparison([mlp, frozen]);
    expect(summarize(comparison).map(({ seconds }) => seconds)).toEqual([mlp.seconds, frozen.seconds + 100]);
    expect(comparisonHtml(comparison)).toContain('and what frozen layers compute once');
    expect(comparisonHtml(makeComparison(two))).not.toContain('frozen layers');
  });

  it('what validation chose is said', () => {
    const text = (run = two[0]!) => method(makeComparison([run]), summarize(makeComparison([run]))).join(' ');
    expect(text()).toContain('nothing was chosen by them, the weights of the last epoch were tested');
    expect(text({ ...two[0]!, tested: { epoch: 2, because: 'best-validation' } })).toContain(
      'by them the epoch was chosen',
    );
    expect(text()).toContain('evaluated once for each trained model');
    const fewer = makeComparison([two[0]!], { data: { ...makeComparison([]).data, validation: 1000 } });
    expect(method(fewer, summarize(fewer))[1]).toMatch(/^1,000 of 5,000 other images were held back/);
  });

  it('tells overfitting from levelling off and from still falling', () => {
    const withLosses = (...losses: number[]) =>
      say(
        makeComparison([
          { ...two[0]!, epochs: losses.map((valLoss, i) => ({ ...two[0]!.epochs[0]!, epoch: i + 1, valLoss })) },
        ]),
      );
    expect(withLosses(1, 0.5, 0.7)).toContain('lowest at epoch 2 (0.500) and ended at 0.700: it had begun to overfit');
    expect(withLosses(1, 0.5, 0.505)).toContain('it had levelled off');
    expect(withLosses(1, 0.6, 0.5)).toContain('more epochs may still help');
  });
});

describe('summary', () => {
  it('adds up the seeds of a model', () => {
    const [mlp] = summarize(makeComparison(seeds));
    expect(mlp!.runs).toHaveLength(3);
    expect(mlp!.confusion.flat().reduce((a, b) => a + b)).toBe(900);
    expect(mlp!.interval).toBeUndefined();
    expect(mlp!.accuracy).toBeCloseTo(mlp!.accuracies.reduce((a, b) => a + b) / 3, 12);
  });

  it('the paired difference is the difference of the accuracies', () => {
    const [mlp, cnn] = summarize(makeComparison(two));
    const found = compareModels(cnn!, mlp!);
    expect(found.over).toBe('images');
    expect(found.difference).toBeCloseTo(cnn!.accuracy - mlp!.accuracy, 12);
  });
});

describe('HTML', () => {
  const nasty = `<script>alert("x")</script> & 'co'`;
  const classes = [nasty, 'coat', 'bag'];
  const comparison = makeComparison(two, {
    command: `weft compare --out "${nasty}"`,
    data: { ...makeComparison([]).data, classes, name: nasty },
  });
  const page = comparisonHtml(comparison);

  it('needs nothing from elsewhere', () => {
    expect(page).not.toMatch(/https?:|\/\/[a-z]|@import|url\(|<link|<script|<iframe/i);
    for (const [, address] of page.matchAll(/(?:src|href)="([^"]*)"/g))
      expect(address).toMatch(/^data:image\/png;base64,/);
  });

  it('shows the worst mistakes as whole PNG pictures', () => {
    const addresses = [...page.matchAll(/src="data:image\/png;base64,([^"]+)"/g)];
    expect(addresses).toHaveLength(6);
    const png = decode(fromBase64(addresses[0]![1]!));
    expect([png.width, png.height, png.channels]).toEqual([3, 4, 1]);
    expect([...png.data]).toEqual(Array.from({ length: 12 }, (_, i) => 20 * i));
  });

  it('shows the first channel of pictures that have more than a PNG', () => {
    const pixels = Uint8Array.from({ length: 2 * 3 * 5 }, (_, i) => i);
    const address = pngAddress(toPicture(pixels, { height: 2, width: 3, channels: 5 }));
    const png = decode(fromBase64(address.split(',')[1]!));
    expect([png.width, png.height, png.channels]).toEqual([3, 2, 1]);
    expect([...png.data]).toEqual([0, 5, 10, 15, 20, 25]);
  });

  it('is well-formed with any class name', () => {
    const body = page.slice(page.indexOf('<body>'), page.indexOf('</body>') + 7);
    // What HTML writes without a closing tag or by name.
    const xml = body.replace(/<(img|br)([^>]*)>/g, '<$1$2/>').replaceAll('&nbsp;', ' ');
    const root = parseXml(xml);
    // Loss, accuracy, recall, two confusions; accuracy against parameters, arithmetic and time.
    expect(elements(root, 'svg').length).toBe(8);
    expect(elements(root, 'h2').map(h => h.text)).toContain('Worst mistakes');
    expect(page).toContain('&#60;script&#62;');
  });

  it('an unfinished comparison says what is to come, and shows what there is', () => {
    const pending = [{ row: 'cnn', model: 'cnn', title: 'CNN', seed: 1, expectedSeconds: 400 }];
    const half = comparisonHtml(makeComparison([two[0]!], { pending }));
    expect(half).toContain('still to come CNN (seed 1), by this device’s measured speed 6 min 40 s');
    expect(half).toContain('>MLP and CNN on toy</h1>');
    expect(half).toContain('Worst mistakes');
    const none = comparisonHtml(makeComparison([], { pending }));
    expect(none).toContain('Not finished');
    expect(none).not.toContain('Worst mistakes');
  });
});

describe('Markdown', () => {
  it('writes tables, numbers to the right', () => {
    expect(
      markdownTable(
        ['name', 'n', 'what'],
        [
          ['a|b', '1', 'x'],
          ['*c*', '2.5 %', '3 x'],
        ],
      ),
    ).toBe('| name | n | what |\n| --- | ---: | --- |\n| a\\|b | 1 | x |\n| \\*c\\* | 2.5 % | 3 x |');
    expect(escapeMarkdown('<b>\n_x_ [y] `z` a-b')).toBe('&lt;b&gt; \\_x\\_ \\[y\\] \\`z\\` a-b');
  });

  it('holds the same sentences and numbers as the page', () => {
    const comparison = makeComparison(two);
    const text = comparisonMarkdown(comparison, 'curves.svg');
    for (const sentence of conclusions(comparison, summarize(comparison)))
      expect(text).toContain(escapeMarkdown(sentence));
    expect(text).toContain('![Loss and accuracy over the epochs](curves.svg)');
    const widths = text
      .split('\n')
      .filter(line => line.startsWith('| shirt'))
      .map(line => line.split(/(?<!\\)\|/).length);
    expect(widths).toEqual([7, 6, 6]);
    expect(text).not.toMatch(/NaN|undefined/);
  });
});

it('writes all files, the page last', async () => {
  const written: string[] = [];
  const store = {
    write: async (path: string) => void written.push(path),
    read: async () => new Uint8Array(),
    exists: async () => false,
  };
  await writeComparison(store, 'out', makeComparison([two[0]!]));
  expect(written).toEqual(['out/curves.svg', 'out/results.json', 'out/report.md', 'out/report.html']);
  await writeComparison(store, 'empty', makeComparison([]));
  expect(written.slice(4)).toEqual(['empty/results.json', 'empty/report.md', 'empty/report.html']);
});

describe('numbers for people', () => {
  it('are written one way', () => {
    expect([count(60000), percent(0.87634), percent(Number.NaN), percent(1, 0)]).toEqual([
      '60,000',
      '87.63 %',
      'n/a',
      '100 %',
    ]);
    expect([points(0.0521), points(-0.0004), points(0.01), points(-0.02)]).toEqual([
      '5.2 points',
      '0.0 points',
      '1.0 point',
      '−2.0 points',
    ]);
    expect([magnitude(469504), magnitude(20.1e6), magnitude(12), magnitude(999600)]).toEqual([
      '470 k',
      '20.1 M',
      '12',
      '1.00 M',
    ]);
    expect([duration(7.04), duration(59.97), duration(95), duration(7200), duration(4000)]).toEqual([
      '7.0 s',
      '1 min',
      '1 min 35 s',
      '2 h',
      '1 h 7 min',
    ]);
    expect([pValue(1e-9), pValue(0.0314), pValue(0.5)]).toEqual(['p < 0.001', 'p = 0.031', 'p = 0.50']);
    expect([...fromBase64(toBase64([0, 128, 255]))]).toEqual([0, 128, 255]);
  });
});
