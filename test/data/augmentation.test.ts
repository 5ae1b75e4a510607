import { describe, expect, it } from 'vitest';
import { AUGMENTATION_NAMES, augmentedCopy, findAugmentation } from '../../src/data/augmentation.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { type AugmentOptions, augment } from '../../src/tensor/ops/augment.ts';
import { gpuEngine } from '../support/engine.ts';

const SIDE = 9;
const COUNT = 64;
const SIZE = SIDE * SIDE;
const values = Float32Array.from(
  { length: COUNT * SIZE },
  (() => {
    const random = new Sampler(3);
    return () => random.uniform(0.1, 1);
  })(),
);

/** The pictures after `options`, in the given order. */
async function changed(engine: Engine, options: AugmentOptions, order = Array.from({ length: COUNT }, (_, i) => i)) {
  return await engine.scope(async () => {
    const data = order.flatMap(i => [...values.subarray(i * SIZE, (i + 1) * SIZE)]);
    const images = engine.tensor(data, [order.length, SIDE, SIDE, 1]);
    return Float32Array.from(await augment(images, engine.tensor(order, [order.length], 'u32'), options).data());
  });
}

const pictures = (all: Float32Array) =>
  Array.from({ length: all.length / SIZE }, (_, i) => all.subarray(i * SIZE, (i + 1) * SIZE));

const mirrored = (picture: Float32Array) =>
  Float32Array.from(picture, (_, i) => picture[i - (i % SIDE) + SIDE - 1 - (i % SIDE)]!);

const moved = (picture: Float32Array, down: number, right: number) =>
  Float32Array.from(picture, (_, i) => {
    const [y, x] = [Math.floor(i / SIDE) - down, (i % SIDE) - right];
    return y < 0 || y >= SIDE || x < 0 || x >= SIDE ? 0 : picture[y * SIDE + x]!;
  });

describe.each(['reference', 'gpu'])('augment (%s)', where => {
  const open = async (step = 1) => {
    const engine = where === 'gpu' ? await gpuEngine() : Engine.reference();
    engine.setStep({ seed: 11, step });
    return engine;
  };

  it('mirrors about half of the pictures, to the bit', async () => {
    const after = pictures(await changed(await open(), { flip: 0.5 }));
    const flips = pictures(values).map((before, i) => {
      const same = after[i]!.every((v, at) => v === before[at]);
      expect(same || after[i]!.every((v, at) => v === mirrored(before)[at])).toBe(true);
      return !same;
    });
    const share = flips.filter(Boolean).length / COUNT;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
  });

  it('moves by whole pixels, as far as it may and in all directions, black behind', async () => {
    const after = pictures(await changed(await open(), { shift: 2 }));
    const steps = [-2, -1, 0, 1, 2];
    const found = pictures(values).map((before, i) => {
      const all = steps.flatMap(down => steps.map(right => [down, right] as const));
      return all.find(([down, right]) => moved(before, down, right).every((v, at) => v === after[i]![at]));
    });
    expect(found).not.toContain(undefined);
    for (const axis of [0, 1])
      expect([...new Set(found.map(move => move![axis]!))].sort((a, b) => a - b)).toEqual(steps);
  });

  it('erases one rectangle whose sides are within the range', async () => {
    const after = pictures(await changed(await open(), { erase: 1, eraseSides: [0.3, 0.6] }));
    for (const [i, before] of pictures(values).entries()) {
      const gone = [...after[i]!.keys()].filter(at => after[i]![at] !== before[at]);
      const rows = gone.map(at => Math.floor(at / SIDE));
      const columns = gone.map(at => at % SIDE);
      const sides = [rows, columns].map(axis => Math.max(...axis) - Math.min(...axis) + 1);
      expect(gone.length).toBe(sides[0]! * sides[1]!);
      for (const side of sides) expect([3, 4, 5]).toContain(side);
      for (const at of gone) expect(after[i]![at]).toBe(0);
    }
  });

  it('changes a picture by its number, wherever it stands, and anew in each step', async () => {
    const policy = findAugmentation('strong');
    const first = pictures(await changed(await open(), policy, [5, 6, 7]));
    expect(pictures(await changed(await open(), policy, [7, 5]))).toEqual([first[2], first[0]]);
    expect(pictures(await changed(await open(2), policy, [5, 6, 7]))).not.toEqual(first);
  });

  it('keeps values within 0 to 1, and lets what is not a number be seen', async () => {
    const engine = await open();
    for (const v of await changed(engine, { brightness: 0.5, contrast: 0.9 })) {
      expect(v).toBeGreaterThanOrEqual(0);
      expect(v).toBeLessThanOrEqual(1);
    }
    await engine.scope(async () => {
      const images = engine.tensor(new Float32Array(SIZE).fill(Number.NaN), [1, SIDE, SIDE, 1]);
      const after = await augment(images, engine.tensor([0], [1], 'u32'), findAugmentation('strong')).data();
      expect([...after].some(Number.isNaN)).toBe(true);
    });
  });

  it('gives the original as copy 0, and every other copy again by its number', async () => {
    const engine = await open();
    await engine.scope(async () => {
      const images = engine.tensor(values, [COUNT, SIDE, SIDE, 1]);
      const numbers = engine.tensor(
        Uint32Array.from({ length: COUNT }, (_, i) => i),
        [COUNT],
        'u32',
      );
      const policy = findAugmentation('standard');
      const copy = async (number: number) =>
        Float32Array.from(await augmentedCopy(engine, images, numbers, policy, { seed: 1, copy: number }).data());
      expect(await copy(0)).toEqual(values);
      const [one, two] = [await copy(1), await copy(2)];
      expect(one).not.toEqual(two);
      expect(await copy(1)).toEqual(one);
      expect(() => augmentedCopy(engine, images, numbers, policy, { seed: 1, copy: -1 })).toThrow(ValueError);
    });
  });

  it('refuses what cannot be', async () => {
    const engine = await open();
    await engine.scope(async () => {
      const images = engine.tensor(values, [COUNT, SIDE, SIDE, 1]);
      const keys = engine.tensor(new Uint32Array(COUNT), [COUNT], 'u32');
      expect(() => augment(images, engine.tensor([1], [1], 'u32'), {})).toThrow(ShapeError);
      expect(() => augment(keys, keys, {})).toThrow(ShapeError);
      for (const options of [
        { flip: 2 },
        { shift: 0.5 },
        { rotation: 90 },
        { zoom: -0.1 },
        { eraseSides: [0.5, 0.2] as const },
      ]) {
        expect(() => augment(images, keys, options)).toThrow(ValueError);
      }
    });
  });
});

describe('policies', () => {
  it('are found by name; none changes nothing', async () => {
    for (const name of AUGMENTATION_NAMES) expect(findAugmentation(name).name).toBe(name);
    expect(await changed(Engine.reference(), findAugmentation('none'))).toEqual(values);
    expect(() => findAugmentation('flop')).toThrow(/flip-shift/);
  });
});
