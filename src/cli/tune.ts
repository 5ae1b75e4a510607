import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { models } from '../models/index.ts';
import { InterruptedError, UsageError } from '../platform/errors.ts';
import { nodeFiles } from '../platform/node.ts';
import { duration } from '../report/format.ts';
import type { Engine } from '../tensor/engine.ts';
import { type TunedCall, type TuneOptions, type TuneReport, tune } from '../tensor/tuner.ts';
import { tuningPath } from '../tensor/tuning-cache.ts';
import { modelCalls } from '../train/model-calls.ts';
import { listenForInterrupt } from './interrupt.ts';
import { openEngine } from './open-engine.ts';
import { type AllowOptions, allowOption, example, type GlobalOptions, jsonOption } from './options.ts';
import { log, print, printJson, table } from './output.ts';
import { numberBetween, recipeOf, wholeFrom } from './parse.ts';
import { ProgressBar } from './progress.ts';
import { shippedTablesModule } from './ship-tables.ts';
import { targetOf, tuneAndKeep, tuningStore } from './tuning.ts';

interface Options extends GlobalOptions, AllowOptions {
  batch?: number;
  budget?: number;
  force?: boolean;
  ship?: boolean;
  json?: boolean;
}

/** What `weft tune --json` prints. */
export interface TuneResult extends TuneReport {
  models: string[];
  adapter: { device: string; driver: string; software: boolean };
  /** Where the choices are kept. */
  file: string;
  /** By Ctrl-C; the calls measured until then are kept. */
  interrupted: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('tune')
    .description('measure which kernel variants are the fastest here, and use them from now on')
    .argument('[models...]', `of ${Object.keys(models).join(', ')} (default: all)`)
    .option('--batch <n>', 'images in a training step (default: what each model is trained with)', wholeFrom(1))
    .option(
      '--budget <seconds>',
      'begin no measurement after this time; the dearest come first',
      numberBetween(0, Number.POSITIVE_INFINITY, 'above'),
    )
    .option('--force', 'measure again what has been measured')
    .option('--ship', 'in a clone: write what is measured into the tables that ship with weft');
  example(
    jsonOption(allowOption(command)),
    'weft tune',
    'weft tune cnn --batch 256 --force',
    'weft tune --budget 60 --json',
  );
  command.action(async (names: string[]) => {
    const options = command.optsWithGlobals<Options>();
    const result = await run(names.length > 0 ? names : Object.keys(models), options);
    if (options.json) printJson(result);
    else print(describe(result));
    if (result.interrupted) {
      const kept = options.ship ? 'nothing is written' : `${result.calls.length} calls are kept in ${result.file}`;
      throw new InterruptedError(`tune: interrupted; ${kept}`);
    }
  });
}

async function run(names: readonly string[], options: Options): Promise<TuneResult> {
  const recipes = names.map(name => recipeOf(name));
  const tables = options.ship ? tablesFile() : undefined;
  if (options.ship && options.allow) throw new UsageError('--allow: tables that ship give nothing up; leave it out');
  using stop = listenForInterrupt();
  const bar = new ProgressBar();
  // What ships is compared with what would be chosen without it.
  using engine = await openEngine(options, options.ship ? { tuned: [] } : { allow: options.allow });
  try {
    bar.status('planning the steps of the models');
    const calls = recipes.flatMap(recipe => modelCalls(engine, recipe, options.batch));
    const settings: TuneOptions = {
      budgetSeconds: options.budget,
      signal: stop.signal,
      onProgress: ({ stage, done, total }) => bar.status(`${stage} kernels: ${done} of ${total} calls`),
    };
    const report = tables
      ? await tune(engine, calls, settings)
      : await tuneAndKeep(engine, calls, { ...settings, force: options.force });
    bar.clear();
    if (tables && !stop.signal.aborted) await ship(engine, report.calls, tables);
    const { device, description, software } = engine.gpu.device.info;
    return {
      models: [...names],
      adapter: { device, driver: description, software },
      file: tables ?? tuningPath(tuningStore().folder, targetOf(engine)),
      interrupted: stop.signal.aborted,
      ...report,
    };
  } finally {
    bar.clear();
  }
}

/** @throws UsageError in the npm package, which has no sources. */
function tablesFile(): string {
  const path = fileURLToPath(new URL('../kernels/tables/tables.generated.ts', import.meta.url));
  if (existsSync(path)) return path;
  throw new UsageError('--ship: there are tables to write only in a clone of weft; leave it out');
}

async function ship(engine: Engine, calls: readonly TunedCall[], path: string): Promise<void> {
  const target = targetOf(engine);
  const variants = Object.fromEntries(calls.map(({ key, row }) => [key, row.variant]));
  await nodeFiles.write(path, shippedTablesModule(target, variants, new Date()));
  log(`${calls.length} rows for ${target.info.device} in ${path}`);
}

function describe({ models: names, adapter, file, ...report }: TuneResult): string {
  const { calls, struck, alone, known, left, seconds, compileSeconds } = report;
  const right = (title: string) => ({ title, align: 'right' as const });
  const changed = calls.filter(({ before, row }) => before !== row.variant).length;
  const lines = [`${names.join(', ')} on ${adapter.device} (${adapter.driver})`];
  if (calls.length > 0) {
    lines.push(
      table(
        [{ title: 'call' }, { title: 'was' }, { title: 'is' }, right('ms'), right('gain'), { title: 'also timed, ms' }],
        calls.map(call => [shorten(call.key), call.before, call.row.variant, ...times(call)]),
      ),
    );
  }
  for (const { key, variant, reason } of struck) lines.push(`struck: '${variant}' for ${key}: ${reason}`);
  const others = [
    known > 0 ? `${known} were known (--force measures them again)` : '',
    `${alone} have one variant to choose from`,
    left > 0 ? `${left} were not reached` : '',
  ];
  lines.push(`${calls.length} calls measured, ${changed} changed; ${others.filter(Boolean).join(', ')}`);
  lines.push(`${duration(seconds)}, of which ${duration(compileSeconds)} for compiling; kept in ${file}`);
  return lines.join('\n');
}

/** Milliseconds of the choice, how many times as long the one before takes, and the others. */
function times({ before, row: { variant, milliseconds } }: TunedCall): [string, string, string] {
  const { [variant]: now, ...others } = milliseconds;
  const was = milliseconds[before];
  const gain = was === undefined || now === undefined || before === variant ? '' : `${(was / now).toFixed(2)} x`;
  const list = Object.entries(others).map(([name, time]) => `${name} ${time.toPrecision(3)}`);
  // Nothing was timed where all candidates were struck.
  return [now?.toPrecision(3) ?? '', gain, list.join(', ')];
}

/** The parameters that differ from 0 and 1 say what a call is; --json has all. */
function shorten(key: string): string {
  const parts = key.split(' ').filter(part => !/=[01]$/.test(part));
  const text = parts.join(' ');
  return text.length > 70 ? `${text.slice(0, 69)}…` : text;
}
