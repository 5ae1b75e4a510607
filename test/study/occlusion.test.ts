import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/platform/errors.ts';
import { occlusion } from '../../src/study/index.ts';
import { IMAGE, linearModel, network, pictures, weightsOf } from './models.ts';

const SHAPE = [5, 4, 2];

describe('occlusion', () => {
  it('of a linear model is exact: what the covered pixels gave', async () => {
    using model = linearModel(SHAPE, 3);
    const image = pictures(SHAPE);
    const weights = await weightsOf(model, 1);
    const fill = 0.25;
    const { drops } = await occlusion(model, image, { target: 1, window: 2, stride: 1, fill, batch: 3 });
    expect(drops.shape).toEqual([4, 3]);
    drops.values.forEach((drop, i) => {
      const [top, left] = [Math.floor(i / 3), i % 3];
      let expected = 0;
      for (const y of [top, top + 1])
        for (const x of [left, left + 1])
          for (const c of [0, 1]) {
            const at = (y * 4 + x) * 2 + c;
            expected += weights[at]! * (image.values[at]! - fill);
          }
      expect(drop).toBeCloseTo(expected, 12);
    });
  });

  it('gives each pixel its own share when the square is one pixel', async () => {
    using model = linearModel(SHAPE, 3);
    const image = pictures(SHAPE);
    const weights = await weightsOf(model, 0);
    const { map, drops } = await occlusion(model, image, { target: 0, window: 1 });
    expect(map).toEqual(drops);
    map.values.forEach((value, pixel) => {
      const own = [0, 1].reduce((sum, c) => sum + weights[2 * pixel + c]! * image.values[2 * pixel + c]!, 0);
      expect(value).toBeCloseTo(own, 12);
    });
  });

  it('covers every pixel, whatever the stride', async () => {
    using model = network('cnn');
    const { map, drops, window } = await occlusion(model, pictures(IMAGE), { target: 0, window: 3, stride: 9 });
    // 0, 3 and, to reach the edge, 5.
    expect([drops.shape, window, map.shape]).toEqual([[3, 3], 3, [8, 8]]);
    expect(map.values.every(Number.isFinite)).toBe(true);
  });

  it('finds nothing where the square is as the picture is', async () => {
    using model = network('cnn');
    const flat = { shape: IMAGE, values: new Float64Array(64).fill(0.5) };
    const { drops } = await occlusion(model, flat, { target: 0, fill: 0.5 });
    for (const drop of drops.values) expect(drop).toBeCloseTo(0, 12);
  });

  it('refuses squares that do not fit', async () => {
    using model = network('cnn');
    const cover = (window: number, stride = 1) => occlusion(model, pictures(IMAGE), { target: 0, window, stride });
    await expect(cover(9)).rejects.toThrow(ValueError);
    await expect(cover(2, 0)).rejects.toThrow(ValueError);
  });
});
