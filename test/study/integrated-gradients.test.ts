import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/platform/errors.ts';
import { black, blurred, integratedGradients, meanImage, trace } from '../../src/study/index.ts';
import { IMAGE, linearModel, network, networks, pictures, weightsOf } from './models.ts';

const image = pictures(IMAGE);
const baselines = { black: black(image), blurred: blurred(image), mean: meanImage(pictures([5, ...IMAGE], 8)) };

describe('integrated gradients', () => {
  for (const kind of Object.keys(networks)) {
    for (const [name, baseline] of Object.entries(baselines)) {
      it(`of the ${kind} add up to what the logit gained from the ${name} baseline`, async () => {
        using model = network(kind);
        const { attributions, sum, difference, error } = await integratedGradients(model, image, {
          target: 2,
          baseline,
        });
        const logit = async (of: typeof image) => (await trace(model, of)).output.values[2]!;
        expect(difference).toBeCloseTo((await logit(image)) - (await logit(baseline)), 10);
        expect(Array.from(attributions.values).reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 10);
        expect(error).toBe(Math.abs(sum - difference) / Math.abs(difference));
        expect(error).toBeLessThanOrEqual(0.01);
      });
    }
  }

  it('of a linear model are weight times change, with a single step', async () => {
    using model = linearModel([3, 2, 1], 4);
    const [picture, baseline] = [pictures([3, 2, 1], 1), pictures([3, 2, 1], 2)];
    const { attributions, steps } = await integratedGradients(model, picture, { target: 1, baseline, steps: 1 });
    const weights = await weightsOf(model, 1);
    expect(steps).toBe(1);
    attributions.values.forEach((value, i) => {
      expect(value).toBeCloseTo(weights[i]! * (picture.values[i]! - baseline.values[i]!), 12);
    });
  });

  it('take three times as many steps until they add up, and give the same as if they had begun with them', async () => {
    using model = network('cnn');
    const options = { target: 0, baseline: baselines.black, tolerance: 0 };
    const refined = await integratedGradients(model, image, { ...options, steps: 5, most: 50 });
    const direct = await integratedGradients(model, image, { ...options, steps: 45, most: 45 });
    expect([refined.steps, direct.steps]).toEqual([45, 45]);
    refined.attributions.values.forEach((value, i) => {
      expect(value).toBeCloseTo(direct.attributions.values[i]!, 12);
    });
    const rough = await integratedGradients(model, image, { ...options, steps: 1, most: 1 });
    expect(rough.error).toBeGreaterThan(refined.error);
  });

  it('are 0 where baseline and picture are alike, even from a picture to itself', async () => {
    using model = network('cnn');
    const { attributions, error } = await integratedGradients(model, image, { target: 0, baseline: image });
    expect(new Set(attributions.values)).toEqual(new Set([0]));
    expect(error).toBe(0);
  });

  it('refuse a baseline of another shape', async () => {
    using model = network('cnn');
    const options = { target: 0, baseline: pictures([7, 8, 1]) };
    await expect(integratedGradients(model, image, options)).rejects.toThrow(ShapeError);
  });
});

describe('baselines', () => {
  it('are black, without detail, and the mean', () => {
    expect(new Set(baselines.black.values)).toEqual(new Set([0]));
    const spread = ({ values }: { values: ArrayLike<number> }) => {
      const list = Array.from(values);
      return Math.max(...list) - Math.min(...list);
    };
    expect(spread(baselines.blurred)).toBeLessThan(0.5 * spread(image));
    const mean = meanImage({ shape: [2, 1, 2, 1], values: Float32Array.of(1, 2, 3, 6) });
    expect(mean).toEqual({ shape: [1, 2, 1], values: Float64Array.of(2, 4) });
  });
});
