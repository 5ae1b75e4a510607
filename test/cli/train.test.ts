import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestReport } from '../../src/cli/eval.ts';
import type { Prediction } from '../../src/cli/predict.ts';
import type { Profile, StepReport } from '../../src/cli/profile.ts';
import { decodeCheckpoint } from '../../src/train/checkpoint.ts';
import type { RunConfig } from '../../src/train/config.ts';
import type { EpochMetrics } from '../../src/train/events.ts';
import { idx } from '../data/make.ts';
import { TOY, toyImages } from '../train/toy.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// By their paths, since the working folder is not the clone.
const CLI = ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), join(ROOT, 'src/cli/main.ts')];
const COUNT = 2400;
const { images, labels } = toyImages(COUNT + 120);
const picture = TOY.size * TOY.size;

let folder: string;
let data: string;
let run: string;

/** Root may write anywhere, unless it gives up that right. Another user could not read a clone in root's home. */
const WITHOUT_OVERRIDE = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', process.execPath] as const;

function weft(args: string[], [command, ...before]: readonly [string, ...string[]] = [process.execPath]) {
  // The plan of a large step is some megabytes.
  const options = { encoding: 'utf8', cwd: folder, env: environment(), maxBuffer: 64 << 20 } as const;
  const { status, stdout, stderr } = spawnSync(command, [...before, ...CLI, ...args], options);
  return { status, stdout, stderr };
}

const environment = () => ({ ...process.env, WEFT_DATA: data });

