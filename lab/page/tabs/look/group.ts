/** The products behind a value, map by map of what they are taken from. */
import type { Made } from '../../../worker/look/pixel.ts';

type Sum = Extract<Made, { kind: 'sum' }>;
type Term = Sum['arithmetic']['terms'][number];

/** All products with values of one map, laid out as the values are. */
export interface Group {
  /** Which of the sources. */
  readonly input: number;
  readonly channel: number;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** By row and column; undefined outside of the map, where values count as 0. */
  readonly terms: readonly (readonly (Term | undefined)[])[];
  /** Of the products. */
  readonly sum: number;
}

/** Groups by map, the one that adds most first, be it more or less than nothing; none for values that lie in no maps. */
export function groupByMap({ sources, arithmetic: { terms, window } }: Sum): Group[] {
  const groups = new Map<string, Term[]>();
  for (const term of terms) {
    if (term.at.length !== 3) return [];
    const key = `${term.input} ${term.at[2]}`;
    const own = groups.get(key) ?? [];
    groups.set(key, own);
    own.push(term);
  }
  const made = Array.from(groups.values(), (own): Group => {
    const { input, at } = own[0]!;
    const { shape } = sources[input]!;
    // A layer of one value for each value looks at that one alone.
    const isSingle = own.length === 1 && !window;
    const rows = isSingle ? [at[0]!] : (window?.rows ?? range(shape[0]!));
    const columns = isSingle ? [at[1]!] : (window?.columns ?? range(shape[1]!));
    const found = new Map(own.map(term => [`${term.at[0]} ${term.at[1]}`, term]));
    return {
      ...{ input, channel: at[2]!, rows, columns },
      terms: rows.map(row => columns.map(column => found.get(`${row} ${column}`))),
      sum: own.reduce((total, { product }) => total + product, 0),
    };
  });
  return made.sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
}

/** Largest first, be it more or less than nothing. */
export function bySize<T extends { readonly product: number }>(terms: readonly T[]): T[] {
  return [...terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
}

const range = (size: number) => Array.from({ length: size }, (_, i) => i);
