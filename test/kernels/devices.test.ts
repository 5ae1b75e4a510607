import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { listAdapters } from '../../src/platform/node.ts';
import type { Walk, WalkOptions } from '../support/walk-variants.ts';

// Every variant, forced, on devices that this machine only pretends to be. The size of lavapipe's subgroups is a setting
// of its driver, read once a process, so each device is a process of its own. There every compilation is a cold one
// (16 lanes take a minute), so shapes are few, and with other subgroups only those variants run which would do something
// else without them: the rest is the same code on the same device as in variants.test.ts.

const SCRIPT = fileURLToPath(new URL('../support/walk-variants.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function walk(options: WalkOptions, env: Record<string, string> = {}): Promise<Walk> {
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, JSON.stringify(options)], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (stdout += part));
  child.stderr.on('data', (part: Buffer) => (stderr += part));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Walk;
}

// Only Mesa's driver can be told how wide it is; where there is another (Windows, macOS) there is nothing to pretend.
const adapters = await listAdapters();
const lavapipe = adapters.some(({ name }) => /llvmpipe/.test(name));

describe.runIf(lavapipe)('variants on other devices', () => {
  const walks = {} as { narrow: Walk; wide: Walk; bare: Walk };

  beforeAll(async () => {
    // The wide one takes as long as the two others.
    const wide = walk({ subgroupsOnly: true, shapes: 1 }, { LP_NATIVE_VECTOR_WIDTH: '512' });
    walks.narrow = await walk({ subgroupsOnly: true, shapes: 2 }, { LP_NATIVE_VECTOR_WIDTH: '128' });
    walks.bare = await walk({ bare: true, shapes: 2 });
    walks.wide = await wide;
  }, 600_000);

  it.each([
    ['narrow', 4],
    ['wide', 16],
  ] as const)('subgroup variants agree with the reference: %s, %i lanes', (device, lanes) => {
    const { subgroupSize, lanes: seen, variants } = walks[device];
    expect({ subgroupSize, seen }).toEqual({ subgroupSize: lanes, seen: lanes });
    expect(variants.length).toBeGreaterThan(10);
    for (const { name, shapes, compiledFor, failure } of variants) {
      expect([name, failure]).toEqual([name, undefined]);
      expect([name, shapes > 0]).toEqual([name, true]);
      expect([name, compiledFor]).toEqual([name, [lanes]]);
    }
  });

  it('all others agree on a device with no more than WebGPU guarantees', () => {
    expect(walks.bare).toMatchObject({ subgroupSize: 0, lanes: 0 });
    const lacking: string[] = [];
    for (const { name, shapes, failure } of walks.bare.variants) {
      expect([name, failure]).toEqual([name, undefined]);
      if (shapes === 0) lacking.push(name);
    }
    // Subgroups, half-precision numbers and a larger workgroup memory are all that a bare device lacks.
    const needy = new Set([walks.narrow, walks.wide].flatMap(({ variants }) => variants.map(({ name }) => name)));
    const unexplained = lacking.filter(name => !needy.has(name) && !/f16|workgroup/.test(name));
    expect(unexplained).toEqual([]);
    expect(walks.bare.variants.length - lacking.length).toBeGreaterThan(40);
  });
});
