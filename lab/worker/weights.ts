import { FileError, InterruptedError } from '../../src/index.ts';

/** Name of the browser's store in which weights are kept from one visit to the next. */
const STORE = 'weft weights';

/** Bytes that have come, and of how many. */
export type OnBytes = (loaded: number, total: number) => void;

/** The store, where the browser has one for this page. */
async function store(): Promise<Cache | undefined> {
  return await globalThis.caches?.open(STORE).catch(() => undefined);
}

/** A file that was kept; undefined when there is none. */
export async function findKept(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const found = await (await store())?.match(name);
  return found && new Uint8Array(await found.arrayBuffer());
}

/** Keeps a file for the next visit. A store that is full or forbidden is no reason to fail: it is fetched again then. */
export async function keep(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await (await store())?.put(name, new Response(bytes)).catch(() => {});
}

export async function forget(name: string): Promise<void> {
  await (await store())?.delete(name);
}

/**
 * Fetches a file piece by piece.
 * @param bytes how many it has, if that is known: servers that pack a file do not tell.
 * @throws FileError when it cannot be had; InterruptedError once `signal` has fired.
 */
export async function fetchFile(path: string, bytes: number, signal: AbortSignal, onBytes: OnBytes) {
  try {
    const response = await fetch(path, { signal });
    if (!response.ok || !response.body) {
      throw new FileError(`${path}: the server answers ${response.status}; choose the file itself instead`);
    }
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let loaded = 0;
    const reader = response.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      pieces.push(next.value);
      loaded += next.value.length;
      onBytes(loaded, Math.max(loaded, bytes));
    }
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  } catch (cause) {
    if (signal.aborted) throw new InterruptedError(`${path}: fetching it was stopped`);
    if (cause instanceof FileError) throw cause;
    throw new FileError(`${path}: it cannot be fetched (${(cause as Error).message}); choose the file itself instead`, {
      cause,
    });
  }
}
