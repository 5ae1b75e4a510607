import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEATHS, readDeaths } from '../../scripts/test-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'weft-deaths-')));
  mkdirSync(join(folder, 'test'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a test file with this body as `./weft test` does. */
function run(body: string) {
  const [file, deaths] = [join(folder, 'test', 'one.test.ts'), join(folder, 'deaths.jsonl')];
  writeFileSync(file, body);
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const config = join(ROOT, 'vitest.config.ts');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--root', folder, '--config', config, '--globals'], {
    cwd: ROOT,
    env: { ...process.env, [DEATHS]: deaths },
  });
  return { status, file, deaths: readDeaths(deaths) };
}

describe('a test process', () => {
  it('that dies is named, with what it died of', () => {
    const { status, file, deaths } = run(`it('dies', async () => {
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => {});
    });`);
    expect(status).toBe(1);
    expect(deaths).toEqual([{ files: [file], cause: 'SIGKILL' }]);
  });

  it('that ends when it is told to has not died', () => {
    expect(run(`it('lives', () => expect(1).toBe(1));`)).toMatchObject({ status: 0, deaths: [] });
    expect(run(`it('fails', () => expect(1).toBe(2));`)).toMatchObject({ status: 1, deaths: [] });
  });
});
