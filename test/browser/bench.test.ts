import { expect, it } from 'vitest';
import { bundlePage } from '../../bench/browser/bundle.ts';
import type { PageOptions } from '../../bench/browser/options.ts';
import { benchPage } from '../../bench/page.ts';
import { parseResults } from '../../bench/results.ts';
import { describeResults } from '../../bench/table.ts';
import { openPage } from '../../scripts/chromium.ts';

// Without the packages of bench/: weft's own part of the page, on the two smallest cases.
it('the benchmark runs in a page and gives the result that the command gives', async () => {
  const script = await bundlePage({ withTfjs: false });
  expect(script).not.toMatch(/["'`]node:/);
  await using opened = await openPage(script);
  const names = ['matmul 128x128 by 128x10', 'softmax cross-entropy 128x10, loss and gradient'];
  const options: PageOptions = { names, peers: ['weft', 'tfjs-webgpu'], rounds: 2, quick: false, version: '1.2.3' };
  const given = await opened.page.evaluate(given => globalThis.benchInPage(given), options);
  const results = parseResults(JSON.stringify(given), 'page');
  expect(results.lines.map(({ name }) => name)).toEqual(names);
  expect(results.adapter.device).not.toBe('');
  for (const { rows } of results.lines) {
    expect(rows.map(({ peer }) => peer)).toEqual(['weft']);
    expect(rows[0]!.value!.min).toBeGreaterThan(0);
    expect(rows[0]!.rounds).toBe(2);
    expect(rows[0]!.error).toBeLessThan(1e-5);
  }
  expect(results.peers.map(({ name, missing }) => [name, missing])).toEqual([
    ['weft', undefined],
    ['tfjs-webgpu', 'tfjs is not part of this page'],
  ]);
  expect(results.host.weft).toBe('1.2.3');
  expect(describeResults(results)).toContain(names[0]);
  expect(benchPage(results)).toContain(`No WebGPU peer took part on ${results.adapter.device}`);
  expect(opened.errors).toEqual([]);
});
