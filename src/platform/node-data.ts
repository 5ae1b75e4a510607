import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { FileError } from './errors.ts';
import { fileError, nodeFiles } from './node-files.ts';
import { cacheDir } from './node-paths.ts';
import type { DataPlaces, DataSource } from './platform.ts';

const run = promisify(execFile);

const DEBIAN_PACKAGE = 'dataset-fashion-mnist';
const SYSTEM_FOLDER = '/usr/share/datasets/fashion-mnist';
/** The authors' own repository. */
const OFFICIAL = 'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion';
/** The largest of its files has 26,421,880 bytes; nothing that answers with much more is it. */
const MAX_DOWNLOAD = 64 * 2 ** 20;

/** A folder, or a single .npz file as if it were alone in its folder. */
export function folderSource(path: string): DataSource {
  const single = path.endsWith('.npz');
  const folder = single ? dirname(path) : path;
  return {
    where: folder,
    async read(name) {
      const file = join(folder, name);
      try {
        return await readFile(file);
      } catch (cause) {
        const code = (cause as NodeJS.ErrnoException).code;
        if (code === 'ENOENT') return undefined;
        throw fileError(file, 'read', cause);
      }
    },
    async list() {
      if (single) return [basename(path)];
      try {
        return await readdir(folder);
      } catch (cause) {
        throw fileError(folder, 'read', cause);
      }
    },
  };
}

/**
 * Where data sets are looked for in Node. `data` is a folder or an .npz file; without it the environment variable
 * WEFT_DATA is asked. An empty folder or a path that does not exist is an error then, never a reason to look elsewhere.
 */
export function nodeDataPlaces(data: string | undefined = process.env.WEFT_DATA || undefined): DataPlaces {
  const cache = cacheDir('fashion-mnist');
  return {
    ...(data === undefined ? {} : { chosen: folderSource(resolve(data)) }),
    cache: { ...folderSource(cache), write: async (name, bytes) => await nodeFiles.write(join(cache, name), bytes) },
    known: [folderSource(SYSTEM_FOLDER)],
    fetchers: [
      ...(process.platform === 'linux' ? [{ from: `Debian (package ${DEBIAN_PACKAGE})`, fetch: fetchDebian }] : []),
      { from: 'Zalando Research', fetch: fetchOfficial },
    ],
  };
}

/** Unpacks Debian's package into a temporary folder: no root, nothing installed. */
async function fetchDebian(): Promise<DataSource & AsyncDisposable> {
  for (const tool of ['/usr/bin/apt-get', '/usr/bin/dpkg-deb']) {
    if (!(await stat(tool).catch(() => undefined))) throw new FileError(`${tool}: not there, this is no Debian`);
  }
  let folder: string | undefined;
  const dispose = async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  };
  try {
    folder = await mkdtemp(join(tmpdir(), 'weft-data-'));
    await download(folder);
    const [deb] = (await readdir(folder)).filter(name => name.endsWith('.deb'));
    await run('dpkg-deb', ['-x', join(folder, deb!), join(folder, 'root')]);
    return { ...folderSource(join(folder, 'root', SYSTEM_FOLDER)), [Symbol.asyncDispose]: dispose };
  } catch (cause) {
    await dispose();
    const lines = String((cause as { stderr?: string }).stderr || cause).trim();
    throw new FileError(`${DEBIAN_PACKAGE}: cannot fetch the package: ${lines.split('\n').at(-1)}`, { cause });
  }
}

async function download(folder: string): Promise<void> {
  // The one download leaves the system's state alone, so it needs no root; without lists it gets some of its own.
  const get = async (options: string[], ...command: string[]) =>
    await run('apt-get', [...options, '-qq', ...command], { cwd: folder, timeout: 600_000 });
  try {
    await get([], 'download', DEBIAN_PACKAGE);
  } catch {
    const state = join(folder, 'apt');
    await mkdir(join(state, 'lists/partial'), { recursive: true });
    await mkdir(join(state, 'cache/archives/partial'), { recursive: true });
    const own = ['-o', `Dir::State::Lists=${state}/lists`, '-o', `Dir::Cache=${state}/cache`];
    await get(own, 'update');
    await get(own, 'download', DEBIAN_PACKAGE);
  }
}

/** The files over https, each read when it is asked for. */
async function fetchOfficial(): Promise<DataSource & AsyncDisposable> {
  return {
    where: OFFICIAL,
    async read(name) {
      const address = `${OFFICIAL}/${name}`;
      try {
        const response = await fetch(address, { signal: AbortSignal.timeout(600_000) });
        if (response.status === 404) return undefined;
        if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`);
        if (Number(response.headers.get('content-length')) > MAX_DOWNLOAD) throw new Error('larger than expected');
        return new Uint8Array(await response.arrayBuffer());
      } catch (cause) {
        const error = cause as Error & { cause?: Error };
        throw new FileError(`${address}: cannot fetch: ${error.cause?.message ?? error.message}; check the network`, {
          cause,
        });
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}
