import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { attempt, type Diagnosis, judgeNode } from '../../src/cli/doctor.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = ['--import', 'tsx', fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))];

function weft(args: string[], env: Record<string, string> = {}) {
  const options = { encoding: 'utf8', cwd: ROOT, env: { ...process.env, ...env }, input: '' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...CLI, ...args], options);
  return { status, stdout, stderr };
}

describe('exit codes', () => {
  it('0 for help and version, on stdout', () => {
    for (const args of [[], ['--help'], ['help'], ['doctor', '--help'], ['help', 'doctor']]) {
      const { status, stdout } = weft(args);
      expect([args, status]).toEqual([args, 0]);
      expect(stdout).toMatch(/^Usage: weft/);
      expect(stdout).toMatch(/Examples?:\n {2}\$ weft /);
    }
    expect(weft(['--version'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it('2 for wrong usage, with nothing on stdout', () => {
    for (const args of [['dcotor'], ['doctor', '--colour'], ['doctor', 'now'], ['--adapter']]) {
      const { status, stdout, stderr } = weft(args);
      expect([args, status, stdout]).toEqual([args, 2, '']);
      expect(stderr).toMatch(/^error: /);
    }
    expect(weft(['docter']).stderr).toContain('Did you mean doctor?');
  });

  it('130 when interrupted', async () => {
    // Its own loop holds the process at a known point, as a long command would.
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
    const code = `process.argv[2] = '--version'; await import(${JSON.stringify(main)}); setInterval(() => {}, 1000);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', code, 'x'];
    const child: ChildProcess = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout!, 'data');
    child.kill('SIGINT');
    expect((await once(child, 'exit'))[0]).toBe(130);
  });
});

describe('doctor', () => {
  it('prints one JSON document, with everything that training needs', () => {
    const { status, stdout } = weft(['doctor', '--json']);
    const diagnosis = JSON.parse(stdout) as Diagnosis;
    expect(status).toBe(0);
    expect(diagnosis).toMatchObject({ ok: true, problems: [], node: { version: process.version } });
    expect(diagnosis.adapter!.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(2 ** 27);
    expect(diagnosis.adapter!.features.length).toBeGreaterThan(0);
    expect(diagnosis.adapters.length).toBeGreaterThan(0);
    expect(diagnosis.data).toMatchObject({ name: 'fashion-mnist', train: 60_000, test: 10_000 });
    expect(diagnosis.matmul!.gflops).toBeGreaterThan(0.01);
  });

  it('names adapter and driver to people', () => {
    const { status, stdout } = weft(['doctor']);
    expect(status).toBe(0);
    for (const word of ['adapter', 'driver', 'matmul 512', 'GFLOP/s', 'data set', 'weights'])
      expect(stdout).toContain(word);
    expect(stdout).toMatch(/training +can run/);
  });

  it('ends with 1 and every remedy when training cannot run', () => {
    const { status, stdout, stderr } = weft(['doctor', '--json', '--data', '/nowhere', '--adapter', 'Voodoo 2']);
    const { ok, problems, adapter, data } = JSON.parse(stdout) as Diagnosis;
    expect([status, ok, adapter, data]).toEqual([1, false, null, null]);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^AdapterError: no adapter matches 'Voodoo 2'/);
    expect(problems[1]).toMatch(/^FileError: \/nowhere: cannot read \(ENOENT\)/);
    for (const problem of problems) expect(stderr).toContain(problem);
  });

  it('finds a Node that is too old', () => {
    for (const version of ['v18.20.4', 'v20.18.3']) {
      expect(judgeNode(version)).toBe(
        `Node ${version}: too old, weft needs 20.19 or later; install it from nodejs.org`,
      );
    }
    for (const version of ['v20.19.0', 'v22.0.0', 'v24.1.0', process.version])
      expect(judgeNode(version)).toBeUndefined();
  });

  it("takes a driver's failure for a problem of the machine", async () => {
    const problems: string[] = [];
    const failed = await attempt(problems, () => Promise.reject(new TypeError('vkCreateInstance failed with -9')));
    expect([failed, problems]).toEqual([null, ['TypeError: vkCreateInstance failed with -9']]);
    expect(await attempt(problems, async () => 7)).toBe(7);
    expect(problems).toHaveLength(1);
  });

  it('heeds WEFT_DATA and WEFT_ADAPTER', () => {
    const { stdout } = weft(['doctor', '--json'], { WEFT_DATA: '/nowhere', WEFT_ADAPTER: 'Voodoo 2' });
    expect((JSON.parse(stdout) as Diagnosis).problems).toHaveLength(2);
  });
});
