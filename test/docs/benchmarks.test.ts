import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { benchmarksPage, runsOf } from '../../bench/docs.ts';
import { reasonFor } from '../../bench/reasons.ts';
import { comparedLines, EVERY_LINE } from '../../bench/targets.ts';

const read = () => readFileSync(fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url)), 'utf8');

describe('docs/benchmarks.md', () => {
  it('is what its results say (npm run docs:bench -- FILE)', () => {
    const page = read();
    expect(benchmarksPage(runsOf(page)) === page, 'docs/benchmarks.md is stale: run npm run docs:bench').toBe(true);
  });

  it('gives a reason for every line that is less ahead than promised', () => {
    for (const { results } of runsOf(read())) {
      for (const { line, ratio } of comparedLines(results)) {
        if (ratio < EVERY_LINE) expect([line.name, reasonFor(line)]).not.toEqual([line.name, 'not known yet']);
      }
    }
  });
});
