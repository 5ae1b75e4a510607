import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedTablesModule } from '../../src/cli/ship-tables.ts';
import type { TuneResult } from '../../src/cli/tune.ts';
import { BARE_CAPABILITIES } from '../../src/gpu/capabilities.ts';
import { type MatmulParams, matmulKernel } from '../../src/kernels/matmul.ts';
import { fingerprint } from '../../src/kernels/tuned-table.ts';
import { nodeFiles } from '../../src/platform/node.ts';
import { writeTuning } from '../../src/tensor/tuning-cache.ts';
import type { RunConfig } from '../../src/train/config.ts';
import { idx } from '../data/make.ts';
import { gpuEngine } from '../support/engine.ts';
import { TOY, toyImages } from '../train/toy.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), join(ROOT, 'src/cli/main.ts')];

let folder: string;
let env: NodeJS.ProcessEnv;

function weft(...args: string[]) {
  const options = { encoding: 'utf8', cwd: folder, env, input: '' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...CLI, ...args], options);
  return { status, stdout, stderr };
}

const tune = (...args: string[]) => weft('tune', 'mlp', '--batch', '8', ...args);
const files = () => (existsSync(join(folder, 'tuning')) ? readdirSync(join(folder, 'tuning')) : []);
const variantsOf = (run: string) =>
  (JSON.parse(readFileSync(join(folder, run, 'config.json'), 'utf8')) as RunConfig).variants;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-tune-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const { images, labels } = toyImages(300);
  for (const [name, count] of [
    ['train', 240],
    ['t10k', 60],
  ] as const) {
    const pixels = images.slice(0, count * TOY.size * TOY.size);
    writeFileSync(join(data, `${name}-images-idx3-ubyte`), idx([count, TOY.size, TOY.size], pixels));
    writeFileSync(join(data, `${name}-labels-idx1-ubyte`), idx([count], labels.slice(0, count)));
  }
  env = { ...process.env, WEFT_DATA: data, WEFT_TUNING: join(folder, 'tuning') };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('weft tune', () => {
  it('measures the calls of a model, keeps them, and knows them the next time', () => {
    const first = tune('--json');
    expect(first.status, first.stderr).toBe(0);
    const { calls, known, left, struck, models, seconds, file, adapter } = JSON.parse(first.stdout) as TuneResult;
    expect([models, known, left, struck]).toEqual([['mlp'], 0, 0, []]);
    expect(calls.length).toBeGreaterThan(3);
    for (const { row, before } of calls) {
      expect(Object.keys(row.milliseconds)).toContain(row.variant);
      expect(before).toMatch(/^[a-z]/);
    }
    expect(seconds).toBeGreaterThan(0);
    expect(adapter.driver).not.toBe('');
    expect(files()).toHaveLength(1);
    expect(file).toBe(join(folder, 'tuning', files()[0]!));

    const again = tune();
    expect(again.status).toBe(0);
    expect(again.stdout).toContain(`0 calls measured, 0 changed; ${calls.length} were known`);
    const forced = tune('--force', '--budget', '0.001');
    expect(forced.status).toBe(0);
    expect(forced.stdout).toMatch(/calls measured.* were not reached/);
  });

  it('makes a file anew that is damaged, after one line', () => {
    const path = join(folder, 'tuning', files()[0]!);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 300));
    const { status, stderr } = tune();
    expect(status).toBe(0);
    expect(stderr).toMatch(/note: .*damaged.*\(weft tune makes them anew\)/);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ format: 'weft tuning 1' });
  });

  it('tells wrong usage', () => {
    const cases = [
      [['tune', 'mpl'], "'mpl': there is no such model"],
      [['tune', '--budget', '0'], 'must be a number above 0'],
      [['profile', 'mlp', '--startup', '--plan'], '--plan: --startup times the model as it is trained'],
      [['tune', '--ship', '--allow', 'f16'], '--allow: tables that ship give nothing up'],
    ] as const;
    for (const [args, text] of cases) {
      const { status, stdout, stderr } = weft(...args);
      expect([args, status, stdout]).toEqual([args, 2, '']);
      expect(stderr).toContain(text);
    }
  });

  it('keeps what it has when it is interrupted', async () => {
    rmSync(join(folder, 'tuning'), { recursive: true });
    const args = [...CLI, 'tune', 'mlp', '--batch', '9'];
    const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', text => {
      stderr += text;
    });
    const ended = once(child, 'exit');
    await new Promise(resolve => setTimeout(resolve, 4000));
    child.kill('SIGINT');
    const [code] = await ended;
    // A fast machine is done by then.
    if (code === 0) return;
    expect(code).toBe(130);
    const kept = /(\d+) calls are kept/.exec(stderr)?.[1];
    if (Number(kept) > 0) expect(files()).toHaveLength(1);
  });
});

