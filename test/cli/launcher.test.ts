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
import { parseArguments } from '../../scripts/arguments.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LOADER = join(ROOT, 'node_modules/tsx/dist/loader.mjs');
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
    for (const args of [[], ['--help'], ['help'], ['train', '--help'], ['--version'], ['test', '--help']]) {
      weft(args);
      expect(calls().filter(call => !call.startsWith('npm'))).toEqual([expect.stringMatching(/^run (main|test)\.ts/)]);
    }
  });

  it('runs the tests and their help in a script of their own', () => {
    program('chromium', 'exit 0');
    for (const [args, script] of [
      [['test'], 'test'],
      [['--no-install', 'test', '--help'], 'test'],
      [['fuzz', '3'], 'fuzz'],
      [['fuzz', '--help'], 'fuzz'],
      [['doctor', 'test'], 'main'],
    ] as const) {
      weft([...args]);
      expect(calls().at(-1)).toMatch(new RegExp(`^run ${script}\\.ts ${args[0]} `));
    }
  });

  it('looks for Chromium only when tests will run in it', () => {
    mkdirSync(join(clone, 'test/browser'), { recursive: true });
    writeFileSync(join(clone, 'test/browser/train.test.ts'), '');
    writeFileSync(join(clone, 'scripts/setup-chromium.sh'), `echo chromium >>'${clone}/calls'`);
    const asks = (...args: string[]) => {
      weft(args);
      return calls().includes('chromium');
    };
    for (const args of [[], ['-t', 'matmul'], ['browser'], ['matmul', './test/browser'], ['train'], ['--json']])
      expect([args, asks('test', ...args)]).toEqual([args, true]);
    for (const args of [
      ['matmul'],
      ['--json', 'test/io', '-t', 'x'],
      ['--adapter', 'software', 'launcher'],
      ['--help'],
    ])
      expect([args, asks('test', ...args)]).toEqual([args, false]);
    expect(asks('fuzz')).toBe(false);
  });

  it('finds the Chromium that is named, in a folder with a space as well', () => {
    const tools = join(clone, 'tools');
    mkdirSync(tools);
    for (const tool of ['dirname', 'uname', 'id']) symlinkSync(`/usr/bin/${tool}`, join(tools, tool));
    program('my chromium', 'exit 0');
    const setUp = (env: Record<string, string>) =>
      spawnSync('/bin/sh', [join(clone, 'scripts/setup-chromium.sh')], {
        encoding: 'utf8',
        env: { PATH: tools, WEFT_NO_INSTALL: '1', ...env },
      });
    expect(setUp({ WEFT_CHROMIUM: join(clone, 'bin/my chromium') })).toMatchObject({ status: 0, stderr: '' });
    expect(setUp({}).stderr).toContain('the browser tests need Chromium');
  });

  it.each(['a#b', 'what?', '100%', 'back\\slash'])('says at once that it cannot start in a folder named %s', name => {
    const odd = join(clone, name);
    mkdirSync(odd);
    copyFileSync(join(clone, 'weft'), join(odd, 'weft'));
    const env = { PATH: '/usr/bin:/bin', HOME: join(clone, 'home') };
    const found = spawnSync('/bin/sh', [join(odd, 'weft'), 'doctor'], { encoding: 'utf8', env, input: '' });
    const { status, stdout, stderr } = found;
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `weft: the path ${odd} has one of % # ? \\ in it, with which Node cannot load the sources; move the folder\n`,
    );
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

describe('the arguments of weft test', () => {
  const parse = (...args: string[]) => parseArguments('test', args);

  it('lose what is not for the test runner, and nothing else', () => {
    const plain = { help: false, json: false, noInstall: false };
    expect(parse('test', '--adapter=software', 'matmul')).toEqual({ ...plain, adapter: 'software', rest: ['matmul'] });
    expect(parse('--adapter', 'software', 'matmul')).toEqual({ ...plain, adapter: 'software', rest: ['matmul'] });
    expect(parse('--no-install', 'test', 'test', '-t', 'x')).toEqual({
      ...{ ...plain, noInstall: true },
      rest: ['test', '-t', 'x'],
    });
    expect(parse('io', '--json', '-h')).toEqual({ ...plain, json: true, help: true, rest: ['io'] });
  });

  const run = (script: string, ...args: string[]) => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
    const all = ['--import', LOADER, join(ROOT, 'scripts', script), ...args];
    return spawnSync(process.execPath, all, { encoding: 'utf8', env, input: '' });
  };

  it('--json leaves one document on stdout; without it the counts are the last line', () => {
    const json = run('test.ts', 'test/data/idx.test.ts', '--json');
    expect(json.status).toBe(0);
    expect(JSON.parse(json.stdout)).toEqual({ passed: expect.any(Number), failed: 0 });
    expect(json.stderr).toContain('test/data/idx.test.ts');
    const { passed } = JSON.parse(json.stdout) as { passed: number };
    expect(run('test.ts', '--adapter=none', 'test/data/idx.test.ts').stdout).toMatch(
      new RegExp(`\\n${passed} passed, 0 failed\\n$`),
    );
  });

  it('hand the adapter on', () => {
    const { status, stdout } = run('test.ts', '--adapter', 'Voodoo 2', 'test/gpu/device.test.ts', '--json');
    expect(status).toBe(1);
    expect((JSON.parse(stdout) as { failed: number }).failed).toBeGreaterThan(0);
  });

  it('are explained, as are those of weft fuzz', () => {
    for (const script of ['test.ts', 'fuzz.ts']) {
      const { status, stdout } = run(script, '--help');
      expect([script, status]).toEqual([script, 0]);
      expect(stdout).toMatch(/^Usage: .*--json.*Examples:/s);
    }
    const wrong = run('fuzz.ts', 'many');
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("whole number from 1, not 'many'")]);
  });
});
