import { conclusions } from '../../report/conclusions.ts';
import { RESULT_COLUMNS, resultRow } from '../../report/result-row.ts';
import { summarize } from '../../report/summary.ts';
import type { Comparison } from '../../report/types.ts';
import { table } from '../output.ts';

/** What people read at the end: a table, and the sentences that the numbers carry. */
export function describeComparison(comparison: Comparison): string {
  const models = summarize(comparison);
  const columns = RESULT_COLUMNS.map((title, i) => ({ title, align: i < 2 ? ('left' as const) : ('right' as const) }));
  return [table(columns, models.map(resultRow)), '', ...conclusions(comparison, models)].join('\n');
}

/** The comparison without what only its pictures and paired tests need. */
export function withoutBytes(comparison: Comparison): object {
  const runs = comparison.runs.map(({ test, ...run }) => {
    const { labels: _, predictions: __, worst, ...rest } = test;
    return { ...run, test: { ...rest, worst: worst.map(({ picture: ___, ...mistake }) => mistake) } };
  });
  const { pictures: ____, ...rest } = comparison;
  return { ...rest, runs, conclusions: conclusions(comparison, summarize(comparison)) };
}
