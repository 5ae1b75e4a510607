/** What other frameworks take for the call of `weft bench op`: measured by bench/, shown below the ladder. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Params } from '../kernels/spec.ts';
import { KernelError, UsageError } from '../platform/errors.ts';
import type { PeerTime } from '../tensor/bench-op.ts';
import { runBench } from './bench.ts';
import { table } from './output.ts';

/** What bench/op.ts is told, as JSON in its only argument. */
export interface PeerTask {
  readonly kernel: string;
  readonly p: Params;
  readonly peers: readonly string[];
  readonly rounds: number;
  readonly adapter?: string | undefined;
  /** Where it writes what it has measured, `PeerTime[]`; without, it only looks whether it could. */
  readonly out?: string;
}

/** @throws UsageError for a call that other frameworks cannot make, or an unknown one; before anything is measured. */
export async function checkPeers(task: Omit<PeerTask, 'out'>): Promise<void> {
  await run(task);
}

async function run(task: PeerTask): Promise<void> {
  const code = await runBench('op.ts', task);
  if (code === 2) throw new UsageError('bench op --peers: nothing was measured');
  if (code !== 0) throw new KernelError(`bench op --peers: the measurement ended with exit code ${code}; see above`);
}

/** Times weft and these peers on one call. @throws as `checkPeers`. */
export async function timePeers(task: Omit<PeerTask, 'out'>): Promise<PeerTime[]> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-op-'));
  try {
    const out = join(folder, 'peers.json');
    await run({ ...task, out });
    return JSON.parse(readFileSync(out, 'utf8')) as PeerTime[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The peers as a table, the slowest first. */
export function describePeers(peers: readonly PeerTime[]): string {
  const number = (value: number) => (value < 1000 ? value.toPrecision(3) : value.toFixed(0));
  const ours = peers.find(({ peer }) => peer === 'weft')?.time?.median;
  const rows = [...peers]
    .sort((a, b) => (b.time?.median ?? 1e300) - (a.time?.median ?? 1e300))
    .map(({ title, version, time, error, how = '', skipped }) => [
      `${title} ${version}`,
      time ? number(time.median) : '',
      time ? `${number(time.min)} to ${number(time.max)}` : '',
      time && ours !== undefined ? (time.median / ours).toFixed(2) : '',
      error?.toExponential(1) ?? '',
      skipped === undefined ? how : `not timed: ${skipped}`,
    ]);
  const right = (title: string) => ({ title, align: 'right' as const });
  const titles = [{ title: 'framework' }, right('ms'), { title: 'range' }, right('x weft'), right('error')];
  return table([...titles, { title: '' }], rows);
}
