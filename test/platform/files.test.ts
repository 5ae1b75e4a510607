import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileError } from '../../src/platform/errors.ts';
import { cacheDir, dataDir, fileError, nodeFiles } from '../../src/platform/node.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-files-'));
});
afterEach(() => {
  chmodSync(folder, 0o755);
  rmSync(folder, { recursive: true, force: true });
});

/** Root may write anywhere, so for the time of a test this process becomes nobody. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid!(65534);
  try {
    await work();
  } finally {
    if (root) process.seteuid!(0);
  }
}

describe('nodeFiles', () => {
  it('writes and reads, making folders on the way', async () => {
    const path = join(folder, 'a/b/c.bin');
    await nodeFiles.write(path, new Uint8Array([1, 2, 3]));
    expect(Array.from(await nodeFiles.read(path))).toEqual([1, 2, 3]);
    await nodeFiles.write(path, 'text');
    expect(readFileSync(path, 'utf8')).toBe('text');
    expect(await nodeFiles.exists(path)).toBe(true);
    expect(await nodeFiles.exists(join(folder, 'none'))).toBe(false);
    expect(await nodeFiles.list!(join(folder, 'a/b'))).toEqual(['c.bin']);
  });

  it('names a missing file', async () => {
    const path = join(folder, 'none');
    await expect(nodeFiles.read(path)).rejects.toThrow(FileError);
    await expect(nodeFiles.read(path)).rejects.toThrow(`${path}: cannot read (ENOENT): no such file or folder`);
  });

  it.skipIf(process.platform === 'win32')(
    'leaves the old file whole in a folder that it may not write to',
    async () => {
      const path = join(folder, 'model');
      writeFileSync(path, 'old');
      chmodSync(folder, 0o555);
      await asNobody(async () => {
        await expect(nodeFiles.write(path, 'new')).rejects.toThrow(FileError);
        await expect(nodeFiles.write(path, 'new')).rejects.toThrow(`${path}: cannot write (EACCES): permission denied`);
      });
      expect(readFileSync(path, 'utf8')).toBe('old');
      expect(readdirSync(folder)).toEqual(['model']);
    },
  );

  it('is not stopped by what a killed process of the same number left', async () => {
    for (let i = 0; i < 1000; i++) writeFileSync(join(folder, `.model.${process.pid}.${i}.tmp`), 'half');
    await nodeFiles.write(join(folder, 'model'), 'whole');
    expect(readFileSync(join(folder, 'model'), 'utf8')).toBe('whole');
    expect(readdirSync(folder)).toHaveLength(1001);
  });

  it('refuses to replace a folder', async () => {
    await nodeFiles.write(join(folder, 'sub/x'), 'x');
    await expect(nodeFiles.write(join(folder, 'sub'), 'y')).rejects.toThrow(/sub: cannot write \(E/);
    expect(readdirSync(folder)).toEqual(['sub']);
  });

  // A file size limit stops a write in the middle just as a full disk does, and needs neither root nor a disk to fill.
  it.skipIf(process.platform === 'win32')('leaves the old file whole when the write stops in the middle', () => {
    const path = join(folder, 'model');
    writeFileSync(path, 'old');
    const module = new URL('../../src/platform/node-files.ts', import.meta.url).href;
    const script = `
      import { nodeFiles } from ${JSON.stringify(module)};
      await nodeFiles.write(${JSON.stringify(path)}, new Uint8Array(1e6)).catch(e => console.log(e.name + ': ' + e.message));`;
    const limited = `trap '' XFSZ; ulimit -f 8; exec "$0" --import tsx --input-type=module -e "$1"`;
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const { stdout } = spawnSync('sh', ['-c', limited, process.execPath, script], { encoding: 'utf8', cwd: root });
    expect(stdout).toContain(`FileError: ${path}: cannot write (EFBIG): larger than the file size limit in force`);
    expect(stdout).toContain('the old content, if any, is untouched');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['model']);
  });

  // The real thing, where one exists: every write to it fails for want of space.
  it.runIf(existsSync('/dev/full'))('says that the disk is full', async () => {
    let error: unknown;
    try {
      writeFileSync('/dev/full', 'x');
    } catch (cause) {
      error = fileError('runs/1/model', 'write', cause);
    }
    expect(String(error)).toBe(
      'FileError: runs/1/model: cannot write (ENOSPC): the disk is full; free some space or choose another disk; ' +
        'the old content, if any, is untouched',
    );
  });
});

describe('the folders of the user', () => {
  const saved = { ...process.env };
  afterEach(() => {
    process.env = { ...saved };
  });

  it.runIf(process.platform === 'linux')('follow XDG, and ignore relative values as it demands', () => {
    process.env.HOME = '/home/me';
    process.env.XDG_CACHE_HOME = '/var/cache/me';
    process.env.XDG_DATA_HOME = 'relative';
    expect(cacheDir('fashion-mnist')).toBe('/var/cache/me/weft/fashion-mnist');
    expect(dataDir()).toBe('/home/me/.local/share/weft');
  });

  it.runIf(process.platform === 'linux')('may lack a temporary one: data are then looked for elsewhere', () => {
    const module = new URL('../../src/platform/node-data.ts', import.meta.url).href;
    const script = `
      import { nodeDataPlaces } from ${JSON.stringify(module)};
      process.env.TMPDIR = ${JSON.stringify(join(folder, 'none'))};
      await nodeDataPlaces().fetchers[0].fetch().catch(e => console.log(e.name + ': ' + e.message));`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: root });
    // Only an error of this kind lets the search go on to the next place.
    expect(stdout).toMatch(/^FileError: /);
  });

  it.runIf(process.platform === 'linux')('are temporary for accounts without a home', () => {
    process.env.HOME = '/nonexistent';
    delete process.env.XDG_CACHE_HOME;
    expect(cacheDir()).toBe(join(tmpdir(), `weft-${process.getuid!()}`, '.cache/weft'));
  });
});
