/** One training kept in this browser, until another one is; and files that leave the page. */

export interface Kept {
  /** What it is called: the network, and how many steps were made. */
  readonly title: string;
  /** A session's file. */
  readonly bytes: Uint8Array;
  /** ISO 8601. */
  readonly when: string;
}

const [DATABASE, STORE, KEY] = ['weft lab', 'kept', 'training'];

export async function keep(kept: Kept): Promise<void> {
  await within('readwrite', store => store.put(kept, KEY));
}

/** What was kept last, if anything. */
export async function kept(): Promise<Kept | undefined> {
  return (await within('readonly', store => store.get(KEY))) as Kept | undefined;
}

async function within(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = (await settled(opening)) as IDBDatabase;
  try {
    return await settled(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

async function settled(request: IDBRequest): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error(`the browser keeps nothing: ${request.error?.message}`));
  });
}

/** Offers bytes as a file. */
export function download(name: string, bytes: Uint8Array): void {
  const address = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
