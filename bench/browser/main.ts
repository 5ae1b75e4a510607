/** `weft bench --browser`: the suite in headless Chromium, or with --serve a page to open in any browser. */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { openPage, servePage } from '../../scripts/chromium.ts';
import type { BenchOptions } from '../../src/cli/bench.ts';
import { log, print, printJson } from '../../src/cli/output.ts';
import { weftVersion } from '../../src/cli/package-json.ts';
import { benchPage } from '../page.ts';
import { describeResults } from '../table.ts';
import { bundlePage } from './bundle.ts';
import type { PageOptions } from './options.ts';

const ROUNDS = 3;
const PEERS = ['weft', 'tfjs-webgpu', 'tfjs-webgpu-flags'];

async function main({ suites, peers = PEERS, rounds = ROUNDS, quick = false, ...options }: BenchOptions) {
  const version = weftVersion();
  const template = readFileSync(fileURLToPath(new URL('index.html', import.meta.url)), 'utf8');
  const html = template.replace('<html ', `<html data-version="${version}" `);
  const script = await bundlePage({ withTfjs: peers.some(name => name !== 'weft') });
  if (options.serve) {
    const { address } = await servePage(script, html);
    log(`the benchmark is at ${address}; Ctrl-C ends`);
    return;
  }
  await using opened = await openPage(script, html);
  await opened.page.exposeFunction('benchLog', log);
  const run: PageOptions = {
    ...(suites && { suites }),
    peers: [...new Set(['weft', ...peers])],
    rounds,
    quick,
    version,
  };
  const results = await opened.page.evaluate(given => globalThis.benchInPage(given), run);
  if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(results, null, 1)}\n`);
  if (options.html !== undefined) writeFileSync(options.html, benchPage(results));
  if (options.json) printJson(results);
  else print(describeResults(results));
}

await main(JSON.parse(process.argv[2] ?? '{}') as BenchOptions);
