/** The processes of contenders: how they are started, how long that takes, how much memory they need. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '../src/cli/output.ts';
import { spread } from '../src/gpu/profile.ts';
import { Contender, Skip } from './contender.ts';
import { lineOf } from './counts.ts';
import { makeInputs } from './inputs.ts';
import { writeTask } from './measure.ts';
import { whyNot } from './peers/part.ts';
import type { PeerEntry } from './peers/registry.ts';
import type { TaskMessage } from './protocol.ts';
import type { Line, PeerNote, Row } from './results.ts';
import type { Case } from './suites.ts';

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

/** Steps of which the memory is taken: the second and later ones use what the first has made. */
const STEPS = 3;

/** Start-up or memory of each contender, in fresh processes one after the other. */
export async function measureProcesses(
  work: Case & { op: 'startup' | 'memory' },
  entries: readonly PeerEntry[],
  adapter: string | undefined,
): Promise<Line> {
  const rows: Row[] = [];
  for (const entry of entries) {
    const skipped = whyNot(work, entry);
    rows.push(skipped === undefined ? await measureProcess(work, entry, adapter) : { peer: entry.name, skipped });
  }
  return lineOf(work, rows);
}

async function measureProcess(
  work: Case & { op: 'startup' | 'memory' },
  entry: PeerEntry,
  adapter: string | undefined,
): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  try {
    const task = writeTask(work, makeInputs(work), folder);
    if (work.op === 'memory') return await peakMemory(entry, adapter, task);
    // Where the driver and weft keep what they have compiled or tuned.
    const caches = { XDG_CACHE_HOME: join(folder, 'cache'), MESA_SHADER_CACHE_DIR: join(folder, 'cache', 'mesa') };
    const cold = await startUp(entry, adapter, task, caches);
    return work.shape.cold ? cold : await startUp(entry, adapter, task, caches);
  } catch (error) {
    if (error instanceof Skip) return { peer: entry.name, skipped: error.message };
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startUp(
  entry: PeerEntry,
  adapter: string | undefined,
  task: TaskMessage,
  caches: Readonly<Record<string, string>>,
): Promise<Row> {
  const start = performance.now();
  const contender = startContender(entry, caches);
  try {
    await contender.open(adapter);
    const opened = performance.now() - start;
    await contender.ask<'prepare'>({ do: 'prepare', task });
    await contender.ask<'time'>({ do: 'time', calls: 1, warm: false });
    const how = `${Math.round(opened)} ms until the library and device are ready`;
    return { peer: entry.name, value: spread([performance.now() - start]), rounds: 1, calls: 1, how };
  } finally {
    await contender.close();
  }
}

async function peakMemory(entry: PeerEntry, adapter: string | undefined, task: TaskMessage): Promise<Row> {
  const contender = startContender(entry);
  try {
    await contender.open(adapter);
    await contender.ask<'prepare'>({ do: 'prepare', task });
    await contender.ask<'time'>({ do: 'time', calls: STEPS, warm: false });
    const { peakBytes, deviceBytes } = await contender.ask<'memory'>({ do: 'memory' });
    const how = deviceBytes === undefined ? undefined : `of it tensors: ${formatBytes(deviceBytes)}`;
    return { peer: entry.name, value: spread([peakBytes]), rounds: 1, calls: STEPS, ...(how !== undefined && { how }) };
  } finally {
    await contender.close();
  }
}