const at = (out: string, name: string) => join(folder, out, name);
const config = (out: string) => JSON.parse(readFileSync(at(out, 'config.json'), 'utf8')) as RunConfig;
const checkpoint = (out: string) => {
  const path = at(out, 'checkpoint/latest.safetensors');
  return decodeCheckpoint(new Uint8Array(readFileSync(path)), path);
};
const metrics = (out: string) => {
  const lines = readFileSync(at(out, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines.map(line => JSON.parse(line) as EpochMetrics);
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-train-'));
  data = join(folder, 'data');
  run = 'runs/mlp-seed1';
  mkdirSync(data);
  const shape = (count: number) => [count, TOY.size, TOY.size];
  writeFileSync(join(data, 'train-images-idx3-ubyte'), idx(shape(COUNT), images.slice(0, COUNT * picture)));
  writeFileSync(join(data, 'train-labels-idx1-ubyte'), idx([COUNT], labels.slice(0, COUNT)));
  writeFileSync(join(data, 't10k-images-idx3-ubyte'), idx(shape(120), images.slice(COUNT * picture)));
  writeFileSync(join(data, 't10k-labels-idx1-ubyte'), idx([120], labels.slice(COUNT)));
  writeFileSync(join(data, 'classes.txt'), 'north-west\nnorth-east\nsouth-west\nsouth-east\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('weft train', () => {
  it('keeps the run in a folder', () => {
    const { status, stdout, stderr } = weft(['train', 'mlp', '--epochs', '3']);
    expect(stderr).toContain('2,200 images (200 for validation), 3 epochs');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^mlp: weights of epoch 3, validation accuracy \d+\.\d+ %; .*kept in runs\/mlp-seed1\n/);
    expect(readdirSync(join(folder, run)).sort()).toEqual([
      'checkpoint',
      'config.json',
      'curves.svg',
      'metrics.jsonl',
      'model.safetensors',
    ]);
    expect(metrics(run).map(m => m.epoch)).toEqual([1, 2, 3]);
    expect(Object.keys(metrics(run)[0]!)).toEqual([
      ...['epoch', 'loss', 'accuracy', 'valLoss', 'valAccuracy', 'seconds', 'imagesPerSecond'],
    ]);
    const { training, variants, adapter, data: used, shaders, program } = config(run);
    expect(training).toMatchObject({ seed: 1, epochs: 3, batch: 128, optimizer: 'adam', learningRate: 0.001 });
    expect(Object.keys(variants).length).toBeGreaterThan(5);
    expect(adapter.description).not.toBe('');
    expect(used).toMatchObject({ train: 2200, validation: 200, full: false });
    expect(used.sha256 + shaders + program).toMatch(/^[0-9a-f]{192}$/);
    expect(checkpoint(run).position.program).toBe(program);
    expect(readFileSync(at(run, 'curves.svg'), 'utf8')).toMatch(/^(<\?xml[^>]*>\s*)?<svg/);
  });

  it('refuses a folder that holds another run, by name', () => {
    const before = readFileSync(at(run, 'model.safetensors'));
    const { status, stderr } = weft(['train', 'cnn', '--out', run]);
    expect(status).toBe(1);
    expect(stderr).toContain(`ResumeError: ${run}: holds a run already (mlp, 3 epochs finished)`);
    expect(readFileSync(at(run, 'model.safetensors'))).toEqual(before);
  });

  it('tells wrong usage', () => {
    const cases = [
      [['train', 'mpl'], "'mpl': there is no such model"],
      [['train', 'mlp', '--lr', 'fast'], 'must be a number above 0'],
      [['train', 'mlp', '--full', '--patience', '2', '--out', 'no'], '--full holds back no images'],
      [['train', 'mlp', '--micro-batches', '5', '--out', 'no'], '5 do not divide a batch of 128'],
      [
        ['train', 'mlp', '--momentum', '0.9', '--out', 'no'],
        'knows no momentum; leave it out, or choose sgd or rmsprop',
      ],
      [['train', 'resnet20', '--amsgrad', '--out', 'no'], "'sgd': knows no amsgrad; leave it out, or choose adam"],
      [['train', 'mlp', '--optimizer', 'sgd', '--nesterov', '--out', 'no'], 'nesterov looks ahead along the momentum'],
      [['train', '--resume', '--out', 'runs/mlp-seed1', '--lr', '0.1'], '--lr: a run that is resumed keeps'],
      [['train', '--resume', '--out', 'runs/mlp-seed1', '--allow', 'f16'], '--allow: a run that is resumed keeps'],
      [['train', 'mlp', '--allow', 'winograd,haste', '--out', 'no'], 'it must be one or several of winograd, f16'],
    ] as const;
    for (const [args, text] of cases) {
      const { status, stdout, stderr } = weft([...args]);
      expect([args, status, stdout]).toEqual([args, 2, '']);
      expect(stderr).toContain(text);
    }
    expect(existsSync(join(folder, 'no'))).toBe(false);
  });

  it('goes on where it ended, with the very bits of a longer run, and prints JSON', () => {
    const long = weft(['train', 'mlp', '--epochs', '4', '--out', 'long', '--json']);
    const more = weft(['train', '--resume', '--out', run, '--epochs', '4', '--json']);
    expect([long.status, more.status]).toEqual([0, 0]);
    const [a, b] = [long, more].map(({ stdout }) => JSON.parse(stdout) as { epochs: EpochMetrics[]; out: string });
    expect(b!.epochs.map(m => m.loss)).toEqual(a!.epochs.map(m => m.loss));
    expect(readFileSync(at(run, 'model.safetensors'))).toEqual(readFileSync(at('long', 'model.safetensors')));
    expect(config(run).training.epochs).toBe(4);
  });

  it('goes on to other epochs only where the finished ones stay what they were', () => {
    const less = weft(['train', '--resume', '--out', run, '--epochs', '2']);
    expect(less.status).toBe(1);
    expect(less.stderr).toContain(`ResumeError: ${run}: --epochs 2: 4 are finished already`);
    const args = ['train', 'mlp', '--epochs', '2', '--limit', '400', '--schedule', 'cosine', '--optimizer', 'sgd'];
    expect(weft([...args, '--momentum', '0.5', '--nesterov', '--out', 'cosine']).status).toBe(0);
    expect(config('cosine').training).toMatchObject({ momentum: 0.5, nesterov: true });
    const before = config('cosine');
    const more = weft(['train', '--resume', '--out', 'cosine', '--epochs', '3']);
    expect(more.status).toBe(1);
    expect(more.stderr).toContain("its schedule 'cosine' was laid out for 2 epochs");
    expect(config('cosine')).toEqual(before);
    expect(weft(['train', '--resume', '--out', 'cosine', '--epochs', '2']).status).toBe(0);
  });

  it('takes a part of the images, or all of them without validation', () => {
    const args = ['train', 'mlp', '--epochs', '1', '--json', '--batch', '64', '--micro-batches', '2'];
    expect(weft([...args, '--limit', '400', '--allow', 'winograd,f16', '--out', 'part']).status).toBe(0);
    expect(config('part').allow).toEqual(['winograd', 'f16']);
    expect(config('part').data).toMatchObject({ train: 400, validation: 200, limit: 400 });
    expect(weft([...args, '--full', '--out', 'full']).status).toBe(0);
    expect(config('full').data).toMatchObject({ train: 2400, validation: 0, full: true });
    expect(config('full')).not.toHaveProperty('allow');
    expect(metrics('full')[0]).not.toHaveProperty('valLoss');
  });

  it.skipIf(process.platform === 'win32')(
    'saves when interrupted, ends with 130, and goes on to the same bits',
    async () => {
      const args = ['train', 'mlp', '--epochs', '40', '--seed', '5', '--batch', '16'];
      const env = environment();
      const child: ChildProcess = spawn(process.execPath, [...CLI, ...args, '--out', 'cut'], { cwd: folder, env });
      let said = '';
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        // The second epoch has begun.
        if (!said.includes('epoch 1/40  loss') && (said + text).includes('epoch 1/40  loss')) child.kill('SIGINT');
        said += text;
      });
      const code = await new Promise(resolve => child.on('exit', resolve));
      expect(code, said).toBe(130);
      expect(said).toMatch(/InterruptedError: training: interrupted in epoch \d+ after step \d+ of 138; saved in cut/);
      const { position } = checkpoint('cut');
      expect(position.history.length).toBeGreaterThan(0);
      expect(position.history.length).toBeLessThan(40);
      // Up to the epoch after the one in which it stopped.
      const epochs = String(position.history.length + 2);
      expect(weft(['train', '--resume', '--out', 'cut', '--epochs', epochs]).status).toBe(0);
      expect(weft([...args, '--epochs', epochs, '--out', 'whole']).status).toBe(0);
      expect(readFileSync(at('cut', 'model.safetensors'))).toEqual(readFileSync(at('whole', 'model.safetensors')));
    },
  );

  it.skipIf(process.platform === 'win32')('leaves nothing half-written where it cannot write', () => {
    writeFileSync(join(folder, 'file'), '');
    const inFile = weft(['train', 'mlp', '--epochs', '1', '--out', 'file/run']);
    expect(inFile.status).toBe(1);
    expect(inFile.stderr).toMatch(/FileError: file\/run\/metrics.jsonl: cannot write \(ENOTDIR\)/);
    const locked = join(folder, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o555);
    const readOnly = weft(
      ['train', 'mlp', '--epochs', '1', '--out', 'locked'],
      process.geteuid?.() === 0 ? WITHOUT_OVERRIDE : [process.execPath],
    );
    expect(readOnly.status).toBe(1);
    expect(readOnly.stderr).toMatch(/FileError: locked\/metrics.jsonl: cannot write \(EACCES\): permission denied/);
    expect(readdirSync(locked)).toEqual([]);
  });

  it('refuses to go on with other data', () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    for (const name of readdirSync(data)) writeFileSync(join(other, name), readFileSync(join(data, name)));
    const changed = idx(
      [COUNT],
      labels.slice(0, COUNT).map(label => (label + 1) % TOY.classes),
    );
    writeFileSync(join(other, 'train-labels-idx1-ubyte'), changed);
    const { status, stderr } = weft(['train', '--resume', '--out', run, '--epochs', '9', '--data', other]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/ResumeError: runs\/mlp-seed1: cannot resume: the data set was '[0-9a-f]{64}'/);
  });
});

