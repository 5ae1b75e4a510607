/** `weft bench op --peers`: one call of a kernel by weft and by other frameworks; started by src/cli/bench-op-peers.ts. */
import { writeFileSync } from 'node:fs';
import type { PeerTask } from '../src/cli/bench-op-peers.ts';
import { openEngine } from '../src/cli/open-engine.ts';
import { log } from '../src/cli/output.ts';
import type { PeerTime } from '../src/tensor/bench-op.ts';
import { workOf } from './op-work.ts';
import { chooseEntries, runCases } from './run.ts';
import { runScript } from './run-script.ts';
import type { Case } from './suites.ts';

async function main({ kernel, p, peers, rounds, adapter, out }: PeerTask): Promise<void> {
  const one = { ...workOf(kernel, p), suite: 'op', name: kernel, mode: 'throughput', quick: false } as Case;
  const entries = chooseEntries(peers);
  if (out === undefined) return;
  const info = await deviceOf(adapter);
  const results = await runCases(
    { cases: [one], entries, rounds, quick: false, adapter, log, save: () => {} },
    info,
    undefined,
  );
  const times = results.peers.map(({ name, title, version = '', missing }): PeerTime => {
    const { value, error, how, skipped = missing } = results.lines[0]!.rows.find(({ peer }) => peer === name) ?? {};
    return {
      ...{ peer: name, title, version },
      ...(value && { time: value }),
      ...(error !== undefined && { error }),
      ...(how !== undefined && { how }),
      ...(skipped !== undefined && { skipped }),
    };
  });
  writeFileSync(out, JSON.stringify(times));
}

async function deviceOf(adapter: string | undefined) {
  using engine = await openEngine(adapter === undefined ? {} : { adapter });
  return engine.gpu.device.info;
}

await runScript<PeerTask>(main);
