/** `weft bench`; started by src/cli/bench.ts, which reads the options and hands them over as JSON. */
import process from 'node:process';
import type { BenchOptions } from '../src/cli/bench.ts';
import { print, printJson, table } from '../src/cli/output.ts';
import { UsageError, WeftError } from '../src/platform/errors.ts';
import { cases, suiteNames } from './suites.ts';

/** The cases that were asked for. @throws UsageError for a suite that does not exist. */
function chosen({ suites, quick }: BenchOptions) {
  for (const suite of suites ?? []) {
    if (suiteNames.includes(suite)) continue;
    throw new UsageError(`bench: there is no suite '${suite}'; there are ${suiteNames.join(', ')}`);
  }
  return cases.filter(({ suite, quick: short }) => (suites ?? suiteNames).includes(suite) && (short || !quick));
}

async function main(options: BenchOptions): Promise<void> {
  const work = chosen(options);
  const rows = work.map(({ suite, name, mode }) => [suite, name, mode]);
  if (options.json) printJson(work);
  else print(table([{ title: 'suite' }, { title: 'case' }, { title: 'mode' }], rows));
}

try {
  await main(JSON.parse(process.argv[2] ?? '{}') as BenchOptions);
} catch (error) {
  if (!(error instanceof WeftError)) throw error;
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
