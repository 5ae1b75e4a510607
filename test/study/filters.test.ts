import { describe, expect, it } from 'vitest';
import { Conv2d, Dense, Flatten, Model, Preprocess, Sequential } from '../../src/nn/index.ts';
import { ShapeError } from '../../src/platform/errors.ts';
import { bestMatches, type FilterBank, filterBanks, filterChanges, filterPicture } from '../../src/study/filters.ts';
import { Engine } from '../../src/tensor/engine.ts';

const bank = (values: readonly number[], shape: FilterBank['shape'], blueFirst = false): FilterBank => ({
  layer: 'conv',
  shape,
  values: Float32Array.from(values),
  blueFirst,
});

describe('filter pictures', () => {
  it('put zero in the middle and the largest weight of each filter at an end', () => {
    // Two filters of 1 x 3; the second is a hundredth of the first, the other way round.
    const pair = bank([1, -0.01, 0, 0, -0.5, 0.005], [1, 3, 1, 2]);
    expect([...filterPicture(pair, 0).pixels]).toEqual([255, 128, 64]);
    expect([...filterPicture(pair, 1).pixels]).toEqual([0, 128, 191]);
  });

  it('show three channels as a colour, blue first where the network wants it so', () => {
    const values = [1, 0, -1];
    expect([...filterPicture(bank(values, [1, 1, 3, 1]), 0).pixels]).toEqual([255, 128, 0]);
    expect([...filterPicture(bank(values, [1, 1, 3, 1], true), 0).pixels]).toEqual([0, 128, 255]);
  });

  it('show one channel of many by the scale of the whole filter, and no colour of five channels', () => {
    const deep = bank([1, 0.5, 0, 0, -1], [1, 1, 5, 1]);
    expect([...filterPicture(deep, 0, 1).pixels]).toEqual([191]);
    expect(() => filterPicture(deep, 0)).toThrow(ShapeError);
    expect(() => filterPicture(deep, 0, 5)).toThrow(ShapeError);
    expect(() => filterPicture(deep, 1, 0)).toThrow('no picture of filter 1, channel 0');
  });
});

describe('filter banks', () => {
  it('are those of all convolutions, and of a dense layer that sees the flattened picture', async () => {
    using engine = Engine.reference();
    const conv = new Sequential({
      layers: [
        new Preprocess({ size: 4, resize: 'pad', channels: 'bgr', scale: 255, mean: [1, 2, 3] }),
        new Conv2d({ filters: 2, kernelSize: 3 }),
        new Conv2d({ filters: 5, kernelSize: 1 }),
        new Flatten({}),
        new Dense({ units: 3 }),
      ],
    });
    using deep = new Model(engine, conv, { inputShape: [4, 4, 1], seed: 1 });
    const banks = await filterBanks(deep);
    expect(banks.map(({ layer, shape }) => `${layer} ${shape}`)).toEqual(['conv2d_1 3,3,3,2', 'conv2d_2 1,1,2,5']);
    expect(banks.map(({ blueFirst }) => blueFirst)).toEqual([true, false]);

    const dense = new Sequential({ layers: [new Flatten({}), new Dense({ units: 7 }), new Dense({ units: 2 })] });
    using flat = new Model(engine, dense, { inputShape: [4, 3, 1], seed: 1 });
    const [first, ...others] = await filterBanks(flat);
    expect(first!.shape).toEqual([4, 3, 1, 7]);
    expect([...first!.values]).toEqual([...(await flat.parameters.get('dense_1.kernel').data())]);
    expect(others).toEqual([]);
  });
});

describe('filter changes', () => {
  it('are distance and angle, filter by filter', () => {
    // Filter 0: (3, 4) turned by a right angle; filter 1: (1, 0) made twice as long.
    const [turned, longer] = filterChanges(bank([3, 1, 4, 0], [1, 2, 1, 2]), bank([-4, 2, 3, 0], [1, 2, 1, 2]));
    expect(turned!.relative).toBeCloseTo(Math.SQRT2, 6);
    expect(turned!.cosine).toBeCloseTo(0, 6);
    expect(longer!.relative).toBeCloseTo(1, 6);
    expect(longer!.cosine).toBeCloseTo(1, 6);
  });

  it('are refused between layers of other shapes', () => {
    expect(() => filterChanges(bank([1, 2], [1, 2, 1, 1]), bank([1, 2], [2, 1, 1, 1]))).toThrow(ShapeError);
  });
});

describe('the closest filter of another layer', () => {
  it('is found whatever its place and length, and not where only the sign is other', () => {
    // Filters (3, 4), (-1, 0) beside (0, 2), (6, 8), (1, 0).
    const found = bestMatches(bank([3, -1, 4, 0], [1, 2, 1, 2]), bank([0, 6, 1, 2, 8, 0], [1, 2, 1, 3]));
    expect(found[0]).toBeCloseTo(1, 6);
    expect(found[1]).toBeCloseTo(0, 6);
  });

  it('is refused among filters of other shapes', () => {
    expect(() => bestMatches(bank([1, 2], [1, 2, 1, 1]), bank([1, 2], [2, 1, 1, 1]))).toThrow(ShapeError);
  });
});
