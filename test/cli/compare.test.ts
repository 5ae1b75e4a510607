import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLI, toyFolder } from './toy.ts';

let toy: ReturnType<typeof toyFolder>;
let folder: string;
let data: string;
beforeAll(() => {
  toy = toyFolder();
  ({ folder, data } = toy);
});
afterAll(() => toy.remove());

const weft = (...args: string[]) => toy.weft('compare', ...args);

interface Result {
  runs: { model: string; test: { accuracy: number; loss: number }; epochs: { loss: number }[] }[];
  pending: unknown[];
  conclusions: string[];
  report: string;
}

describe('weft compare', () => {
  it('trains the models on the same images, and leaves a report that stands alone', () => {
    const options = ['--models', 'cnn,mlp', '--epochs', '2', '--limit', '180', '--out', 'both', '--data', data];
    const { status, stdout, stderr } = weft(...options, '--json');
    expect([status, stderr.match(/Error.*/)?.[0]]).toEqual([0, undefined]);
    const result = JSON.parse(stdout) as Result;
    // The quicker one first, in whichever order they were named.
    expect(result.runs.map(run => run.model)).toEqual(['mlp', 'cnn']);
    expect(result.runs.map(run => run.epochs.length)).toEqual([2, 2]);
    expect(result.pending).toEqual([]);
    expect(result.conclusions[0]).toMatch(/^With 180 images, in this run and after 2 epochs/);
    // It says how long it will take before it starts.
    expect(stderr.indexOf(' in all; ')).toBeGreaterThan(0);
    expect(stderr.indexOf(' in all; ')).toBeLessThan(stderr.indexOf('epoch 1/2'));

    const page = readFileSync(join(folder, result.report), 'utf8');
    expect(page).toContain('&#60;middle&#62; &#38; co');
    expect(page).not.toMatch(/https?:|<middle>/);
    expect(page).toContain('180 of 240 images');
    for (const name of [
      'report.md',
      'curves.svg',
      'comparison.json',
      'mlp-seed1/model.safetensors',
      'cnn-seed1/metrics.jsonl',
    ]) {
      expect([name, existsSync(join(folder, 'both', name))]).toEqual([name, true]);
    }

    const again = weft(...options);
    expect([again.status, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toMatch(/both: holds a comparison already; go on with --resume/);
    // There is nothing left to do, but the report is there to be printed.
    const finished = weft('--resume', '--out', 'both', '--data', data);
    expect(finished.status).toBe(0);
    expect(finished.stdout).toMatch(/^Model +Test accuracy/);
    expect(finished.stdout).toContain('report: both/report.html');

    // Finished runs without their comparison are as if 'weft train' had made them: none is taken for a new one's result.
    rmSync(join(folder, 'both/comparison.json'));
    const config = readFileSync(join(folder, 'both/mlp-seed1/config.json'), 'utf8');
    const adopting = weft('--epochs', '1', '--models', 'mlp', '--out', 'both', '--data', data);
    expect([adopting.status, adopting.stdout]).toEqual([1, '']);
    expect(adopting.stderr).toMatch(
      /ResumeError: both\/mlp-seed1: holds a run that is not of this comparison; name another/,
    );
    expect(existsSync(join(folder, 'both/comparison.json'))).toBe(false);
    expect(readFileSync(join(folder, 'both/mlp-seed1/config.json'), 'utf8')).toBe(config);
  });

  it('chooses by validation, then trains on all images and reads the test once', () => {
    const options = ['--preset', 'fair', '--models', 'mlp', '--epochs', '1', '--seeds', '5', '--data', data];
    const { status, stdout, stderr } = weft(...options, '--out', 'fair', '--json');
    expect([status, stderr.match(/Error.*/)?.[0]]).toEqual([0, undefined]);
    const { runs, trials } = JSON.parse(stdout) as {
      runs: { row: string; seed: number; trained: number; options: Record<string, unknown>; epochs: object[] }[];
      trials: { row: string; group: string; settings: Record<string, number>; valAccuracy: number }[];
    };
    expect(runs.map(run => [run.row, run.seed, run.trained])).toEqual([
      ['mlp', 5, 240],
      ['mlp+standard', 5, 240],
    ]);
    expect(trials).toHaveLength(8);
    for (const run of runs) {
      const own = trials.filter(({ group }) => group === run.row);
      const best = Math.max(...own.map(({ valAccuracy }) => valAccuracy));
      const rates = own
        .filter(({ valAccuracy }) => valAccuracy === best)
        .map(({ settings }) => settings['learning rate']);
      expect(rates).toContain(run.options['learning rate']);
      // Nothing was held back from the last training.
      expect(run.epochs[0]).not.toHaveProperty('valLoss');
    }
    const tests = readFileSync(join(folder, 'fair/test-log.jsonl'), 'utf8').trim().split('\n');
    expect(tests.map(line => (JSON.parse(line) as { run: string }).run)).toEqual(['mlp-seed5', 'mlp+standard-seed5']);
    const page = readFileSync(join(folder, 'fair/report.html'), 'utf8');
    expect(page).toContain('What does augmentation (standard) add?');
    expect(page).toContain('Augmentation of the MLP: In this run');
  });

  it("takes a user's own recipes from a file, and the same ones when it goes on", () => {
    const library = JSON.stringify(fileURLToPath(new URL('../../src/index.ts', import.meta.url)));
    const recipe = (change: string) => `import { nn } from ${library};
      export const mine = { name: 'mine', title: 'My <network>', inputShape: [12, 12, 1],
        build: (classes = 10) => new nn.Sequential({ layers: [new nn.Flatten({}), new nn.Dense({ units: classes })] }),
        defaults: { epochs: 1, batch: 16, optimizer: 'sgd', learningRate: 0.1, schedule: 'constant' }, ${change} };`;
    writeFileSync(join(folder, 'mine.ts'), recipe(''));
    const out = ['--epochs', '2', '--limit', '96', '--data', data];
    const { status, stdout, stderr } = weft('--models', 'mlp,./mine.ts', ...out, '--out', 'own', '--json');
    expect([status, stderr.match(/Error.*/)?.[0]]).toEqual([0, undefined]);
    expect((JSON.parse(stdout) as Result).runs.map(run => run.model).sort()).toEqual(['mine', 'mlp']);
    expect(readFileSync(join(folder, 'own/report.html'), 'utf8')).toContain('My &#60;network&#62;');

    // What was compared was another network then.
    writeFileSync(join(folder, 'mine.ts'), recipe('more: 1'));
    const changed = weft('--resume', '--out', 'own', '--data', data);
    expect([changed.status, changed.stdout]).toEqual([1, '']);
    expect(changed.stderr).toMatch(/ResumeError: own: cannot resume: .\/mine.ts was changed/);
  });

  it('stops at Ctrl-C with 130, and goes on to the very result of an unbroken one', async () => {
    const common = ['--models', 'mlp', '--seeds', '3,4', '--epochs', '30', '--data', data];
    const whole = weft(...common, '--out', 'whole', '--json');
    expect(whole.status).toBe(0);

    const child = spawn(process.execPath, [...CLI, 'compare', ...common, '--out', 'broken'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      // In the middle of the first model.
      if (!log.includes('epoch 3/30') && (log + text).includes('epoch 3/30')) child.kill('SIGINT');
      log += text;
    });
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(log).toContain('--resume');
    const half = readFileSync(join(folder, 'broken/report.html'), 'utf8');
    expect(half).toContain('Not finished');

    // Another run in the place of the one that was begun.
    const place = join(folder, 'broken/mlp-seed3/config.json');
    const config = readFileSync(place, 'utf8');
    const { training, data: images } = JSON.parse(config) as { training: object; data: object };
    for (const change of [{ training: { ...training, epochs: 3 } }, { data: { ...images, full: true } }]) {
      writeFileSync(place, JSON.stringify({ ...JSON.parse(config), ...change }));
      const refused = weft('--resume', '--out', 'broken', '--data', data);
      expect([refused.status, refused.stdout]).toEqual([1, '']);
      const [part] = Object.keys(change);
      expect(refused.stderr).toContain(
        `ResumeError: broken/mlp-seed3: cannot resume: '${part}' in its config.json is not`,
      );
    }
    writeFileSync(place, config);

    const resumed = weft('--resume', '--out', 'broken', '--data', data, '--json');
    expect([resumed.status, resumed.stderr.match(/Error.*/)?.[0]]).toEqual([0, undefined]);
    const [a, b] = [JSON.parse(whole.stdout) as Result, JSON.parse(resumed.stdout) as Result];
    expect(b.runs).toHaveLength(2);
    expect(b.runs.map(run => run.test)).toEqual(a.runs.map(run => run.test));
    expect(b.runs.map(run => run.epochs.map(m => m.loss))).toEqual(a.runs.map(run => run.epochs.map(m => m.loss)));
  });

  it('refuses what cannot be, by name', () => {
    const cases: [args: string[], status: number, text: RegExp][] = [
      [['--models', 'mlp,nope'], 2, /--models: model 'nope': there is no such model; there are mlp/],
      [['--models', 'mlp,mlp'], 2, /names a model twice/],
      [
        ['--models', 'vgg16-plain', '--data', data],
        2,
        /--models: VGG16 plain .* cannot learn from pictures of 12 x 12 x 1/,
      ],
      [['--questions', 'why'], 2, /one or several of convolution, augmentation/],
      [['--seeds', '1,1'], 2, /it must be different whole numbers/],
      [['--seeds', '1,'], 2, /it must be different whole numbers/],
      [['--epochs', '0'], 2, /whole number from 1/],
      [['--preset', 'slow'], 2, /Allowed choices are quick, seed, fair, best/],
      [['--resume', '--epochs', '3'], 2, /--epochs: a comparison that is resumed keeps/],
      [['--resume', '--out', 'nowhere'], 1, /nowhere: holds no comparison/],
      [['--resume'], 1, /holds no unfinished comparison/],
    ];
    for (const [args, status, text] of cases) {
      const found = weft(...args);
      expect([args, found.status, found.stdout]).toEqual([args, status, '']);
      expect(found.stderr).toMatch(text);
    }
  });
});
