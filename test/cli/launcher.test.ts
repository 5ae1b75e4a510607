import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPTS = ['weft', 'scripts/system.sh', 'scripts/setup-vulkan.sh', 'scripts/setup-chromium.sh'];

/**
 * A clone of its own in which node and npm are stand-ins that write down how they were called, so that nothing is
 * installed and every path through the launcher can be taken.
 */
let clone: string;
const calls = () => readFileSync(join(clone, 'calls'), 'utf8').trim().split('\n');

function program(name: string, text: string): void {
  const path = join(clone, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

function weft(args: string[] = [], env: Record<string, string> = {}, path = `${join(clone, 'bin')}:/usr/bin:/bin`) {
  writeFileSync(join(clone, 'calls'), '');
  const base = { PATH: path, HOME: join(clone, 'home') };
  const { status, stdout, stderr } = spawnSync('/bin/sh', [join(clone, 'weft'), ...args], {
    encoding: 'utf8',
    env: { ...base, ...env },
    input: '',
  });
  return { status, stdout, stderr };
}

function node(version: string, probe = 0): void {
  program(
    'node',
    `case "$*" in
      --version) echo ${version} ;;
      *probe-adapter*) echo probe >>'${clone}/calls'; exit ${probe} ;;
      *) echo "run $(basename "$3") $4 $5 adapter=$WEFT_ADAPTER runtime=$XDG_RUNTIME_DIR" >>'${clone}/calls' ;;
    esac`,
  );
}

describe.skipIf(process.platform === 'win32')('the scripts', () => {
  it.each(SCRIPTS)('%s is sound in every shell at hand', script => {
    for (const shell of ['sh', 'dash', 'bash', 'ksh', 'zsh']) {
      const found = spawnSync(shell, ['-n', join(ROOT, script)], { encoding: 'utf8' });
      if (!found.error) expect([shell, found.stderr, found.status]).toEqual([shell, '', 0]);
    }
  });
});

describe.runIf(process.platform === 'linux')('./weft', () => {
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'weft launcher '));
    mkdirSync(join(clone, 'bin'));
    mkdirSync(join(clone, 'scripts'));
    for (const script of SCRIPTS) copyFileSync(join(ROOT, script), join(clone, script));
    writeFileSync(join(clone, 'package-lock.json'), '{}');
    node('v20.19.0');
    program('npm', `echo npm "$@" >>'${clone}/calls'; mkdir -p node_modules`);
    for (const name of ['apt-get', 'sudo']) program(name, `echo ${name} "$@" >>'${clone}/calls'; exit 1`);
  });
  afterEach(() => {
    rmSync(clone, { recursive: true, force: true });
  });

  it('installs and probes once, then starts at once', () => {
    const first = weft(['train', 'mlp']);
    expect(first.stderr).toBe('weft: installing the npm packages (npm ci)\n');
    expect(calls().slice(0, 2)).toEqual(['npm ci --no-audit --no-fund --loglevel=error', 'probe']);
    expect(calls()[2]).toMatch(/^run main\.ts train mlp adapter= runtime=\/.*home\/\.cache\/weft\/runtime$/);
    const second = weft(['train', 'mlp']);
    expect(second).toMatchObject({ status: 0, stderr: '' });
    expect(calls()).toHaveLength(1);
  });

  it('installs again when the lock file changes, but not over what npm ci did by hand', () => {
    weft();
    writeFileSync(join(clone, 'package-lock.json'), '{"changed": true}');
    weft();
    expect(calls()[0]).toMatch(/^npm ci/);
    rmSync(join(clone, 'node_modules'), { recursive: true });
    mkdirSync(join(clone, 'node_modules'));
    writeFileSync(join(clone, 'node_modules/.package-lock.json'), '{}');
    weft();
    expect(calls()[0]).toMatch(/^run main\.ts/);
  });

  it('installs again after an npm ci that was broken off', () => {
    program('npm', 'mkdir -p node_modules; echo no network >&2; exit 1');
    const broken = weft();
    expect(broken.status).toBe(1);
    expect(broken.stderr).toContain('no network');
    expect(broken.stderr).toContain('weft: npm ci failed (see above); check the network');
    program('npm', `echo npm "$@" >>'${clone}/calls'`);
    weft();
    expect(calls()[0]).toMatch(/^npm ci/);
  });

  it('probes again when the adapter asked for is another, and hands it on', () => {
    weft(['doctor']);
    weft(['doctor', '--adapter', 'software']);
    expect(calls()[0]).toBe('probe');
    expect(calls()[1]).toContain('adapter=software');
    weft(['doctor', '--adapter=software']);
    expect(calls()).toHaveLength(1);
  });

  it('needs no adapter to print help', () => {
    for (const args of [[], ['--help'], ['help'], ['train', '--help'], ['--version']]) weft(args);
    expect(calls().filter(call => call === 'probe')).toEqual([]);
  });

  it('refuses an old Node, or none, and says what to do', () => {
    for (const version of ['v18.20.4', 'v20.18.3']) {
      node(version);
      const { status, stderr } = weft(['doctor']);
      expect([status, stderr]).toEqual([
        1,
        `weft: Node ${version} is too old; install Node 20.19 or newer (https://nodejs.org)\n`,
      ]);
    }
    for (const version of ['v20.19.0', 'v22.0.0', 'v101.2.3']) {
      node(version);
      expect(weft(['doctor']).status).toBe(0);
    }
    const tools = join(clone, 'tools');
    mkdirSync(tools);
    for (const tool of ['sh', 'dirname', 'id']) symlinkSync(`/usr/bin/${tool}`, join(tools, tool));
    expect(weft(['doctor'], {}, tools).stderr).toContain('Node.js is not installed; install Node 20.19 or newer');
  });

  it('installs nothing under --no-install, names the remedy, and still lets doctor speak', () => {
    node('v20.19.0', 1);
    for (const [args, env] of [
      [['train', '--no-install'], {}],
      [['train'], { WEFT_NO_INSTALL: '1' }],
    ] as const) {
      const { status, stderr } = weft([...args], env);
      expect(status).toBe(1);
      expect(stderr).toMatch(/no usable WebGPU adapter .* nothing may be installed \(--no-install\); (run|install) /);
      expect(calls().filter(call => !call.startsWith('npm'))).toEqual(['probe']);
    }
    expect(weft(['doctor', '--no-install']).status).toBe(0);
    expect(calls().at(-1)).toMatch(/^run main\.ts doctor --no-install/);
    expect(existsSync(join(clone, 'home/.cache/weft/adapter'))).toBe(false);
  });

  it('works through a link, from another folder', () => {
    const link = join(clone, 'bin', 'weft-link');
    symlinkSync(join(clone, 'weft'), link);
    writeFileSync(join(clone, 'calls'), '');
    const env = { PATH: `${join(clone, 'bin')}:/usr/bin:/bin`, HOME: join(clone, 'home') };
    expect(spawnSync('/bin/sh', [link, '--version'], { env, cwd: '/', input: '' }).status).toBe(0);
    expect(calls().at(-1)).toMatch(/^run main\.ts --version/);
  });
});
