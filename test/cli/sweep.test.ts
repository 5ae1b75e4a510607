import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepTrial } from '../../src/report/sweep.ts';
import { CLI, toyFolder } from './toy.ts';

let toy: ReturnType<typeof toyFolder>;
beforeAll(() => {
  toy = toyFolder();
});
afterAll(() => toy.remove());

const sweep = (...args: string[]) => toy.weft('sweep', ...args);

describe('weft sweep', () => {
  it('stops at Ctrl-C with 130, and goes on to the very table of an unbroken search', async () => {
    const { folder, data } = toy;
    const search = ['--search', 'learningRate=1e-3..1', '--search', 'augmentation=none,flip'];
    const common = ['mlp', '--method', 'halving', '--trials', '6', '--epochs', '9', ...search, '--data', data];
    const whole = sweep(...common, '--out', 'whole', '--json');
    expect([whole.status, whole.stderr.match(/Error.*/)?.[0]]).toEqual([0, undefined]);
    const { trials, best, images } = JSON.parse(whole.stdout) as {
      trials: SweepTrial[];
      best: SweepTrial;
      images: number;
    };
    expect(images).toBe(220);
    expect(trials.map(({ epochs }) => epochs)).toEqual([9, 9, 3, 3, 3, 3, 3, 3]);
    expect(best).toEqual(trials[0]);
    // How long it will take is said before anything is trained.
    expect(whole.stderr.indexOf('8 trainings with 220 images, about')).toBeGreaterThan(0);
    expect(whole.stderr.indexOf('8 trainings with')).toBeLessThan(whole.stderr.indexOf('epoch 1/'));
    expect(existsSync(join(folder, 'whole/sweep.svg'))).toBe(true);

    const child = spawn(process.execPath, [...CLI, 'sweep', ...common, '--out', 'broken'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (!log.includes('(4 of 8)') && (log + text).includes('(4 of 8)')) child.kill('SIGINT');
      log += text;
    });
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(log).toContain('weft sweep --resume --out broken');
    expect(readFileSync(join(folder, 'broken/sweep.html'), 'utf8')).toContain('Not finished');
    const resumed = sweep('--resume', '--out', 'broken', '--data', data, '--json');
    expect([resumed.status, resumed.stderr.match(/Error.*/)?.[0]]).toEqual([0, undefined]);
    const timeless = (text: string) =>
      (JSON.parse(text) as { trials: SweepTrial[] }).trials.map(({ seconds: _, ...trial }) => trial);
    expect(timeless(resumed.stdout)).toEqual(timeless(whole.stdout));
  });

  it('takes a training that diverges for a bad setting, not for a failure', () => {
    const options = [
      '--trials',
      '3',
      '--epochs',
      '1',
      '--search',
      'learningRate=1e30,1e31',
      '--search',
      'optimizer=sgd',
    ];
    const { status, stdout } = sweep('mlp', ...options, '--out', 'wild', '--data', toy.data);
    expect(status).toBe(0);
    expect(stdout).toContain('diverged');
    expect(stdout).toContain('the best of 3 trials was what the recipe does by itself');
  });

  it('refuses what cannot be, by name', () => {
    const { data } = toy;
    const cases: [args: string[], status: number, text: RegExp][] = [
      [[], 2, /sweep: name a model/],
      [['nope'], 2, /model 'nope': there is no such model/],
      [['mlp', '--search', 'depth=1..2'], 2, /with a setting out of learningRate/],
      [['mlp', '--resume', '--trials', '3'], 2, /--trials: a search that is resumed keeps/],
      [['mlp', '--resume', '--out', 'nowhere'], 1, /nowhere: holds no search to resume/],
      [['mlp', '--out', 'whole', '--data', data], 1, /whole: holds a search already/],
      [['mlp', '--limit', '221', '--out', 'new', '--data', data], 2, /221 are more than the 220 images/],
      [
        ['mlp', '--search', 'momentum=0.5..0.9', '--out', 'new', '--data', data],
        2,
        /optimizer 'adam': knows no momentum/,
      ],
    ];
    for (const [args, status, text] of cases) {
      const found = sweep(...args);
      expect([args, found.status, found.stdout]).toEqual([args, status, '']);
      expect(found.stderr).toMatch(text);
    }
  });
});
