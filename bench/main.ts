/** `weft bench`; started by src/cli/bench.ts, which reads the options and hands them over as JSON. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import type { BenchOptions } from '../src/cli/bench.ts';
import { openEngine } from '../src/cli/open-engine.ts';
import { log, print, printJson, table } from '../src/cli/output.ts';
import { UsageError, WeftError } from '../src/platform/errors.ts';
import type { Results } from './results.ts';
import { measureRoofline } from './roofline.ts';
import { chooseEntries, runCases } from './run.ts';
import { cases, suiteNames } from './suites.ts';
import { describeResults } from './table.ts';

const ROUNDS = 5;
const QUICK_ROUNDS = 3;

/** The cases that were asked for. @throws UsageError for a suite that does not exist. */
function chooseCases({ suites, quick }: BenchOptions) {
  for (const suite of suites ?? []) {
    if (suiteNames.includes(suite)) continue;
    throw new UsageError(`bench: there is no suite '${suite}'; there are ${suiteNames.join(', ')}`);
  }
  return cases.filter(({ suite, quick: short }) => (suites ?? suiteNames).includes(suite) && (short || !quick));
}

async function main(options: BenchOptions): Promise<void> {
  const { quick = false, rounds = quick ? QUICK_ROUNDS : ROUNDS, adapter, json } = options;
  const work = chooseCases(options);
  const entries = chooseEntries(options.peers);
  if (options.list) {
    if (json) printJson({ cases: work, peers: entries });
    else print(describePlan(work, entries));
    return;
  }
  const { info, roofline } = await lookAtDevice(adapter);
  log(`${work.length} cases, ${rounds} rounds, on ${info.device} (${info.description})`);
  const save = (results: Results) => {
    if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(results, null, 1)}\n`);
  };
  const run = { cases: work, entries, rounds, quick, adapter, log, save };
  const results = await runCases(run, info, roofline);
  if (json) printJson(results);
  else print(describeResults(results));
}

/** What the device is and can do; closed again before the contenders come. */
async function lookAtDevice(adapter: string | undefined) {
  using engine = await openEngine(adapter === undefined ? {} : { adapter });
  return { info: engine.gpu.device.info, roofline: await measureRoofline(engine) };
}

function describePlan(work: ReturnType<typeof chooseCases>, entries: ReturnType<typeof chooseEntries>): string {
  const plan = table(
    [{ title: 'suite' }, { title: 'case' }, { title: 'mode' }],
    work.map(({ suite, name, mode }) => [suite, name, mode]),
  );
  const who = table(
    [{ title: 'peer' }, { title: 'what' }],
    entries.map(({ name, title }) => [name, title]),
  );
  return `${plan}\n\n${who}`;
}

try {
  await main(JSON.parse(process.argv[2] ?? '{}') as BenchOptions);
} catch (error) {
  if (!(error instanceof WeftError)) throw error;
  log(`${error.name}: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
