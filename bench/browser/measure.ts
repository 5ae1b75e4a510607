/**
 * The measurement of a page: the same contenders, cases and checks as in Node, but all in one process, since a page has
 * one GPU process anyway.
 */

import { spread } from '../../src/gpu/profile.ts';
import { lineOf } from '../counts.ts';
import { makeInputs } from '../inputs.ts';
import { type Outputs, type Peer, type Prepared, type Task, Unsupported } from '../peers/peer.ts';
import type { PeerEntry } from '../peers/registry.ts';
import type { Line, Row } from '../results.ts';
import type { Case } from '../suites.ts';
import { difference, TOLERANCE, truthOf } from '../truth.ts';

export interface Entrant {
  readonly entry: PeerEntry;
  readonly peer: Peer;
}

/** Milliseconds of a round: browsers tell the time in steps of 0.1 ms. */
const ROUND = 50;
const MOST_CALLS = 500;
/** Milliseconds of a call after which one round is enough. */
const SLOW = 4000;

interface Runner extends Entrant {
  readonly prepared: Prepared;
  readonly error: number | undefined;
  readonly calls: number;
  readonly rounds: number;
  readonly times: number[];
}

/** Checks what everybody computes, then times those who agree in alternating rounds. */
export async function measureInPage(work: Case, entrants: readonly Entrant[], rounds: number): Promise<Line> {
  const { tensors, network } = makeInputs(work);
  const task: Task = { work, mode: work.mode, inputs: tensors, ...(network && { network }) };
  const rows = new Map<string, Row>();
  const runners: Runner[] = [];
  const truth = truthOf(work, tensors);
  let first: Outputs | undefined;
  for (const { entry, peer } of entrants) {
    try {
      const outputs = await peer.check(task);
      // Whole networks have no reference of their own: there the others are compared with weft.
      const expected = truth ? { [truth.name]: truth.values } : (first ??= outputs);
      const error = Math.max(
        ...Object.entries(expected).map(([name, values]) => {
          const own = outputs[name]!;
          return difference(truth ? truth.part(own) : own, values);
        }),
      );
      if (!(error <= TOLERANCE[entry.traded ?? 'none'])) {
        throw new Unsupported(`wrong: off by ${error.toExponential(1)} of the largest value`);
      }
      const known = truth || outputs !== first ? error : undefined;
      runners.push(await warmUp({ entry, peer }, task, known, rounds));
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      rows.set(entry.name, {
        peer: entry.name,
        skipped: cause instanceof Unsupported ? message : `it failed: ${message}`,
      });
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const runner of runners) {
      if (round < runner.rounds)
        runner.times.push((await timeCalls(runner.prepared, work, runner.calls)) / runner.calls);
    }
  }
  for (const { entry, prepared, error, calls, times } of runners) {
    const { how, traded = entry.traded } = prepared;
    prepared.dispose();
    rows.set(entry.name, {
      ...{ peer: entry.name, value: spread(times), rounds: times.length, calls },
      ...(error !== undefined && { error }),
      ...(traded && { traded }),
      ...(how && { how }),
    });
  }
  return lineOf(
    work,
    entrants.map(({ entry }) => rows.get(entry.name)!),
  );
}

async function warmUp(entrant: Entrant, task: Task, error: number | undefined, rounds: number): Promise<Runner> {
  const prepared = await entrant.peer.prepare(task);
  // The first call compiles.
  let each = await timeCalls(prepared, task, 1);
  if (each < SLOW) each = await timeCalls(prepared, task, 1);
  const calls = Math.max(1, Math.min(MOST_CALLS, Math.ceil(ROUND / each)));
  return { ...entrant, prepared, error, calls, rounds: each < SLOW ? rounds : 1, times: [] };
}

async function timeCalls(prepared: Prepared, { mode }: Pick<Task, 'mode'>, calls: number): Promise<number> {
  await prepared.finish();
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    await prepared.call();
    if (mode === 'latency') await prepared.read();
  }
  await prepared.finish();
  return performance.now() - start;
}
