/** `weft bench`; started by src/cli/bench.ts, which reads the options and hands them over as JSON. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { BenchOptions } from '../src/cli/bench.ts';
import { openEngine } from '../src/cli/open-engine.ts';
import { log, print, printJson, table } from '../src/cli/output.ts';
import { FileError, UsageError } from '../src/platform/errors.ts';
import { measureRoofline } from '../src/tensor/roofline.ts';
import { measureLadders } from './ladders.ts';
import { benchPage } from './page.ts';
import { parseResults, type Results } from './results.ts';
import { chooseEntries, runCases } from './run.ts';
import { runScript } from './run-script.ts';
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
  const { json } = options;
  if (options.list) {
    const work = chooseCases(options);
    const entries = chooseEntries(options.peers);
    if (json) printJson({ cases: work, peers: entries });
    else print(describePlan(work, entries));
    return;
  }
  const results = options.from === undefined ? await measure(options) : readResults(options.from);
  if (options.html !== undefined) writeFileSync(options.html, benchPage(results));
  if (json) printJson(results);
  else print(describeResults(results));
}

async function measure(options: BenchOptions): Promise<Results> {
  const { quick = false, rounds = quick ? QUICK_ROUNDS : ROUNDS, adapter, html, out } = options;
  const work = chooseCases(options);
  const entries = chooseEntries(options.peers);
  const { info, roofline, ladders } = await lookAtDevice(adapter, html === undefined ? 0 : rounds);
  log(`${work.length} cases, ${rounds} rounds, on ${info.device} (${info.description})`);
  const whole = (results: Results): Results => ({ ...results, ...(ladders && { ladders }) });
  const save = (results: Results) => {
    if (out !== undefined) writeFileSync(out, `${JSON.stringify(whole(results), null, 1)}\n`);
  };
  return whole(await runCases({ cases: work, entries, rounds, quick, adapter, log, save }, info, roofline));
}

function readResults(path: string): Results {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FileError(`${path}: it cannot be read (${(cause as Error).message}); check the path`, { cause });
  }
  return parseResults(text, path);
}

/** What the device is and can do; closed again before the contenders come. */
async function lookAtDevice(adapter: string | undefined, ladderRounds: number) {
  using engine = await openEngine(adapter === undefined ? {} : { adapter });
  const roofline = await measureRoofline(engine);
  // Only the page shows them.
  const ladders = ladderRounds > 0 ? await measureLadders(engine, ladderRounds, log) : undefined;
  return { info: engine.gpu.device.info, roofline, ladders };
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

await runScript<BenchOptions>(main);
