import { hashText } from '../kernels/hash.ts';
import { shippedTables } from '../kernels/tables/index.ts';
import { adapterClass, TunedTable, type TuningTarget, targetKey } from '../kernels/tuned-table.ts';
import { decodeTuning, encodeTuning, type TuningRows } from '../kernels/tuning-file.ts';
import { FileError } from '../platform/errors.ts';
import type { FileStore } from '../platform/platform.ts';

/** A user's own measurements, in a folder: a file for each adapter, driver and set of capabilities. */
export interface TuningStore {
  readonly files: FileStore;
  readonly folder: string;
  /** Gets a line when a file cannot be used or written. */
  readonly log: (line: string) => void;
}

/** Where the measurements of a target are kept. */
export function tuningPath(folder: string, target: TuningTarget): string {
  return `${folder}/${adapterClass(target)}-${hashText(targetKey(target)).slice(0, 8)}.json`;
}

/**
 * The measurements of a target; none when there is no file, or none that can be used: then a line says why, and the next
 * `writeTuning` replaces it. Never throws because of a file.
 */
export async function readTuning({ files, folder, log }: TuningStore, target: TuningTarget): Promise<TuningRows> {
  const path = tuningPath(folder, target);
  try {
    if (!(await files.exists(path))) return {};
    return decodeTuning(await files.read(path), targetKey(target), path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    log(`note: ${error.message}; these measurements of kernels are not used (weft tune makes them anew)`);
    return {};
  }
}

/**
 * Adds rows to the file of a target. The file is replaced as a whole, and read again just before: of two processes that
 * measure at once neither damages the file or overwrites what the other had written by then.
 * @returns whether it could be written; a line says why not.
 */
export async function writeTuning(store: TuningStore, target: TuningTarget, rows: TuningRows): Promise<boolean> {
  const path = tuningPath(store.folder, target);
  const before = await readTuning({ ...store, log: () => {} }, target);
  try {
    await store.files.write(path, encodeTuning(targetKey(target), { ...before, ...rows }));
    return true;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    store.log(`note: measurements of kernels are not kept: ${error.message}`);
    return false;
  }
}

/**
 * For `EngineOptions.tuned`: the user's own measurements first, then those that ship with weft.
 *
 *     const engine = await Engine.open(source, { tuned: loadTuning({ files, folder, log }) });
 */
export function loadTuning(store: TuningStore): (target: TuningTarget) => Promise<readonly TunedTable[]> {
  return async target => [new TunedTable(await readTuning(store, target)), ...shippedTables(target)];
}
