import { SPLIT_SEED, stratifiedSplit } from './split.ts';

/**
 * The same `limit` of some examples on every machine, each class in its proportion; all of them without a limit, or with
 * one that is not below their number.
 *
 * @param examples indices into the data set, sorted. @param labels of the whole data set.
 */
export function subset(examples: Uint32Array, labels: Uint8Array, limit?: number): Uint32Array {
  if (limit === undefined || limit >= examples.length) return examples;
  const own = Uint8Array.from(examples, example => labels[example]!);
  return stratifiedSplit(own, limit, SPLIT_SEED).validation.map(place => examples[place]!);
}
