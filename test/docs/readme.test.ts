import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { idx } from '../data/make.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('the example of the README runs as it stands, and prints an accuracy', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  const folder = mkdtempSync(join(tmpdir(), 'weft-readme-'));
  try {
    // A few random pictures, so that the test is short; the example itself names no data.
    const random = new Sampler(1);
    for (const [name, count] of [
      ['train', 240],
      ['t10k', 60],
    ] as const) {
      const bytes = Uint8Array.from({ length: count * 784 }, () => random.int(0, 255));
      const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
      writeFileSync(join(folder, `${name}-images-idx3-ubyte`), idx([count, 28, 28], bytes));
      writeFileSync(join(folder, `${name}-labels-idx1-ubyte`), idx([count], labels));
    }
    const file = join(folder, 'example.mts');
    const entry = (name: string) => JSON.stringify(new URL(`../../src/${name}.ts`, import.meta.url).href);
    writeFileSync(file, example!.replace("'weft-gpu/node'", entry('node')).replace("'weft-gpu'", entry('index')));
    const args = ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), file];
    const env = { ...process.env, WEFT_DATA: folder };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: folder, env });
    expect([status, stderr.match(/.*Error.*/)?.[0]]).toEqual([0, undefined]);
    expect(stdout).toContain('valAccuracy');
    const accuracy = Number(stdout.trim().split('\n').at(-1));
    expect(accuracy).toBeGreaterThanOrEqual(0);
    expect(accuracy).toBeLessThanOrEqual(1);
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^[\d.]+$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
