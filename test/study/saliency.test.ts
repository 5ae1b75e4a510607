import { describe, expect, it } from 'vitest';
import { InterruptedError, ShapeError, ValueError } from '../../src/platform/errors.ts';
import { gradient, guidedBackprop, saliency, smoothGrad, trace } from '../../src/study/index.ts';
import { IMAGE, linearModel, network, networks, pictures, weightsOf } from './models.ts';

describe('gradient and saliency', () => {
  it('of a linear model are its weights, and their size', async () => {
    using model = linearModel([3, 2, 1], 4);
    const image = pictures([3, 2, 1]);
    const weights = await weightsOf(model, 2);
    const signed = await gradient(model, image, { target: 2 });
    expect(signed).toEqual({ shape: [3, 2, 1], values: Float64Array.from(weights) });
    const map = await saliency(model, image, { target: 2 });
    expect(map).toEqual({ shape: [3, 2], values: Float64Array.from(weights, Math.abs) });
  });

  it('of a colour picture takes the channel that matters most', async () => {
    using model = linearModel([2, 1, 3], 2);
    const weights = (await weightsOf(model, 1)).map(Math.abs);
    const map = await saliency(model, pictures([2, 1, 3]), { target: 1 });
    expect(Array.from(map.values)).toEqual([Math.max(...weights.slice(0, 3)), Math.max(...weights.slice(3))]);
  });

  it('refuse a batch, another shape and a class that there is not', async () => {
    using model = network('cnn');
    await expect(saliency(model, pictures([2, ...IMAGE]), { target: 0 })).rejects.toThrow(/one is explained at a time/);
    await expect(saliency(model, pictures([9, 8, 1]), { target: 0 })).rejects.toThrow(ShapeError);
    await expect(saliency(model, pictures(IMAGE), { target: 10 })).rejects.toThrow(/no class 10/);
  });
});

describe('guided backpropagation', () => {
  it('leaves a model without ReLUs its gradient', async () => {
    using model = linearModel([3, 2, 1], 4);
    const image = pictures([3, 2, 1]);
    expect(await guidedBackprop(model, image, { target: 1 })).toEqual(await gradient(model, image, { target: 1 }));
  });

  it('is what the paths add up to along which the gradient is positive at every ReLU', async () => {
    using model = network('mlp');
    const image = pictures(IMAGE);
    const { activations } = await trace(model, image, { layers: ['dense1'] });
    const hidden = await model.parameters.get('dense1.kernel').data();
    const top = await model.parameters.get('logits.kernel').data();
    const { values } = await guidedBackprop(model, image, { target: 3 });
    values.forEach((value, pixel) => {
      let sum = 0;
      for (let unit = 0; unit < 12; unit++) {
        const weight = top[unit * 4 + 3]!;
        if (activations.dense1!.values[unit]! > 0 && weight > 0) sum += hidden[pixel * 12 + unit]! * weight;
      }
      expect(value).toBeCloseTo(sum, 12);
    });
  });
});

describe('SmoothGrad', () => {
  for (const kind of Object.keys(networks)) {
    it(`without noise is the gradient of the ${kind}`, async () => {
      using model = network(kind);
      const image = pictures(IMAGE);
      const plain = await gradient(model, image, { target: 1 });
      const smooth = await smoothGrad(model, image, { target: 1, sigma: 0, samples: 5, batch: 2 });
      expect(smooth.shape).toEqual(plain.shape);
      smooth.values.forEach((value, i) => {
        expect(value).toBeCloseTo(plain.values[i]!, 12);
      });
    });
  }

  it('of a linear model is its gradient, whatever the noise', async () => {
    using model = linearModel([3, 2, 1], 4);
    const image = pictures([3, 2, 1]);
    const [smooth, plain] = [
      await smoothGrad(model, image, { target: 0, sigma: 2, samples: 4 }),
      await gradient(model, image, { target: 0 }),
    ];
    smooth.values.forEach((value, i) => {
      expect(value).toBeCloseTo(plain.values[i]!, 12);
    });
  });

  it('ends between two batches when it is interrupted', async () => {
    using model = linearModel([3, 2, 1], 4);
    const stop = new AbortController();
    const found = smoothGrad(model, pictures([3, 2, 1]), { target: 0, samples: 6, batch: 2, signal: stop.signal });
    // The first batch has been asked for.
    stop.abort();
    await expect(found).rejects.toThrow(InterruptedError);
    await expect(found).rejects.toThrow('interrupted after 2 of 6 variants');
  });

  it('depends on its seed and on nothing else', async () => {
    using model = network('cnn');
    const options = { target: 0, samples: 6 };
    const one = await smoothGrad(model, pictures(IMAGE), { ...options, seed: 1 });
    const inBatches = await smoothGrad(model, pictures(IMAGE), { ...options, seed: 1, batch: 4 });
    const other = await smoothGrad(model, pictures(IMAGE), { ...options, seed: 2 });
    inBatches.values.forEach((value, i) => {
      expect(value).toBeCloseTo(one.values[i]!, 12);
    });
    expect(other.values).not.toEqual(one.values);
  });

  it('refuses no samples and negative noise', async () => {
    using model = network('mlp');
    await expect(smoothGrad(model, pictures(IMAGE), { target: 0, samples: 0 })).rejects.toThrow(ValueError);
    await expect(smoothGrad(model, pictures(IMAGE), { target: 0, sigma: -1 })).rejects.toThrow(ValueError);
  });
});