describe('training', () => {
  const train = (out: string, ...args: string[]) =>
    weft('train', 'mlp', '--epochs', '1', '--batch', '40', '--limit', '80', '--out', out, ...args);

  it('uses the measurements of this machine, unless told not to, and can be pinned to the table of a run', async () => {
    const shipped = train('shipped', '--no-tune');
    expect(shipped.status, shipped.stderr).toBe(0);
    const products = Object.keys(variantsOf('shipped')).filter(call => call.startsWith('matmul '));
    expect(products.filter(call => variantsOf('shipped')[call] !== 'plain')).not.toEqual([]);
    await pretendMeasured(products);

    const own = train('own');
    expect(own.status, own.stderr).toBe(0);
    for (const call of products) expect(variantsOf('own')[call]).toBe('plain');
    const without = train('without', '--no-tune');
    expect([without.status, variantsOf('without')]).toEqual([0, variantsOf('shipped')]);

    const pinned = train('pinned', '--table', 'own/config.json', '--no-tune');
    expect([pinned.status, variantsOf('pinned')]).toEqual([0, variantsOf('own')]);
    const weights = (run: string) => readFileSync(join(folder, run, 'model.safetensors'));
    expect(weights('pinned')).toEqual(weights('own'));
    expect(weights('without')).toEqual(weights('shipped'));
  });

  /** As if for these products the plain variant had been measured to be the fastest here. */
  async function pretendMeasured(products: readonly string[]): Promise<void> {
    const { gpu, caps } = await gpuEngine();
    const target = { info: gpu.device.info, caps, allow: [] };
    const rows = products.map(call => {
      const params = call
        .split(' ')
        .slice(1)
        .map(text => text.split('='));
      const p = Object.fromEntries(params.map(([name, value]) => [name, Number(value)])) as MatmulParams;
      return [call, { variant: 'plain', fingerprint: fingerprint(matmulKernel, p, caps), milliseconds: {} }];
    });
    const store = { files: nodeFiles, folder: join(folder, 'tuning'), log: () => {} };
    expect(await writeTuning(store, target, Object.fromEntries(rows))).toBe(true);
  }

  it('refuses a table that is none, by its name', () => {
    writeFileSync(join(folder, 'none.json'), '{"a": 1}');
    const { status, stderr } = train('none', '--table', 'none.json');
    expect(status).toBe(1);
    expect(stderr).toContain('FileError: none.json: holds no table of kernel variants');
  });
});

it('a shipped table takes the place of the one for the same kind of adapter, and leaves the others', async () => {
  const info = { vendor: 'a', architecture: 'b', device: 'c', description: 'd', software: false };
  const old = { measured: { device: 'x', driver: 'y', date: '2026-01-01' }, variants: { 'matmul m=1': 'plain' } };
  const text = shippedTablesModule(
    { info, caps: BARE_CAPABILITIES, allow: [] },
    { 'softmax n=2': 'rows', 'matmul m=2': 'plain' },
    new Date('2026-11-25'),
    [
      { adapters: 'z-8', ...old },
      { adapters: 'a-b-0', ...old },
    ],
  );
  const tables = JSON.parse(text.slice(text.indexOf('= [') + 2, text.lastIndexOf(';'))) as { adapters: string }[];
  expect(tables).toEqual([
    {
      adapters: 'a-b-0',
      measured: { device: 'c', driver: 'd', date: '2026-11-25' },
      variants: { 'matmul m=2': 'plain', 'softmax n=2': 'rows' },
    },
    { adapters: 'z-8', ...old },
  ]);
  expect(Object.keys((tables[0] as unknown as { variants: object }).variants)).toEqual(['matmul m=2', 'softmax n=2']);
});
