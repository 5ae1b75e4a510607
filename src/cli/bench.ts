/**
 * `weft bench`: starts the benchmark of this clone. Its frameworks live in bench/, a package of its own, so that weft
 * itself depends on none: here the options are read, its packages installed, and its process started.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { FileError, UsageError } from '../platform/errors.ts';
import { registerOp } from './bench-op.ts';
import { example, type GlobalOptions, jsonOption } from './options.ts';
import { log } from './output.ts';
import { names, wholeFrom } from './parse.ts';

/** What bench/main.ts is told, as JSON in its only argument. */
export interface BenchOptions {
  /** Names of suites and peers; all when absent. */
  suites?: string[];
  peers?: string[];
  rounds?: number;
  quick?: boolean;
  /** Only names what there is. */
  list?: boolean;
  json?: boolean;
  /** Files to write. */
  html?: string;
  out?: string;
  /** A result to show instead of measuring one. */
  from?: string;
  /** In headless Chromium, or as a page for any browser. */
  browser?: boolean;
  serve?: boolean;
  adapter?: string;
}

type TypedOptions = Omit<BenchOptions, 'suites' | 'peers'> & GlobalOptions & { suite?: string[]; peers?: string[] };

export function register(program: Command): void {
  const command = program
    .command('bench')
    .description('time weft beside other frameworks on this adapter (in a clone only)')
    .option('--suite <names>', 'these suites, with commas between; --list names them (default: all)', names)
    .option('--peers <names>', 'weft and these peers, with commas between (default: all that can be had)', names)
    .option('--rounds <n>', 'rounds, of which the median counts (default: 5)', wholeFrom(1))
    .option('--quick', 'fewer lines, fewer rounds: some minutes')
    .option('--list', 'name suites and peers, time nothing')
    .option('--html <file>', 'write a page with tables, roofline, ladders of variants and curves')
    .option('--out <file>', 'write the result as JSON, from which docs/benchmarks.md is made')
    .option('--from <file>', 'measure nothing: show what --out has written, with --html as a page')
    .option('--browser', 'weft beside tfjs in headless Chromium; small cases on a software adapter')
    .option('--serve', 'with --browser: serve the page to this machine, for a browser of your own');
  example(jsonOption(command), 'weft bench --quick', 'weft bench --suite matmul,steps --peers tfjs-webgpu --json');
  registerOp(command);
  command.action(async () => {
    const { suite, adapter, json, ...rest } = command.optsWithGlobals<TypedOptions>();
    const { peers, rounds, quick, list, html, out, from, browser, serve } = rest;
    const options = { ...{ suites: suite, peers, rounds, quick, list, json, html, out, from, serve, adapter } };
    process.exitCode = await runBench(browser ? 'browser/main.ts' : 'main.ts', options as BenchOptions);
  });
}

/** The folder of the benchmark. @throws UsageError in the npm package, which has none. */
export function benchFolder(): string {
  const folder = fileURLToPath(new URL('../../bench/', import.meta.url));
  if (existsSync(join(folder, 'package.json'))) return folder;
  throw new UsageError(
    'bench: the benchmark is part of the repository and not of the npm package, since it needs other frameworks; clone the repository and run ./weft bench there',
  );
}

/**
 * Runs a script of bench/ with these options in a process of its own and gives its exit code.
 * @throws FileError when its packages cannot be installed.
 */
export async function runBench(script: string, options: object): Promise<number> {
  const folder = benchFolder();
  await installPackages(folder);
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const args = ['--import', tsx, join(folder, script), JSON.stringify(options)];
  return await run(process.execPath, args, process.cwd());
}

/** The first time, and whenever bench/package-lock.json has changed since. */
async function installPackages(folder: string): Promise<void> {
  const lock = join(folder, 'package-lock.json');
  const record = join(folder, 'node_modules', '.package-lock.json');
  if (existsSync(record) && statSync(record).mtimeMs >= statSync(lock).mtimeMs) return;
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { dependencies: object };
  log(`weft: installing the frameworks that bench/ compares with: ${Object.keys(dependencies).join(', ')}`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const code = await run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], folder, 'to stderr');
  if (code !== 0) {
    throw new FileError(`${folder}: npm ci failed (exit code ${code}); see above, and run npm --prefix bench ci`);
  }
}

/** stdout may be one JSON document, so what is no result goes to stderr. */
async function run(command: string, args: readonly string[], cwd: string, output?: 'to stderr'): Promise<number> {
  const stdout = output ? process.stderr : ('inherit' as const);
  const child = spawn(command, args, { cwd, stdio: ['inherit', stdout, 'inherit'] });
  // Ctrl-C reaches the child too, which ends by itself and says how.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
    });
  } finally {
    process.off('SIGINT', ignore);
  }
}
