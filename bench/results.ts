/**
 * The result of a benchmark run: one JSON document from which the terminal's table, the page and docs/benchmarks.md are
 * made. Plain data, read and checked without any framework.
 */
import type { Spread } from '../src/gpu/profile.ts';
import { FileError } from '../src/platform/errors.ts';
import type { Rung } from '../src/tensor/ladder.ts';
import type { Roofline } from '../src/tensor/roofline.ts';

export type { Roofline, Spread };

export const FORMAT = 'weft-bench';
export const VERSION = 1;

/** What a contender runs on. Only 'webgpu' peers are measured against weft in the ratios of the headline. */
export type PeerKind = 'weft' | 'webgpu' | 'wasm' | 'cpu' | 'cuda';

/** What a row gives up for speed. Such rows stand beside the headline, with their error, and never in a ratio. */
export type Traded = 'winograd' | 'f16' | 'tf32';

/** 'throughput': N calls, one wait at the end. 'latency': the result of each call is read before the next. */
export type Mode = 'throughput' | 'latency';

export interface Host {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
  readonly node: string;
  readonly weft: string;
}

export interface AdapterNote {
  readonly device: string;
  readonly driver: string;
  /** A processor pretending to be a GPU. */
  readonly software: boolean;
}

export interface Settings {
  readonly suites: readonly string[];
  readonly rounds: number;
  readonly quick: boolean;
  /** Bounds checks of Dawn, for all that run on it. */
  readonly robustness: boolean;
  /** Everybody on Dawn lets the processor rest while waiting, as weft does. */
  readonly rest: boolean;
  /** Seconds of the whole run. */
  readonly seconds: number;
}

export interface PeerNote {
  /** As in `Row.peer` and on the command line. */
  readonly name: string;
  readonly title: string;
  readonly kind: PeerKind;
  readonly version?: string;
  /** Where it computes, in its own words. */
  readonly device?: string;
  /** What was switched on that is not its default. */
  readonly settings?: string;
  readonly traded?: Traded;
  /** Why it does not take part. */
  readonly missing?: string;
}

/** One contender in one line: measured or skipped for a reason. */
export interface Row {
  readonly peer: string;
  readonly skipped?: string;
  /** In the unit of the line; for time, of one call. */
  readonly value?: Spread;
  /** Processor time of one call in milliseconds, all threads of the process: the median of the rounds. */
  readonly processor?: number;
  readonly rounds?: number;
  /** Calls in a round. */
  readonly calls?: number;
  /** Largest difference from the float64 reference, as a share of the largest value. */
  readonly error?: number;
  readonly traded?: Traded;
  /** Kernel variants, flags or compilers that produced the figure. */
  readonly how?: string;
}

/** A point of a growth curve: lines of the same `name` belong together. */
export interface CurvePoint {
  readonly name: string;
  readonly axis: string;
  readonly at: number;
}

export interface Line {
  readonly suite: string;
  readonly name: string;
  readonly op: string;
  readonly shape: Readonly<Record<string, number | string>>;
  readonly mode: Mode;
  readonly unit: 'ms' | 'bytes';
  /** Floating-point operations of one call; 0 where the count says nothing. */
  readonly flops: number;
  /** Bytes that one call must move at least; 0 where the count says nothing. */
  readonly bytes: number;
  readonly curve?: CurvePoint;
  readonly rows: readonly Row[];
}

/** All variants of one kernel of weft on one call, as `weft bench op` measures them. */
export interface Ladder {
  readonly kernel: string;
  readonly shape: Readonly<Record<string, number>>;
  readonly flops: number;
  readonly bytes: number;
  /** The variant that weft takes for this call here. */
  readonly chosen: string;
  readonly rungs: readonly Rung[];
}

export interface Results {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** ISO 8601. */
  readonly date: string;
  readonly host: Host;
  readonly adapter: AdapterNote;
  readonly settings: Settings;
  readonly roofline?: Roofline;
  readonly peers: readonly PeerNote[];
  readonly lines: readonly Line[];
  readonly ladders?: readonly Ladder[];
}

/** Reads results from JSON text. @throws FileError, starting with `path`, that says what is wrong and where. */
export function parseResults(text: string, path: string): Results {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FileError(`${path}: not JSON (${(cause as Error).message}); make it with weft bench --out`, { cause });
  }
  const check = new Checker(path);
  checkResults(check, value);
  return value as Results;
}

/** Digits that a measurement can bear. */
const DIGITS = 5;

/** Results as text, a line of the benchmark on each line. */
export function formatResults({ lines, ...rest }: Results): string {
  const round = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  const head = JSON.stringify(rest, round, 1).replace(/\n\}$/, '');
  return `${head},\n "lines": [\n${lines.map(line => JSON.stringify(line, round)).join(',\n')}\n ]\n}\n`;
}

type Json = Record<string, unknown>;

/** Walks a value and says where the first thing is that does not belong. */
class Checker {
  constructor(private readonly path: string) {}

  fail(where: string, what: string): never {
    throw new FileError(`${this.path}: ${where} ${what}; make the file anew with weft bench --out`);
  }

  object(where: string, value: unknown): Json {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail(where, 'must be an object');
    return value as Json;
  }

  list(where: string, value: unknown): unknown[] {
    if (!Array.isArray(value)) this.fail(where, 'must be a list');
    return value as unknown[];
  }

  /** Fields of one primitive type; a name that ends with ? may be absent. */
  fields(where: string, value: Json, type: 'string' | 'boolean' | 'number', ...names: string[]): void {
    for (const name of names) {
      const key = name.replace('?', '');
      if (name.endsWith('?') && value[key] === undefined) continue;
      const field = value[key];
      const good = type === 'number' ? Number.isFinite(field) && (field as number) >= 0 : typeof field === type;
      if (!good) this.fail(`${where}.${key}`, `must be a ${type === 'number' ? 'number from 0' : type}`);
    }
  }

