/** Measures one case: every contender computes it, results are compared, then rounds alternate between those that agree. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contender, Skip } from './contender.ts';
import { type Inputs, makeInputs } from './inputs.ts';
import { COMPARED } from './kernels.ts';
import { Unsupported } from './peers/peer.ts';
import type { PeerEntry } from './peers/registry.ts';
import type { FileInput, TaskMessage } from './protocol.ts';
import type { Line, Row, Traded } from './results.ts';
import { median, spread } from './statistics.ts';
import { bytesOf, type Case, flopsOf } from './suites.ts';
import { difference, type Truth, truthOf } from './truth.ts';

export interface Entrant {
  readonly entry: PeerEntry;
  readonly contender: Contender;
}

/** How much time a row may take. Milliseconds. */
export interface Budget {
  readonly rounds: number;
  /** A round is at least so long, or one call. */
  readonly round: number;
  /** Rounds of one row together; at least one is run. */
  readonly row: number;
}

/** Results that differ by more than this share of the largest value are not the same computation. */
const TOLERANCE: Readonly<Record<'none' | Traded, number>> = { none: 1e-3, winograd: 1e-2, f16: 1e-2, tf32: 1e-2 };
/** Calls that take longer are not repeated only to warm up. */
const WARM_UP_BELOW = 200;
/** A contender whose warm-up shows one call to take longer is too slow to be waited for more than once. */
const SLOW = 5000;

/** One contender on its way through a case. */
interface Runner extends Entrant {
  how?: string;
  traded?: Traded;
  error?: number;
  skipped?: string;
  calls: number;
  rounds: number;
  readonly times: number[];
  readonly processor: number[];
}

/** @param order turns with each case, so that nobody always follows the same neighbour. */
export async function measureCase(work: Case, entrants: readonly Entrant[], budget: Budget): Promise<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  try {
    const runners = entrants.map((entrant): Runner => ({ ...entrant, calls: 1, rounds: 0, times: [], processor: [] }));
    const inputs = inputsOf(work);
    if (typeof inputs === 'string')
      return lineOf(
        work,
        runners.map(({ entry }) => ({ peer: entry.name, skipped: inputs })),
      );
    const task = writeTask(work, inputs, folder);
    await checkAll(runners, task, folder, truthOf(work, inputs.tensors));
    const ready: Runner[] = [];
    for (const runner of runners) {
      if (runner.skipped === undefined && (await attempt(runner, () => warmUp(runner, task, budget))))
        ready.push(runner);
    }
    for (let round = 0; round < budget.rounds; round++) {
      for (const runner of ready) {
        if (round < runner.rounds && runner.skipped === undefined) await attempt(runner, () => timeRound(runner));
      }
    }
    for (const { contender } of ready) if (contender.alive) await contender.ask({ do: 'drop' });
    return lineOf(work, runners.map(rowOf));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function inputsOf(work: Case): Inputs | string {
  try {
    return makeInputs(work);
  } catch (error) {
    if (error instanceof Unsupported) return error.message;
    throw error;
  }
}

export function writeTask(work: Case, { tensors, network }: Inputs, folder: string): TaskMessage {
  const inputs: Record<string, FileInput> = {};
  for (const [i, [name, { shape, data }]] of Object.entries(tensors).entries()) {
    const path = join(folder, `input${i}.f32`);
    writeFileSync(path, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    inputs[name] = { path, shape };
  }
  return { work: { op: work.op, shape: work.shape } as Case, mode: work.mode, inputs, ...(network && { network }) };
}

/** Runs a step of one contender; what stops it becomes the reason on its row. */
async function attempt(runner: Runner, fn: () => Promise<void>): Promise<boolean> {
  try {
    await fn();
    return true;
  } catch (error) {
    if (!(error instanceof Skip)) throw error;
    runner.skipped = error.message;
    return false;
  }
}

/** Everybody computes once; the first that is right by the reference is what the others are compared with. */
async function checkAll(runners: Runner[], task: TaskMessage, folder: string, truth: Truth | undefined): Promise<void> {
  let expected: Record<string, Float32Array> | undefined;
  for (const runner of runners) {
    await attempt(runner, async () => {
      const { outputs } = await runner.contender.ask<'check'>({ do: 'check', task, folder });
      const got: Record<string, Float32Array> = {};
      for (const name of COMPARED[task.work.op]!) got[name] = readFloats(outputs[name]!);
      const limit = TOLERANCE[runner.entry.traded ?? 'none'];
      if (truth) {
        runner.error = difference(truth.part(got[truth.name]!), truth.values);
        if (!(runner.error <= limit)) throw new Skip(`wrong: off by ${share(runner.error)} of the largest value`);
      }
      for (const [name, values] of Object.entries(expected ?? {})) {
        const apart = difference(got[name]!, values);
        if (!(apart <= limit))
          throw new Skip(`computes something else: '${name}' differs by ${share(apart)}; not timed`);
        if (!truth) runner.error = Math.max(runner.error ?? 0, apart);
      }
      expected ??= got;
    });
  }
}

const share = (value: number) => `${(100 * value).toPrecision(2)} %`;

function readFloats(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Compiles, and finds out how many calls and rounds there is time for. */
async function warmUp(runner: Runner, task: TaskMessage, budget: Budget): Promise<void> {
  const { contender } = runner;
  const { how, traded } = await contender.ask<'prepare'>({ do: 'prepare', task });
  if (how !== undefined) runner.how = how;
  if (traded) runner.traded = traded;
  const first = await contender.ask<'time'>({ do: 'time', calls: 1, warm: false });
  let each = first.milliseconds;
  if (each < SLOW) each = (await contender.ask<'time'>({ do: 'time', calls: 1, warm: false })).milliseconds;
  // The first figures of fast calls are mostly the wait; a few more tell better.
  if (each < budget.round / 4) {
    const calls = Math.max(2, Math.min(50, Math.ceil(budget.round / 4 / each)));
    each = (await contender.ask<'time'>({ do: 'time', calls, warm: false })).milliseconds / calls;
  }
  runner.calls = Math.max(1, Math.min(1000, Math.ceil(budget.round / each)));
  runner.rounds = Math.max(1, Math.min(budget.rounds, Math.floor(budget.row / (runner.calls * each))));
}

async function timeRound(runner: Runner): Promise<void> {
  const { calls } = runner;
  const last = runner.times[runner.times.length - 1] ?? 0;
  const warm = last < WARM_UP_BELOW;
  const { milliseconds, processor } = await runner.contender.ask<'time'>({ do: 'time', calls, warm });
  runner.times.push(milliseconds / calls);
  runner.processor.push(processor / calls);
}

function rowOf({ entry, skipped, times, processor, calls, error, traded, how }: Runner): Row {
  if (skipped !== undefined) return { peer: entry.name, skipped };
  const lost = traded ?? entry.traded;
  return {
    ...{ peer: entry.name, value: spread(times), processor: median(processor), rounds: times.length, calls },
    ...(error !== undefined && { error }),
    ...(lost && { traded: lost }),
    ...(how !== undefined && how !== '' && { how }),
  };
}

export function lineOf(work: Case, rows: readonly Row[]): Line {
  const { suite, name, op, shape, mode, curve } = work;
  const numbers = { flops: flopsOf(work), bytes: bytesOf(work) };
  const described = shape as unknown as Line['shape'];
  return {
    suite,
    name,
    op,
    shape: described,
    mode,
    unit: op === 'memory' ? 'bytes' : 'ms',
    ...numbers,
    ...(curve && { curve }),
    rows,
  };
}
