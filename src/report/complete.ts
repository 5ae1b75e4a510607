import type { DataSet } from '../data/dataset.ts';
import { nearDuplicates } from '../data/near-duplicates.ts';
import { picturesOf } from './edges.ts';
import { summarize } from './summary.ts';
import type { Comparison, DuplicateReport } from './types.ts';

/**
 * Root mean square difference up to which pairs are looked for, as a share of the full range. On Fashion-MNIST pairs below
 * 0.04 are the same photograph to the eye (`SAME_PICTURE`); from there on plain trousers are as close to one another.
 */
const SEARCHED = 0.06;

/** What the report shows besides the results of single runs; takes some seconds the first time. */
export function completeComparison(comparison: Comparison, { train, test }: DataSet): Comparison {
  if (comparison.runs.length === 0) return comparison;
  const duplicates = comparison.duplicates ?? findDuplicates({ train, test });
  return { ...comparison, duplicates, pictures: picturesOf(summarize(comparison), test) };
}

function findDuplicates({ train, test }: Pick<DataSet, 'train' | 'test'>): DuplicateReport {
  const pairs = nearDuplicates(test, train, SEARCHED);
  return { limit: SEARCHED, pairs: pairs.map(p => [p.test, p.train, p.distance, Number(p.sameLabel)] as const) };
}
