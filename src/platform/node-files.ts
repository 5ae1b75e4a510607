import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FileError } from './errors.ts';
import type { FileStore } from './platform.ts';

/** What a person can do about each error of the operating system that a file operation may meet. */
const REMEDIES: Record<string, string> = {
  ENOENT: 'no such file or folder; check the path',
  EACCES: 'permission denied; choose a folder that you may write to or change its permissions',
  EPERM: 'not permitted; choose a folder that you may write to or change its permissions',
  EROFS: 'the file system is read-only; choose another folder',
  ENOSPC: 'the disk is full; free some space or choose another disk',
  EDQUOT: 'your disk quota is used up; free some space or choose another disk',
  EFBIG: 'larger than the file size limit in force; raise it (ulimit -f) or choose another disk',
  EISDIR: 'this is a folder; name a file',
  ENOTDIR: 'a part of the path is a file, not a folder; choose another path',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
  EIO: 'the disk reports an input/output error; check it',
};

/** Turns an error of the operating system into a `FileError` that starts with the path and ends with the remedy. */
export function fileError(path: string, doing: 'read' | 'write', cause: unknown): FileError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
  const kept = doing === 'write' ? '; the old content, if any, is untouched' : '';
  return new FileError(`${path}: cannot ${doing} (${code}): ${REMEDIES[code] ?? String(cause)}${kept}`, { cause });
}

/** The local file system. Names are paths, relative ones to the working folder. */
export const nodeFiles: FileStore = {
  async read(path) {
    try {
      return await readFile(path);
    } catch (cause) {
      throw fileError(path, 'read', cause);
    }
  },

  async write(path, bytes) {
    const folder = dirname(path);
    // In the same folder, because a rename is atomic only within one file system.
    // A process number would not do: containers count theirs from 1 again, and one that was killed leaves its file.
    const temporary = join(folder, `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);
    try {
      await mkdir(folder, { recursive: true });
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(bytes);
        // Without this a power cut after the rename could leave an empty file under the final name.
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      await syncFolder(folder);
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => {});
      throw fileError(path, 'write', cause);
    }
  },

  async exists(path) {
    return (await stat(path).catch(() => undefined)) !== undefined;
  },

  async list(path) {
    try {
      return (await readdir(path)).sort();
    } catch (cause) {
      throw fileError(path, 'read', cause);
    }
  },
};

/** Makes the rename itself durable. Windows cannot open folders and some network file systems refuse: no loss there. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
  } finally {
    await handle?.close();
  }
}