describe('weft eval', () => {
  it('judges by the test set', () => {
    const { status, stdout } = weft(['eval', run, '--json']);
    expect(status).toBe(0);
    const report = JSON.parse(stdout) as TestReport;
    expect(report).toMatchObject({ model: 'mlp', images: 120 });
    expect(report.accuracy).toBeGreaterThan(0.7);
    expect(report.interval[0]).toBeLessThan(report.accuracy);
    expect(report.classes.map(c => c.name)).toEqual(['north-west', 'north-east', 'south-west', 'south-east']);
    const sum = report.confusion.flat().reduce((a, b) => a + b, 0);
    expect(sum).toBe(120);
    const hits = report.confusion.reduce((total, row, k) => total + row[k]!, 0);
    expect(hits / sum).toBeCloseTo(report.accuracy);
    expect(report.classes[0]!.recall).toBeCloseTo(report.confusion[0]![0]! / 30);
  });

  it('prints tables for people', () => {
    const { stdout } = weft(['eval', run]);
    expect(stdout).toMatch(/accuracy \d+\.\d+ % \(95 %: /);
    expect(stdout).toMatch(/^south-west +\d+\.\d %/m);
  });

  it('names a folder that holds no run, and damaged weights', () => {
    const none = weft(['eval', 'nowhere']);
    expect(none.status).toBe(1);
    expect(none.stderr).toMatch(/^FileError: nowhere\/config.json: no such file; name the folder of a run/m);
    const path = at('part', 'model.safetensors');
    writeFileSync(path, readFileSync(path).subarray(0, 5000));
    const cut = weft(['eval', 'part']);
    expect(cut.status).toBe(1);
    expect(cut.stderr).toMatch(/FileError: part\/model.safetensors: truncated/);
  });
});

describe('weft predict', () => {
  const drawn = (bright: number, dark: number) =>
    encode({
      ...{ width: 24, height: 24, channels: 1, depth: 8 },
      data: Uint8Array.from({ length: 576 }, (_, i) => (i % 24 >= 12 && i < 288 ? bright : dark)),
    });

  it('names the most probable classes of a picture of another size', () => {
    writeFileSync(join(folder, 'ne.png'), drawn(180, 40));
    const { status, stdout } = weft(['predict', run, 'ne.png', '--json']);
    expect(status).toBe(0);
    const { top, hint } = JSON.parse(stdout) as Prediction;
    expect(top).toHaveLength(3);
    expect(top[0]!.class).toBe('north-east');
    expect(top[0]!.probability).toBeGreaterThan(top[1]!.probability);
    expect(hint).toBeUndefined();
  });

  it('hints at a bright ground and can exchange black and white', () => {
    writeFileSync(join(folder, 'white.png'), drawn(75, 215));
    expect(weft(['predict', run, 'white.png']).stderr).toContain('white.png: the ground looks bright');
    const { stdout, stderr } = weft(['predict', run, 'white.png', '--invert']);
    expect(stdout).toMatch(/^north-east +\d+\.\d %/m);
    expect(stderr).not.toContain('ground');
  });

  it('refuses what is no picture', () => {
    const { status, stderr } = weft(['predict', run, join(data, 'classes.txt')]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/FileError: .*classes.txt: not a PNG picture/);
  });
});

describe('weft profile', () => {
  it('lists the dispatches of a step with their times', () => {
    const { status, stdout } = weft(['profile', 'mlp', '--json', '--repeats', '2', '--batch', '32']);
    expect(status).toBe(0);
    const profile = JSON.parse(stdout) as Profile;
    expect(profile).toMatchObject({ model: 'mlp', batch: 32, parameters: 235_146, unsliced: false });
    expect(profile.dispatches.length).toBeGreaterThan(8);
    const sum = profile.dispatches.reduce((total, line) => total + line.milliseconds, 0);
    expect(sum).toBeCloseTo(profile.sum);
    expect(profile.dispatches.reduce((total, line) => total + line.share, 0)).toBeCloseTo(1);
    for (const line of profile.dispatches) {
      expect(line.kernel && line.variant && line.shape).toBeTruthy();
      expect(line.milliseconds).toBeGreaterThan(0);
    }
    expect(profile.step).toBeGreaterThan(0);
    expect(profile.memory.live).toBeGreaterThan(0);
    expect(profile.memory.peak).toBeGreaterThanOrEqual(profile.memory.live);
    expect(profile.deviceBytes).toBeGreaterThan(profile.memory.peak);
    expect(profile.host).toBeGreaterThan(0);
    expect(profile.host).toBeLessThan(profile.step);
  });

  it('prints the plan of a step that it does not run', () => {
    const layers = ['base.block1', 'base.block2', 'base.block3', 'base.block4'];
    const args = ['profile', 'vgg16-plain', '--plan', '--batch', '1024', '--size', '64', '--freeze', ...layers];
    const { status, stdout } = weft([...args, '--json']);
    expect(status).toBe(0);
    const plan = JSON.parse(stdout) as StepReport;
    expect(plan).toMatchObject({ model: 'vgg16-plain', inputShape: [64, 64, 3], batch: 1024 });
    // Block 5 and the head, with a dense layer on its 2 x 2 x 512 values.
    expect(plan.trained).toBe(3 * (9 * 512 * 512 + 512) + 2048 * 256 + 256 + 2570);
    expect(plan.flops).toBeGreaterThan(1e12);
    expect(plan.memory.peak).toBeLessThanOrEqual(1.2 * plan.memory.live);
    expect(plan.dispatches[0]).not.toHaveProperty('milliseconds');
    expect(weft(['profile', 'vgg16-plain', '--plan', '--batch', '16', '--allow', 'winograd']).stdout).toMatch(
      / winograd_4x4 /,
    );
    const wrong = weft(['profile', 'cnn', '--plan', '--freeze', 'conv9']);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toMatch(/nothing matches 'conv9'; there are conv1.kernel/);
  });
});

describe('weft augment', () => {
  it('draws originals and copies, the same for the same seed', () => {
    const draw = (name: string, ...more: string[]) => {
      const { status, stdout } = weft(['augment', '--out', name, '--copies', '4', ...more]);
      expect(status).toBe(0);
      return { stdout, bytes: readFileSync(join(folder, name)) };
    };
    const all = draw('all.png');
    expect(all.stdout).toContain('  flip-shift: flip 0.5, shift 4\n');
    const [once, again, other] = [
      draw('once.png', '--policy', 'strong'),
      draw('again.png', '--policy', 'strong'),
      draw('other.png', '--policy', 'strong', '--seed', '2'),
    ];
    expect(again.bytes.equals(once.bytes)).toBe(true);
    expect(other.bytes.equals(once.bytes)).toBe(false);
    expect(decode(once.bytes)).toMatchObject({ width: 5 * (2 * TOY.size + 4) + 4, channels: 1 });
    expect(decode(all.bytes).height).toBeGreaterThan(4 * decode(once.bytes).height);
  });

  it('keeps the policy of a training with the run', () => {
    expect(weft(['train', 'mlp', '--epochs', '1', '--augment', 'flip', '--out', 'flipped']).status).toBe(0);
    expect(config('flipped').training.augmentation).toEqual({ name: 'flip', flip: 0.5 });
    const refused = weft(['train', 'mlp', '--augment', 'flop', '--out', 'no']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('flip-shift');
  });
});
