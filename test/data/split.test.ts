import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { splitModule } from '../../scripts/make-split.ts';
import type { DataSet } from '../../src/data/dataset.ts';
import { findDataSet } from '../../src/data/find.ts';
import { SPLIT_SEED, splitOf, stratifiedSplit } from '../../src/data/split.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { nodeDataPlaces } from '../../src/platform/node.ts';

const LIST = new URL('../../src/data/fashion-mnist-validation.generated.ts', import.meta.url);

function counts(labels: Uint8Array, indices: Uint32Array): number[] {
  const found: number[] = [];
  for (const index of indices) found[labels[index]!] = (found[labels[index]!] ?? 0) + 1;
  return found;
}

function expectPartition(total: number, train: Uint32Array, validation: Uint32Array): void {
  const all = [...train, ...validation].sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: total }, (_, i) => i));
  expect(Array.from(validation)).toEqual(Array.from(validation).sort((a, b) => a - b));
}

describe('the split of Fashion-MNIST', () => {
  let data: DataSet;
  beforeAll(async () => {
    data = await findDataSet(nodeDataPlaces());
  });

  it('has 500 pictures of each class for validation and 5,500 for training, none in both', () => {
    const { train, validation } = splitOf(data.train);
    expect(counts(data.train.labels, validation)).toEqual(Array(10).fill(500));
    expect(counts(data.train.labels, train)).toEqual(Array(10).fill(5500));
    expectPartition(60_000, train, validation);
  });

  it('is what its script makes, to the byte', () => {
    expect(splitModule(data.train.labels)).toBe(readFileSync(LIST, 'utf8'));
  });
});

describe('stratifiedSplit', () => {
  const labels = Uint8Array.from({ length: 1001 }, (_, i) => (i % 7 === 0 ? 9 : i % 3));

  it('keeps the share of each class to within one picture', () => {
    const { train, validation } = stratifiedSplit(labels, 100, 1);
    expectPartition(1001, train, validation);
    const whole = counts(labels, Uint32Array.from(labels.keys()));
    counts(labels, validation).forEach((count, label) => {
      expect(Math.abs(count - (whole[label]! * 100) / 1001)).toBeLessThan(1);
    });
  });

  it('depends on the seed alone', () => {
    expect(stratifiedSplit(labels, 100, 5)).toEqual(stratifiedSplit(labels, 100, 5));
    expect(stratifiedSplit(labels, 100, 5)).not.toEqual(stratifiedSplit(labels, 100, 6));
  });

  it('serves other data sets with a twelfth', () => {
    const split = splitOf({ labels, sha256: 'of another data set' });
    expect(split).toEqual(stratifiedSplit(labels, 83, SPLIT_SEED));
  });

  it('takes none or all, and refuses more', () => {
    expect(stratifiedSplit(labels, 0, 1).validation.length).toBe(0);
    expect(stratifiedSplit(labels, 1001, 1).train.length).toBe(0);
    expect(() => stratifiedSplit(labels, 1002, 1)).toThrow(ValueError);
  });
});
