import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batches, epochOrder } from '../../src/data/batches.ts';
import { ValueError } from '../../src/platform/errors.ts';

const range = (count: number, from = 0) => Uint32Array.from({ length: count }, (_, i) => from + i);

describe('epochOrder', () => {
  it('is a permutation, the same for the same seed and epoch, another for another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.nat(2 ** 40), fc.nat(1000), (count, seed, epoch) => {
        const order = epochOrder(count, seed, epoch);
        expect(order.slice().sort()).toEqual(range(count));
        expect(epochOrder(count, seed, epoch)).toEqual(order);
        if (count < 20) return;
        expect(epochOrder(count, seed, epoch + 1)).not.toEqual(order);
        expect(epochOrder(count, seed + 1, epoch)).not.toEqual(order);
        expect(epochOrder(count, seed + 2 ** 32, epoch)).not.toEqual(order);
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  it('sends every example to every place alike', () => {
    const counts = Array.from({ length: 6 }, () => new Array<number>(6).fill(0));
    for (let epoch = 0; epoch < 6000; epoch++) {
      epochOrder(6, 1, epoch).forEach((example, place) => {
        counts[example]![place]!++;
      });
    }
    // Binomial, mean 1000, deviation 29.
    for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('keeps its order from version to version', () => {
    expect([...epochOrder(10, 1, 0)]).toMatchInlineSnapshot(`
      [
        0,
        5,
        8,
        4,
        6,
        1,
        9,
        7,
        2,
        3,
      ]
    `);
  });
});

describe('Batches', () => {
  it('shows every example once an epoch and pads the last batch', () => {
    const batches = new Batches(range(10, 100), { batch: 4, seed: 5 });
    expect(batches.stepsPerEpoch).toBe(3);
    const seen: number[] = [];
    for (let step = 0; step < 3; step++) {
      const { indices, rows } = batches.at(2, step);
      expect(indices.length).toBe(4);
      expect(rows).toBe(step === 2 ? 2 : 4);
      seen.push(...indices.slice(0, rows));
      expect([...indices.slice(rows)]).toEqual(new Array(4 - rows).fill(indices[rows - 1]));
    }
    expect(seen).not.toEqual([...range(10, 100)]);
    expect(Uint32Array.from(seen).sort()).toEqual(range(10, 100));
  });

  it('gives the same batch wherever one starts', () => {
    const all = new Batches(range(50), { batch: 7, seed: 5 });
    const resumed = new Batches(range(50), { batch: 7, seed: 5 });
    for (let epoch = 0; epoch < 3; epoch++) for (let step = 0; step < 8; step++) all.at(epoch, step);
    const { epoch, step } = resumed.after(19);
    expect([epoch, step]).toEqual([2, 3]);
    expect(resumed.at(epoch, step)).toEqual(all.at(2, 3));
    expect(all.at(0, 1)).toEqual(new Batches(range(50), { batch: 7, seed: 5 }).at(0, 1));
  });

  it('goes through the examples as they stand without a seed', () => {
    const batches = new Batches(Uint32Array.of(9, 3, 7), { batch: 2 });
    expect(batches.at(0, 0)).toEqual({ indices: Uint32Array.of(9, 3), rows: 2 });
    expect(batches.at(4, 1)).toEqual({ indices: Uint32Array.of(7, 7), rows: 1 });
  });

  it('refuses what cannot be', () => {
    expect(() => new Batches(new Uint32Array(0), { batch: 2 })).toThrow(ValueError);
    expect(() => new Batches(range(3), { batch: 0 })).toThrow('batches: a batch of 0');
    expect(() => new Batches(range(3), { batch: 2 }).at(0, 2)).toThrow('batches: step 2 of an epoch of 2');
  });
});
