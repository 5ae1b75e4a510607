import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from '../../../src/report/format.ts';
import { contactSheet, outlined } from '../../../src/report/sheet.ts';
import { STUDIES, type StudyReport } from '../../../src/report/study/index.ts';
import { studyHtml, writeStudy } from '../../../src/report/study/page.ts';
import { memoryFiles } from '../../train/toy.ts';

const grey = (pixels: readonly number[]) => ({ height: 1, width: 2, channels: 1, pixels: toBase64(pixels) });

const report: StudyReport = {
  format: 'weft study 1',
  command: 'weft study runs/<cnn>',
  updated: '2026-11-29T07:00:00.000Z',
  run: 'runs/<cnn>',
  others: [],
  title: 'CNN & co',
  parameters: 12,
  seed: 1,
  weights: 'weights of 2 epochs',
  data: 'toy',
  images: '10 validation images',
  device: { adapter: 'none', driver: 'none', software: true },
  versions: { weft: '0' },
  studies: [
    { name: 'filters', unfit: 'there are none' },
    { name: 'of-another-version', seconds: 1, result: {} },
    {
      name: 'filters',
      seconds: 2,
      result: {
        layers: [
          {
            layer: 'conv1',
            shape: [1, 2, 1, 1],
            slices: 1,
            trained: [grey([0, 255])],
            first: [grey([255, 0])],
            change: [{ relative: 0.25, cosine: 0.5 }],
          },
        ],
        others: [],
      },
    },
  ],
};

describe('the page of studies', () => {
  it('says what was found, why something was not done, and escapes names', () => {
    const page = studyHtml(report);
    expect(page).not.toContain('<cnn>');
    expect(page).toContain('Not done: there are none.');
    expect(page).toContain('This weft does not know this study.');
    expect(page).toMatch(/25&nbsp;%.*0\.50/s);
    expect([...page.matchAll(/<img [^>]*alt="([^"]*)"/g)].map(([, alt]) => alt)).toEqual([
      'Filters of conv1 after training',
      'Filters of conv1 before training',
    ]);
    expect(page).not.toMatch(/src="(?!data:)/);
  });

  it('comes with its sheets as PNG and its results as JSON', async () => {
    const { files, contents } = memoryFiles();
    await writeStudy(files, 'out', report);
    expect([...contents.keys()]).toEqual([
      ...['out/filters-conv1.png', 'out/filters-conv1-first.png', 'out/results.json', 'out/study.html'],
    ]);
    const sheet = decode(contents.get('out/filters-conv1.png')!);
    const row = Math.floor(sheet.height / 2);
    const at = (x: number) => sheet.data[3 * (row * sheet.width + x)]!;
    expect([at(Math.floor(sheet.width / 4)), at(Math.floor((3 * sheet.width) / 4))]).toEqual([0, 255]);
    expect(JSON.parse(new TextDecoder().decode(contents.get('out/results.json')))).toEqual(report);
  });

  it('comes with the charts of each study as one SVG file that needs nothing else', async () => {
    const { files, contents } = memoryFiles();
    const ranks = (rank: number) => [{ layer: 'conv<1>', activations: { rank, most: 8 } }];
    const result = { images: '10 validation images', trained: ranks(6), untrained: ranks(2) };
    await writeStudy(files, 'out', { ...report, studies: [...report.studies, { name: 'rank', seconds: 1, result }] });
    expect([...contents.keys()].filter(name => name.endsWith('.svg'))).toEqual(['out/rank.svg']);
    const svg = new TextDecoder().decode(contents.get('out/rank.svg')!);
    expect(svg).toContain('xmlns="http://www.w3.org/2000/svg"');
    expect(svg).toContain('<style>');
    expect(svg).toContain('conv&#60;1&#62;');
    expect([...svg.matchAll(/>([\d.]+)[^\d<]%</g)].map(([, share]) => share)).toEqual(
      expect.arrayContaining(['75.0', '25.0']),
    );
  });

  it('compares with the closest layer where another network has none of the same name, random weights beside it', () => {
    // This network (a, b), the same with random weights, one of other names (x, y, z), and another seed (a, b).
    const networks = [
      ...['this network', 'random weights'].map(name => ({ name, layers: ['a', 'b'] })),
      ...[
        { name: 'other', layers: ['x', 'y', 'z'] },
        { name: 'seed', layers: ['a', 'b'] },
      ],
    ];
    const rows = [
      [1, 0.5, 0.81, 0.4, 0.31, 0.32, 0.33, 0.91, 0.1],
      [0.5, 1, 0.4, 0.82, 0.41, 0.43, 0.42, 0.1, 0.92],
      [0.81, 0.4, 1, 0.5, 0.23, 0.22, 0.21, 0.1, 0.1],
      [0.4, 0.82, 0.5, 1, null, null, null, 0.1, 0.1],
    ];
    const none = Array.from({ length: 5 }, () => Array.from({ length: 9 }, () => 0));
    const result = {
      images: 8,
      batch: 4,
      networks,
      similarity: [...rows, ...none],
      errors: [[0.01]],
      shuffled: [0, 0],
    };
    const table = STUDIES.cka!.section(result).find(block => block.kind === 'table')!;
    expect(table).toMatchObject({
      head: [
        'Layer',
        'to the same of random weights',
        'to the closest of other',
        'with random weights',
        'to the same of seed',
        'images in another order',
      ],
      rows: [
        ['a', '0.81', '0.33 (z)', '0.23 (x)', '0.91', '0.00'],
        ['b', '0.82', '0.43 (y)', 'n/a', '0.92', '0.00'],
      ],
    });
  });

  it('has a line of help and a heading for each study', () => {
    for (const [name, study] of Object.entries(STUDIES)) {
      expect(study.name).toBe(name);
      expect(name).toMatch(/^[a-z-]+$/);
      expect(study.describe.length).toBeGreaterThan(10);
      expect(study.title.length).toBeGreaterThan(2);
    }
  });
});

describe('a contact sheet', () => {
  it('places pictures row by row, enlarged, with a gap around each', () => {
    const sheet = contactSheet([grey([0, 255]), undefined, grey([255, 0])], { columns: 2, scale: 2, gap: 1 });
    expect([sheet.width, sheet.height]).toEqual([11, 7]);
    const pixels = fromBase64(sheet.pixels);
    const at = (x: number, y: number) => pixels[3 * (y * sheet.width + x)]!;
    expect([at(1, 1), at(2, 2), at(3, 1), at(4, 2)]).toEqual([0, 0, 255, 255]);
    expect([at(1, 4), at(4, 5)]).toEqual([255, 0]);
    const ground = at(0, 0);
    // The gap, and the place of the picture that is missing.
    for (const [x, y] of [
      [5, 1],
      [6, 1],
      [9, 2],
      [1, 3],
    ] as const)
      expect(at(x, y)).toBe(ground);
  });
});

describe('a frame', () => {
  it('stands just inside the part that it shows, on the enlarged picture', () => {
    const box = { top: 0, bottom: 1, left: 1, right: 2 };
    const { width, height, pixels } = outlined(grey([0, 100]), box, 3);
    expect([width, height]).toEqual([6, 3]);
    const bytes = fromBase64(pixels);
    const orange = (x: number, y: number) => bytes[3 * (y * width + x)] !== bytes[3 * (y * width + x) + 2];
    const found = Array.from({ length: 18 }, (_, i) => Number(orange(i % 6, Math.floor(i / 6)))).join('');
    expect(found).toBe(['000111', '000101', '000111'].join(''));
    expect(bytes[3 * (width + 4)]).toBe(100);
  });
});
