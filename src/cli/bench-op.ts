/**
 * `weft bench op NAME`: the ladder of one kernel on one call, each variant proven and then timed, and beside them a
 * kernel of the reader's own.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { callShape } from '../kernels/call-shape.ts';
import { kernels } from '../kernels/registry.ts';
import { describeParams, type KernelSpec } from '../kernels/spec.ts';
import { FileError, KernelError, UsageError, ValueError } from '../platform/errors.ts';
import { measureOp, type OpResult, type OpTask } from '../tensor/bench-op.ts';
import type { Rung } from '../tensor/ladder.ts';
import { describeFailure } from '../tensor/prove.ts';
import { checkPeers, describePeers, timePeers } from './bench-op-peers.ts';
import { parseOpResult, sha256 } from './bench-op-result.ts';
import { openEngine } from './open-engine.ts';
import { example, type GlobalOptions, jsonOption } from './options.ts';
import { print, printJson, table } from './output.ts';
import { weftVersion } from './package-json.ts';
import { names, wholeFrom } from './parse.ts';
import { ProgressBar } from './progress.ts';

interface OpFlags extends GlobalOptions {
  shape?: string;
  kernel?: string;
  workgroups?: string;
  constants?: string;
  repeats?: number;
  timeLimit: number;
  from?: string;
  again?: boolean;
  peers?: string[];
  json?: boolean;
}

const REPEATS = 5;
const TIME_LIMIT = 180;
/** Set in the process that a watchdog looks after. */
const WATCHED = 'WEFT_BENCH_WATCHED';

export function registerOp(bench: Command): void {
  const command = bench
    .command('op')
    .description('prove and time all variants of one kernel, and a WGSL file of your own beside them')
    .argument('[kernel]', 'a kernel of docs/kernels.md, such as conv2d, conv2d_kernel_grad or matmul')
    .option('--shape <text>', "parameters of the call: 'n=64 h=28 w=28 cin=32 cout=64 k=3 padding=same'")
    .option('--kernel <file>', 'a WGSL file bound like the plain variant (docs/kernels.md, "Bring your own kernel")')
    .option('--workgroups <formula>', "how many it takes: 'ceil(n*oh*ow*cout / 64)' (default: its line // dispatch:)")
    .option('--constants <text>', "values for its const lines: 'TILE=8 LANES=32'")
    .option('--peers <names>', 'these frameworks beside it, with commas between (weft bench --list)', names)
    .option('--repeats <n>', `rounds, of which the median counts (default: ${REPEATS})`, wholeFrom(1))
    .option('--time-limit <seconds>', 'after which your own kernel counts as hanging', wholeFrom(1), TIME_LIMIT)
    .option('--from <file>', 'show the JSON that somebody else has made')
    .option('--again', 'measure what --from shows on this machine, too');
  example(
    jsonOption(command),
    "weft bench op conv2d --shape 'n=64 h=28 w=28 cin=32 cout=64 k=3'",
    'weft bench op matmul --kernel docs/examples/matmul-row.wgsl --json > result.json',
    'weft bench op matmul --kernel docs/examples/matmul-row.wgsl --peers tfjs-webgpu,jax-webgpu',
    'weft bench op --from result.json --again',
  );
  command.action(async (name: string | undefined) => {
    const options = command.optsWithGlobals<OpFlags>();
    const shared = options.from === undefined ? undefined : parseOpResult(await textOf(options.from), options.from);
    if (options.again && !shared)
      throw new UsageError('bench op --again: it repeats a result; name its file with --from');
    if (shared && !options.again) return show(shared, options);
    const task = shared ? repeatTask(shared, options) : await readTask(name, options);
    if (options.peers && !process.env[WATCHED]) await checkPeers(peerTask(task, options.peers, options.adapter));
    if (task.custom && !process.env[WATCHED]) return await runWatched(task, options.timeLimit);
    if (shared && !options.json) show(shared, options);
    const ladder = await measure(task, options);
    process.send?.('measured');
    const peers = options.peers && (await timePeers(peerTask(task, options.peers, options.adapter)));
    const result = { ...ladder, ...(peers && { peers }) };
    show(result, options);
    if (result.rungs.some(rung => rung.failure)) process.exitCode = 1;
  });
}

function kernelOf(name: string | undefined): KernelSpec {
  const spec = kernels.find(kernel => kernel.name === name);
  if (spec) return spec;
  const names = kernels.map(kernel => kernel.name).join(', ');
  throw new UsageError(`bench op: ${name ? `there is no kernel '${name}'` : 'name a kernel'}; there are ${names}`);
}

async function readTask(name: string | undefined, options: OpFlags): Promise<OpTask> {
  const { shape, kernel, workgroups, constants, repeats = REPEATS } = options;
  const spec = kernelOf(name);
  const p = callShape(spec, shape);
  if (kernel === undefined) {
    if (workgroups ?? constants) throw new UsageError('bench op: --workgroups and --constants belong to --kernel');
    return { spec, p, repeats };
  }
  const wgsl = await textOf(kernel);
  const custom = {
    ...{ name: basename(kernel).replace(/\.wgsl$/, ''), wgsl, sha256: sha256(wgsl) },
    ...(workgroups !== undefined && { dispatch: workgroups }),
    ...(constants !== undefined && { constants: readConstants(constants) }),
  };
  return { spec, p, custom, repeats };
}

