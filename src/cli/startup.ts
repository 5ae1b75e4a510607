import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Recipe } from '../models/index.ts';
import { KernelError } from '../platform/errors.ts';
import { measureStartup, type Startup } from '../train/startup.ts';
import { openEngine } from './open-engine.ts';
import type { AllowOptions, GlobalOptions } from './options.ts';
import { log, print, printJson, table } from './output.ts';

/** What `weft profile --startup --json` prints. Seconds. */
export interface StartupReport {
  model: string;
  batch: number;
  /** With nothing in the driver's cache, and again with what that left there. */
  cold: ProcessStartup;
  warm: ProcessStartup;
}

export interface ProcessStartup extends Startup {
  /** From the command to its end, with starting Node, loading weft, and the second step. */
  readonly process: number;
}

interface Options extends GlobalOptions, AllowOptions {
  batch?: number;
  /** Of this process only, for the one that started it. */
  ownStart?: boolean;
  json?: boolean;
}

/** Where drivers keep compiled kernels: Mesa, NVIDIA. */
const CACHES = ['MESA_SHADER_CACHE_DIR', '__GL_SHADER_DISK_CACHE_PATH'];

/** Starts a run twice, each time in a process of its own, on a driver's cache that is empty at first, and prints the times. */
export async function reportStartup(recipe: Recipe, options: Options): Promise<void> {
  const { batch = recipe.defaults.batch, adapter, tune, allow = [] } = options;
  if (options.ownStart) {
    printJson(await measureStartup(() => openEngine(options, { allow }), recipe, { batch }));
    return;
  }
  const typed = [
    ...(adapter === undefined ? [] : ['--adapter', adapter]),
    ...(tune === false ? ['--no-tune'] : []),
    ...(allow.length === 0 ? [] : ['--allow', allow.join(',')]),
  ];
  const command = ['profile', recipe.name, '--own-start', '--batch', String(batch), ...typed];
  const cache = await mkdtemp(join(tmpdir(), 'weft-startup-'));
  try {
    log('starting with an empty cache of the driver, then with a full one');
    const cold = await startOnce(cache, command);
    const report = { model: recipe.name, batch, cold, warm: await startOnce(cache, command) };
    if (options.json) printJson(report);
    else print(describe(report));
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

async function startOnce(cache: string, args: readonly string[]): Promise<ProcessStartup> {
  const env = { ...process.env, ...Object.fromEntries(CACHES.map(name => [name, cache])) };
  const start = performance.now();
  const command = [...process.execArgv, process.argv[1]!, ...args];
  const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', part => {
    text += part;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return { ...(JSON.parse(text) as Startup), process: (performance.now() - start) / 1000 };
  throw new KernelError(`profile: a start in a process of its own ended with ${code}; its message is above`);
}

function describe({ model, batch, cold, warm }: StartupReport): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const rows: [string, Exclude<keyof ProcessStartup, 'adapter'>][] = [
    ['device', 'open'],
    ['weights and images', 'upload'],
    ['compiling', 'compile'],
    ['first step', 'firstStep'],
    ['to the end of the first step', 'total'],
    ['second step', 'secondStep'],
    ['the whole process', 'process'],
  ];
  return [
    `${model}, batch ${batch}, on ${cold.adapter.device} (${cold.adapter.description})`,
    table(
      [{ title: 'seconds' }, right('driver cache empty'), right('full')],
      rows.map(([name, part]) => [name, cold[part].toFixed(2), warm[part].toFixed(2)]),
    ),
  ].join('\n');
}
