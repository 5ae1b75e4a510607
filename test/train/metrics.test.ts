import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/platform/errors.ts';
import { accuracyOf, classMetrics, confusedPairs, confusionMatrix } from '../../src/train/metrics.ts';

const labels = [0, 0, 0, 1, 1, 2];
const predictions = [0, 1, 0, 1, 1, 1];
const matrix = confusionMatrix(labels, predictions, 4);
const names = ['ant', 'bee', 'cat', 'dog'];

describe('metrics of a confusion matrix', () => {
  it('counts actual by predicted', () => {
    expect(matrix).toEqual([
      [2, 1, 0, 0],
      [0, 2, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(accuracyOf(matrix)).toBeCloseTo(4 / 6);
  });

  it('gives precision and recall, and zero rather than NaN where nothing was found', () => {
    const [ant, bee, cat, dog] = classMetrics(matrix, names);
    expect(ant).toMatchObject({ name: 'ant', precision: 1, recall: 2 / 3, support: 3 });
    expect(bee).toMatchObject({ precision: 0.5, recall: 1, support: 2 });
    expect(bee!.f1).toBeCloseTo(2 / 3);
    expect(cat).toMatchObject({ precision: 0, recall: 0, f1: 0, support: 1 });
    expect(dog).toMatchObject({ precision: 0, recall: 0, f1: 0, support: 0 });
  });

  it('lists the mistakes, most frequent first', () => {
    const more = matrix.map(row => [...row]);
    more[2]![1] = 7;
    expect(confusedPairs(more, names, 2)).toEqual([
      { actual: 'cat', predicted: 'bee', count: 7 },
      { actual: 'ant', predicted: 'bee', count: 1 },
    ]);
  });

  it('refuses lists that do not fit', () => {
    expect(() => confusionMatrix([0, 1], [0], 2)).toThrow(ValueError);
    expect(() => confusionMatrix([0, 5], [0, 0], 2)).toThrow(/class 5/);
    expect(() => confusionMatrix([0, 1], [0, 9], 2)).toThrow(ValueError);
  });
});