function repeatTask(shared: OpResult, options: OpFlags): OpTask {
  const { kernel, shape, custom, repeats } = shared;
  const spec = kernelOf(kernel);
  return { spec, p: callShape(spec, describeParams(shape)), custom, repeats: options.repeats ?? repeats };
}

function readConstants(text: string): Record<string, number> {
  const pairs = text.split(/[\s,]+/).filter(Boolean);
  return Object.fromEntries(
    pairs.map(pair => {
      const [, name, value] = /^(\w+)=(-?[\d.]+)$/.exec(pair) ?? [];
      if (!name) throw new UsageError(`bench op --constants: '${pair}' is not of the form NAME=number`);
      return [name, Number(value)];
    }),
  );
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new FileError(`${path}: it cannot be read (${(cause as Error).message}); check the path`, { cause });
  }
}

function peerTask({ spec, p, repeats }: OpTask, peers: readonly string[], adapter: string | undefined) {
  return { kernel: spec.name, p, peers, rounds: repeats, adapter };
}

/**
 * Somebody's kernel may never end, and nothing inside a process stops what its driver computes: so it runs in a process
 * of its own, which is stopped from here.
 */
async function runWatched({ spec, custom }: OpTask, seconds: number): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [WATCHED]: '1' },
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, seconds * 1000);
  // What comes after its own measurement is nobody's fault.
  child.on('message', () => clearTimeout(timer));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  }).finally(() => clearTimeout(timer));
  if (late) {
    throw new KernelError(
      `kernel '${spec.name}/${custom!.name}': not done after ${seconds} s, so it was stopped; look for a loop that does not end, or give a longer --time-limit`,
    );
  }
  process.exitCode = code ?? 1;
}

async function measure(task: OpTask, options: OpFlags): Promise<OpResult> {
  using engine = await openEngine(options);
  const bar = new ProgressBar();
  try {
    const onProgress = (text: string) => bar.status(`${task.spec.name}: ${text}`);
    return await measureOp(engine, task, { weft: weftVersion(), onProgress });
  } catch (error) {
    // What was typed, or stands in the file that was named.
    throw error instanceof ValueError ? new UsageError(error.message) : error;
  } finally {
    bar.clear();
  }
}

function show(result: OpResult, { json }: Pick<OpFlags, 'json'>): void {
  if (json) {
    printJson(result);
    return;
  }
  const { kernel, shape, adapter, date, repeats, rungs, custom, flops } = result;
  const lanes = adapter.subgroupSize ? `, subgroups of ${adapter.subgroupSize}` : '';
  print(`${kernel} ${describeParams(shape)}`);
  print(
    `on ${adapter.device} (${adapter.driver}${lanes}), ${date.slice(0, 10)}; medians of ${repeats} interleaved rounds`,
  );
  const plain = rungs.find(({ variant }) => variant === kernelOf(kernel).variants[0]!.name)?.time?.median;
  const rows = [...rungs].sort(byTime).map(rung => describeRung(rung, result, plain));
  const right = (title: string) => ({ title, align: 'right' as const });
  const work = flops > 0 ? [right('GFLOP/s')] : [];
  const titles = [{ title: 'variant' }, right('ms'), { title: 'range' }, right('x plain'), ...work, right('GB/s')];
  print(
    table(
      [...titles, right('error'), right('of tolerance'), right('dispatches'), right('compile ms'), { title: '' }],
      rows,
    ),
  );
  if (result.peers) {
    print('\nby the clock, many calls and one wait, where the times above are the device’s own of a call:');
    print(describePeers(result.peers));
  }
  if (custom) print(`${custom.name}: sha256 ${custom.sha256}`);
  for (const { variant, failure } of rungs) if (failure) print(`${variant} is WRONG: ${describeFailure(failure)}`);
}

/** What was not timed comes last. */
const byTime = (a: Rung, b: Rung) => (b.time?.median ?? 1e300) - (a.time?.median ?? 1e300) || 0;

function describeRung(rung: Rung, { chosen, custom, flops }: OpResult, plain: number | undefined): string[] {
  const { variant, time, trades, error, errorShare, dispatches, compileTime, failure } = rung;
  const number = (value: number | undefined) =>
    value === undefined ? '' : value < 1000 ? value.toPrecision(3) : value.toFixed(0);
  const marks = [
    ...(variant === chosen ? ['chosen'] : []),
    ...(variant === custom?.name ? ['yours'] : []),
    ...(trades ? [trades] : []),
    ...(failure ? ['WRONG'] : []),
  ];
  return [
    ...[variant, number(time?.median), time ? `${number(time.min)} to ${number(time.max)}` : ''],
    time && plain !== undefined ? (plain / time.median).toFixed(2) : '',
    ...(flops > 0 ? [number(rung.gflopsPerSecond)] : []),
    number(rung.gigabytesPerSecond),
    error?.toExponential(1) ?? '',
    errorShare === undefined ? '' : `${(100 * errorShare).toFixed(1)} %`,
    String(dispatches),
    ...[compileTime?.toFixed(0) ?? '', marks.join(', ')],
  ];
}
