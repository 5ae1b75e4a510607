/** Measures one case: every contender computes it, results are compared, then rounds alternate between those that agree. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, spread } from '../src/gpu/profile.ts';
import { type Contender, MORE_PATIENCE, PATIENCE, Skip } from './contender.ts';
import { lineOf } from './counts.ts';
import { type Inputs, makeInputs, withDropoutApart } from './inputs.ts';
import { COMPARED } from './kernels.ts';
import { whyNot } from './peers/part.ts';
import { type Outputs, Unsupported } from './peers/peer.ts';
import type { PeerEntry } from './peers/registry.ts';
import type { FileInput, TaskMessage } from './protocol.ts';
import type { Line, Row, Traded } from './results.ts';
import type { Case } from './suites.ts';
import { difference, TOLERANCE, type Truth, truthOf } from './truth.ts';

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

/** Calls that take longer are not repeated only to warm up. */
const WARM_UP_BELOW = 200;
/** A contender whose warm-up shows one call to take longer is too slow to be waited for more than once. */
const SLOW = 5000;

/** Milliseconds of a call at which a curve ends for a contender. */
const CURVE_LIMIT = 4000;

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

/** What earlier cases told about contenders. */
export class Experience {
  /** By what was computed: the outcome of the comparison, since throughput and latency are of the same work. */
  readonly compared = new Map<string, Map<string, Pick<Runner, 'error' | 'skipped'>>>();
  /** The latest point of each curve: where it was, and how long each contender took. */
  readonly curves = new Map<string, { at: number; line: Line }>();
}

const keyOf = ({ op, shape }: Case) => `${op} ${JSON.stringify(shape)}`;

/** Measures one case; contenders that cannot do it, or are too slow, have rows that say so. */
export async function measureCase(
  work: Case,
  entrants: readonly Entrant[],
  budget: Budget,
  experience: Experience,
): Promise<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  try {
    const runners = entrants.map(entrant => newRunner(work, entrant, experience));
    const inputs = inputsOf(work);
    if (typeof inputs === 'string') {
      return lineOf(
        work,
        runners.map(({ entry }) => ({ peer: entry.name, skipped: inputs })),
      );
    }
    const task = writeTask(work, inputs, folder);
    await checkAll(runners, work, task, folder, inputs, experience);
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
    for (const { contender } of ready) if (contender.alive) await contender.ask<'drop'>({ do: 'drop' });
    const line = lineOf(
      work,
      runners.map(runner => rowOf(runner, work)),
    );
    if (work.curve) experience.curves.set(work.curve.name, { at: work.curve.at, line });
    return line;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function newRunner(work: Case, entrant: Entrant, experience: Experience): Runner {
  const skipped = whyNot(work, entrant.entry) ?? tooSlow(work, entrant.entry, experience);
  return { ...entrant, calls: 1, rounds: 0, times: [], processor: [], ...(skipped !== undefined && { skipped }) };
}

/** A curve ends for a contender where its next point would take too long. */
function tooSlow({ curve }: Case, { name }: PeerEntry, { curves }: Experience): string | undefined {
  const before = curve && curves.get(curve.name);
  if (!curve || !before) return undefined;
  const row = before.line.rows.find(({ peer }) => peer === name);
  if (!row?.value) return row?.skipped;
  const growth = before.line.flops > 0 ? flopsOfCurve(before.at, curve.at, curve.axis) : curve.at / before.at;
  const expected = row.value.median * growth;
  return expected > CURVE_LIMIT ? `a call would take about ${Math.ceil(expected / 1000)} s` : undefined;
}

/** Width and resolution count twice. */
const flopsOfCurve = (before: number, at: number, axis: string) => (axis === 'batch' ? 1 : at / before) * (at / before);

function inputsOf(work: Case): Inputs | string {
  try {
    return makeInputs(work);
  } catch (error) {
    if (error instanceof Unsupported) return error.message;
    throw error;
  }
}

/** The task as a contender understands it. */
function taskFor({ entry }: Runner, task: TaskMessage): TaskMessage {
  const { network } = task;
  return network && entry.kind !== 'weft' ? { ...task, network: withDropoutApart(network) } : task;
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
async function checkAll(
  runners: readonly Runner[],
  work: Case,
  task: TaskMessage,
  folder: string,
  inputs: Inputs,
  { compared }: Experience,
): Promise<void> {
  const known = compared.get(keyOf(work));
  if (known) {
    for (const runner of runners) Object.assign(runner, known.get(runner.entry.name));
    return;
  }
  const truth = truthOf(work, inputs.tensors);
  let expected: Outputs | undefined;
  for (const runner of runners) {
    if (runner.skipped !== undefined) continue;
    await attempt(runner, async () => {
      const { outputs } = await runner.contender.ask<'check'>(
        { do: 'check', task: taskFor(runner, task), folder },
        patience(runner.entry),
      );
      const got: Record<string, Float32Array> = {};
      for (const name of COMPARED[work.op]!) got[name] = readFloats(outputs[name]!);
      compareOutputs(runner, got, expected, truth);
      expected ??= got;
    });
  }
  const outcome = runners.map(({ entry, error, skipped }) => {
    const found = { ...(error !== undefined && { error }), ...(skipped !== undefined && { skipped }) };
    return [entry.name, found] as const;
  });
  compared.set(keyOf(work), new Map(outcome));
}

/** Tuning, of kernels or of flags, happens before the comparison. */
const patience = ({ name }: PeerEntry) => (TUNES.includes(name) ? MORE_PATIENCE : PATIENCE);
const TUNES = ['weft-tuned', 'tfjs-webgpu-flags'];

/** @throws Skip when they are not what they should be. */
function compareOutputs(runner: Runner, got: Outputs, expected: Outputs | undefined, truth: Truth | undefined): void {
  const limit = TOLERANCE[runner.entry.traded ?? 'none'];
  if (truth) {
    runner.error = difference(truth.part(got[truth.name]!), truth.values);
    if (!(runner.error <= limit))
      throw new Skip(`wrong: off by ${share(runner.error)} of the largest value; not timed`);
  }
  for (const [name, values] of Object.entries(expected ?? {})) {
    const apart = difference(got[name]!, values);
    if (!(apart <= limit)) throw new Skip(`computes something else: '${name}' differs by ${share(apart)}; not timed`);
    if (!truth) runner.error = Math.max(runner.error ?? 0, apart);
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
  const { how, traded } = await contender.ask<'prepare'>({ do: 'prepare', task: taskFor(runner, task) });
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

/** Of an epoch so many steps are measured as any other; the figures are those of all its steps. */
const callsIn = (work: Case) => (work.op === 'epoch' ? Math.ceil(work.shape.images / work.shape.batch) : 1);

function rowOf({ entry, skipped, times, processor, calls, error, traded, how }: Runner, work: Case): Row {
  if (skipped !== undefined) return { peer: entry.name, skipped };
  const lost = traded ?? entry.traded;
  const whole = (milliseconds: number) => milliseconds * callsIn(work);
  return {
    ...{ peer: entry.name, value: spread(times.map(whole)), processor: whole(median(processor)) },
    ...{ rounds: times.length, calls },
    ...(error !== undefined && { error }),
    ...(lost && { traded: lost }),
    ...(how !== undefined && how !== '' && { how }),
  };
}