  oneOf(where: string, value: unknown, ...allowed: readonly unknown[]): void {
    if (!allowed.includes(value)) this.fail(where, `must be one of ${allowed.map(a => JSON.stringify(a)).join(', ')}`);
  }

  spread(where: string, value: unknown): void {
    const spread = this.object(where, value);
    this.fields(where, spread, 'number', 'median', 'min', 'max');
    const { median, min, max } = spread as unknown as Spread;
    if (!(min <= median && median <= max)) this.fail(where, 'must have min <= median <= max');
  }
}

const TRADED = [undefined, 'winograd', 'f16', 'tf32'];

function checkResults(check: Checker, value: unknown): void {
  const results = check.object('the document', value);
  if (results.format !== FORMAT) check.fail('format', `must be '${FORMAT}'`);
  if (results.version !== VERSION) check.fail('version', `is ${results.version}, this weft reads ${VERSION}`);
  check.fields('results', results, 'string', 'date');
  if (Number.isNaN(Date.parse(results.date as string))) check.fail('date', 'must be a date');
  const host = check.object('host', results.host);
  check.fields('host', host, 'string', 'cpu', 'os', 'node', 'weft');
  check.fields('host', host, 'number', 'cores', 'memoryBytes');
  const adapter = check.object('adapter', results.adapter);
  check.fields('adapter', adapter, 'string', 'device', 'driver');
  check.fields('adapter', adapter, 'boolean', 'software');
  const settings = check.object('settings', results.settings);
  check.list('settings.suites', settings.suites);
  check.fields('settings', settings, 'number', 'rounds', 'seconds');
  check.fields('settings', settings, 'boolean', 'quick', 'robustness', 'rest');
  if (results.roofline !== undefined) {
    const roofline = check.object('roofline', results.roofline);
    for (const name of ['gflops', 'gigabytesPerSecond']) check.spread(`roofline.${name}`, roofline[name]);
  }
  const names = new Set<unknown>();
  check.list('peers', results.peers).forEach((item, i) => {
    const peer = check.object(`peers[${i}]`, item);
    checkPeer(check, `peers[${i}]`, peer);
    if (names.has(peer.name)) check.fail(`peers[${i}].name`, `'${peer.name}' stands there twice`);
    names.add(peer.name);
  });
  check.list('lines', results.lines).forEach((item, i) => {
    checkLine(check, `lines[${i}]`, check.object(`lines[${i}]`, item), names);
  });
  check.list('ladders', results.ladders ?? []).forEach((item, i) => {
    const ladder = check.object(`ladders[${i}]`, item);
    check.fields(`ladders[${i}]`, ladder, 'string', 'kernel', 'chosen');
    check.fields(`ladders[${i}]`, ladder, 'number', 'flops', 'bytes');
    check.object(`ladders[${i}].shape`, ladder.shape);
    check.list(`ladders[${i}].rungs`, ladder.rungs).forEach((rung, j) => {
      const { variant, time } = check.object(`ladders[${i}].rungs[${j}]`, rung);
      if (typeof variant !== 'string') check.fail(`ladders[${i}].rungs[${j}].variant`, 'must be a string');
      if (time !== undefined) check.spread(`ladders[${i}].rungs[${j}].time`, time);
    });
  });
}

function checkPeer(check: Checker, where: string, peer: Json): void {
  check.fields(where, peer, 'string', 'name', 'title', 'version?', 'device?', 'settings?', 'missing?');
  check.oneOf(`${where}.kind`, peer.kind, 'weft', 'webgpu', 'wasm', 'cpu', 'cuda');
  check.oneOf(`${where}.traded`, peer.traded, ...TRADED);
}

function checkLine(check: Checker, where: string, line: Json, peers: ReadonlySet<unknown>): void {
  check.fields(where, line, 'string', 'suite', 'name', 'op');
  check.fields(where, line, 'number', 'flops', 'bytes');
  check.oneOf(`${where}.mode`, line.mode, 'throughput', 'latency');
  check.oneOf(`${where}.unit`, line.unit, 'ms', 'bytes');
  for (const [name, size] of Object.entries(check.object(`${where}.shape`, line.shape))) {
    if (typeof size !== 'string' && !Number.isFinite(size)) check.fail(`${where}.shape.${name}`, 'must be a number');
  }
  if (line.curve !== undefined) {
    const curve = check.object(`${where}.curve`, line.curve);
    check.fields(`${where}.curve`, curve, 'string', 'name', 'axis');
    check.fields(`${where}.curve`, curve, 'number', 'at');
  }
  const seen = new Set<unknown>();
  check.list(`${where}.rows`, line.rows).forEach((item, i) => {
    const at = `${where}.rows[${i}]`;
    const row = check.object(at, item);
    if (!peers.has(row.peer)) check.fail(`${at}.peer`, `'${row.peer}' is not among the peers`);
    if (seen.has(row.peer)) check.fail(`${at}.peer`, `'${row.peer}' stands there twice`);
    seen.add(row.peer);
    check.fields(at, row, 'string', 'skipped?', 'how?');
    check.fields(at, row, 'number', 'processor?', 'rounds?', 'calls?', 'error?');
    check.oneOf(`${at}.traded`, row.traded, ...TRADED);
    if ((row.value === undefined) === (row.skipped === undefined))
      check.fail(at, "must have either 'value' or 'skipped'");
    if (row.value !== undefined) check.spread(`${at}.value`, row.value);
  });
}
