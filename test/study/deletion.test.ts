import { describe, expect, it } from 'vitest';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { deletionCurves, type HostArray } from '../../src/study/index.ts';
import { linearModel, weightsOf } from './models.ts';

const SHAPE = [4, 4, 1];
/** Bright in the first two rows only. */
const image: HostArray = {
  shape: SHAPE,
  values: Float64Array.from({ length: 16 }, (_, i) => (i < 8 ? 0.2 + i / 10 : 0)),
};

/** What each pixel gives to the logit of class 0 less that of class 1: by it, the best order is known. */
async function linear() {
  const model = linearModel(SHAPE, 2);
  const [own, other] = [await weightsOf(model, 0), await weightsOf(model, 1)];
  const gains = Float64Array.from(own, (weight, i) => (weight - other[i]!) * image.values[i]!);
  const map = (values: Float64Array): HostArray => ({ shape: [4, 4], values });
  return { model, gains, best: map(gains), worst: map(gains.map(value => -value)) };
}

describe('deletion and insertion', () => {
  it('give the probabilities of a linear model in the order of its contributions', async () => {
    const { model, gains, best } = await linear();
    using _ = model;
    const { maps, foreground } = await deletionCurves(model, image, { best }, { target: 0, steps: 8 });
    expect(foreground).toBe(8);
    const sorted = Array.from(gains.slice(0, 8)).sort((a, b) => b - a);
    const probability = (sum: number) => 1 / (1 + Math.exp(-sum));
    for (let step = 0; step <= 8; step++) {
      const put = sorted.slice(0, step).reduce((a, b) => a + b, 0);
      const left = sorted.slice(step).reduce((a, b) => a + b, 0);
      expect(maps.best.insertion.probabilities[step]).toBeCloseTo(probability(put), 10);
      expect(maps.best.deletion.probabilities[step]).toBeCloseTo(probability(left), 10);
    }
    const { probabilities, area } = maps.best.deletion;
    let trapezoids = 0;
    for (let step = 0; step < 8; step++) trapezoids += (probabilities[step]! + probabilities[step + 1]!) / 16;
    expect(area).toBeCloseTo(trapezoids, 12);
  });

  it('rank the best order before a random one, and that before the worst', async () => {
    const { model, best, worst } = await linear();
    using _ = model;
    const options = { target: 0, steps: 8, orders: 20 };
    const { maps, random, magnitude } = await deletionCurves(model, image, { best, worst }, options);
    expect(maps.best.deletion.area).toBeLessThan(random.deletion.area);
    expect(random.deletion.area).toBeLessThan(maps.worst.deletion.area);
    expect(maps.best.insertion.area).toBeGreaterThan(random.insertion.area);
    expect(random.insertion.area).toBeGreaterThan(maps.worst.insertion.area);
    for (const area of [magnitude.deletion.area, magnitude.insertion.area]) {
      expect(area).toBeGreaterThanOrEqual(Math.min(maps.best.deletion.area, maps.worst.insertion.area));
      expect(area).toBeLessThanOrEqual(Math.max(maps.worst.deletion.area, maps.best.insertion.area));
    }
  });

  it('go by brightness as a control, whatever the background scores', async () => {
    const { model } = await linear();
    using _ = model;
    const bright = { shape: [4, 4], values: Float64Array.from(image.values, (value, i) => (i < 8 ? value : 100)) };
    const { maps, magnitude } = await deletionCurves(model, image, { bright }, { target: 1, steps: 4 });
    expect(maps.bright).toEqual(magnitude);
  });

  it('begin and end with the picture and its baseline, for every order', async () => {
    const { model, best } = await linear();
    using _ = model;
    const baseline = { shape: SHAPE, values: new Float64Array(16).fill(0.5) };
    const { maps, random, foreground } = await deletionCurves(
      model,
      image,
      { best },
      { target: 0, baseline, orders: 3 },
    );
    // One pixel is as bright as the baseline.
    expect(foreground).toBe(15);
    const ends = ({ deletion, insertion }: typeof random) => [
      deletion.probabilities[0],
      deletion.probabilities[20],
      insertion.probabilities[20],
      insertion.probabilities[0],
    ];
    ends(maps.best).forEach((value, i) => {
      expect(value).toBeCloseTo(ends(random)[i]!, 12);
      expect(value).toBeCloseTo(ends(maps.best)[(i + 2) % 4]!, 12);
    });
  });

  it('refuse maps of another size and no steps', async () => {
    const { model } = await linear();
    using _ = model;
    const small = { shape: [2, 2], values: new Float64Array(4) };
    await expect(deletionCurves(model, image, { small }, { target: 0 })).rejects.toThrow(ShapeError);
    await expect(deletionCurves(model, image, {}, { target: 0, steps: 0 })).rejects.toThrow(ValueError);
  });
});
