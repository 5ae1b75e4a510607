/** Starts the processes of contenders. */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Contender, Skip } from './contender.ts';
import type { PeerEntry } from './peers/registry.ts';
import type { PeerNote } from './results.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const PYTHON_PEER = fileURLToPath(new URL('peers/python_peer.py', import.meta.url));

export function startContender(entry: PeerEntry, environment: Readonly<Record<string, string>> = {}): Contender {
  const command = entry.python
    ? [process.env.WEFT_PYTHON ?? 'python3', PYTHON_PEER]
    : [process.execPath, '--import', 'tsx', CHILD];
  return new Contender(entry.name, command, environment);
}

/** Opens a contender, or says why it is missing. */
export async function openContender(
  entry: PeerEntry,
  adapter: string | undefined,
): Promise<{ readonly note: PeerNote; readonly contender?: Contender }> {
  const { name, title, kind, settings, traded } = entry;
  const note = { name, title, kind, ...(settings && { settings }), ...(traded && { traded }) };
  const contender = startContender(entry);
  try {
    await contender.open(adapter);
    return { note: { ...note, version: contender.version, device: contender.device }, contender };
  } catch (error) {
    if (!(error instanceof Skip)) throw error;
    await contender.close();
    return { note: { ...note, missing: error.message } };
  }
}
