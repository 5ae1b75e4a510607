import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STUDIES, type StudyReport } from '../../src/report/study/index.ts';
import { toyFolder } from './toy.ts';

let toy: ReturnType<typeof toyFolder>;
const read = (...path: string[]) => readFileSync(join(toy.folder, ...path), 'utf8');

beforeAll(() => {
  toy = toyFolder();
  const { status, stderr } = toy.weft('train', 'mlp', '--data', 'toy', '--epochs', '2', '--watch', '--out', 'run');
  expect(stderr).toContain('220 images');
  expect(status).toBe(0);
});
afterAll(() => toy.remove());

describe('weft train --watch', () => {
  it('keeps a line for the start and each epoch', () => {
    const looks = read('run', 'watch.jsonl')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(looks.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    expect(looks[2].layers.map(({ layer }: { layer: string }) => layer)).toEqual(['dense1', 'dense2', 'logits']);
    for (const { update } of looks[2].layers) expect(update).toBeGreaterThan(0);
  });

  it('goes on with it when the run goes on', () => {
    const { status } = toy.weft('train', '--resume', '--epochs', '3', '--data', 'toy', '--out', 'run');
    expect(status).toBe(0);
    const lines = read('run', 'watch.jsonl').trim().split('\n');
    expect(lines.map(line => JSON.parse(line).epoch)).toEqual([0, 1, 2, 3]);
  });
});

describe('weft study', () => {
  it('writes a page, pictures and results', () => {
    const what = ['filters', 'top-images', 'maximise', 'norms', 'dead', 'rank'];
    const { status, stdout, stderr } = toy.weft(
      ...['study', 'run', '--data', 'toy', '--images', '20', '--what', what.join()],
    );
    expect(stderr).toContain('filters: ');
    expect(status).toBe(0);
    expect(stdout).toBe('run/study/study.html\n');
    const report = JSON.parse(read('run', 'study', 'results.json')) as StudyReport;
    expect(report.studies.map(({ name }) => name)).toEqual(what);
    expect(report).toMatchObject({ run: 'run', seed: 1, images: '20 validation images' });
    const page = read('run', 'study', 'study.html');
    for (const name of what) expect(page).toContain(`<h2>${STUDIES[name]!.title}</h2>`);
    expect(page.replace(/data:[^"]*/g, '')).not.toMatch(/NaN|undefined|Infinity/);
    expect(readdirSync(join(toy.folder, 'run', 'study')).filter(name => name.endsWith('.png'))).toContain(
      'filters-dense1.png',
    );
  });

  it('does what is asked, prints it as JSON, and compares runs', () => {
    const { status, stdout } = toy.weft(
      ...['study', 'run', '--data', 'toy', '--what', 'dead,filters', '--beside', 'run', '--out', 'two', '--json'],
    );
    expect(status).toBe(0);
    const report = JSON.parse(stdout) as StudyReport;
    expect(report.studies.map(({ name }) => name)).toEqual(['dead', 'filters']);
    expect(report.others).toEqual(['run']);
    const [units, filters] = report.studies.map(study => ('result' in study ? study.result : undefined)) as [
      { layers: { dead: number; first: number; both: number }[] },
      { others: { matches: Record<'trained' | 'toRandom' | 'random', number[]> }[] },
    ];
    for (const { dead, first, both } of units.layers) expect(both).toBeLessThanOrEqual(Math.min(dead, first));
    // Beside itself each filter finds itself again, before and after.
    const { trained, random, toRandom } = filters.others[0]!.matches;
    for (const cosine of [...trained, ...random]) expect(cosine).toBeCloseTo(1, 5);
    expect(Math.min(...toRandom)).toBeLessThan(0.9999);
    expect(read('two', 'study.html')).toContain('First layer of the networks beside it');
    expect(JSON.parse(read('two', 'results.json'))).toEqual(report);
  });

  it('says what is wrong', () => {
    const unknown = toy.weft('study', 'run', '--data', 'toy', '--what', 'auras');
    expect([unknown.status, unknown.stderr.includes('it must be one or several of filters')]).toEqual([2, true]);
    const missing = toy.weft('study', 'nowhere', '--data', 'toy');
    expect([missing.status, missing.stderr.includes('nowhere/config.json: no such file')]).toEqual([1, true]);
  });
});
