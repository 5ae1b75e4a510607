import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import {
  BatchNorm2d,
  Conv2d,
  Dense,
  Flatten,
  type Layer,
  MaxPool2d,
  Model,
  Residual,
  Sequential,
} from '../../src/nn/index.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { cutModel } from '../../src/study/cut-model.ts';
import { maximise } from '../../src/study/maximise.ts';
import { responses } from '../../src/study/responses.ts';
import { fourierBasis, inwards, WavePictures } from '../../src/study/wave-pictures.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { gpuEngine } from '../support/engine.ts';
import { toyImages } from '../train/toy.ts';

const seq = (...layers: Layer[]) => new Sequential({ layers });

function network(engine: Engine): Model {
  const layer = seq(
    new Conv2d({ name: 'conv', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
    new MaxPool2d({ name: 'pool', window: 2, fused: true }),
    new Residual({
      name: 'block',
      body: seq(
        new Conv2d({ filters: 4, kernelSize: 3, padding: 'same', bias: false }),
        new BatchNorm2d({ activation: 'relu' }),
        new Conv2d({ filters: 4, kernelSize: 1 }),
      ),
      activation: 'relu',
    }),
    new Flatten({}),
    new Dense({ name: 'dense', units: 5, activation: 'relu' }),
    new Dense({ name: 'logits', units: 4 }),
  );
  return new Model(engine, layer, { name: 'toy', inputShape: [6, 6, 1], seed: 3 });
}

describe('a cut network', () => {
  it('gives what a layer has before its activation, with the same weights', async () => {
    using engine = Engine.reference();
    using model = network(engine);
    const random = new Sampler(1);
    using x = engine.tensor(random.normals(2 * 36), [2, 6, 6, 1]);
    const names = ['conv', 'block', 'block.body.conv2d_1', 'block.body.batchNorm2d_1', 'dense', 'logits'];
    for (const layer of names) {
      using cut = await cutModel(model, layer);
      const plain = cut.forward(x, { capture: [layer] }).captured[layer]!;
      const activated = model.forward(x, { capture: [layer] }).captured[layer]!;
      const [before, after] = [await plain.data(), await activated.data()];
      const rectifies = layer !== 'logits' && layer !== 'block.body.conv2d_1';
      expect(
        Array.from(before, value => (rectifies ? Math.max(0, value) : value)),
        layer,
      ).toEqual(Array.from(after));
      if (rectifies) expect(Math.min(...before), layer).toBeLessThan(0);
    }
    using cut = await cutModel(model, 'conv');
    expect(cut.layerNames).toEqual(['conv']);
    await expect(cutModel(model, 'conv7')).rejects.toThrow(ValueError);
  });
});

describe('pictures made of waves', () => {
  it('have an orthonormal basis', () => {
    for (const n of [1, 2, 5, 8]) {
      const { basis, frequencies } = fourierBasis(n);
      for (let a = 0; a < n; a++) {
        for (let b = 0; b < n; b++) {
          let dot = 0;
          for (let row = 0; row < n; row++) dot += basis[row * n + a]! * basis[row * n + b]!;
          expect(dot).toBeCloseTo(Number(a === b), 12);
        }
      }
      expect(frequencies[0]).toBe(0);
      expect(Math.max(...frequencies)).toBeLessThanOrEqual(0.5);
    }
  });

  it('move over their canvas without change', async () => {
    using engine = Engine.reference();
    using pictures = new WavePictures(engine, 2, [4, 5, 3], 1);
    const random = new Sampler(1);
    using waves = engine.tensor(random.normals(2 * 3 * 6 * 7), pictures.shape);
    const at = async (top: number, left: number) => {
      pictures.moveTo(top, left);
      return await engine.scope(async () => await pictures.draw(waves).data());
    };
    const [first, moved] = [await at(0, 0), await at(2, 1)];
    const pixel = (values: ArrayLike<number>, n: number, y: number, x: number, k: number) =>
      values[((n * 4 + y) * 5 + x) * 3 + k]!;
    for (let y = 0; y < 2; y++) {
      for (let x = 0; x < 4; x++) expect(pixel(moved, 1, y, x, 2)).toBeCloseTo(pixel(first, 1, y + 2, x + 1, 2), 12);
    }
  });

  it('that were clipped have only the slopes that lead back', async () => {
    using engine = Engine.reference();
    using pixels = engine.tensor([-1, -1, 0.5, 0.5, 2, 2]);
    using gradient = engine.tensor([3, -3, 3, -3, 3, -3]);
    const slopes = await inwards(pixels, gradient).data();
    expect(Array.from(slopes, slope => slope || 0)).toEqual([0, -3, 3, -3, 3, 0]);
  });
});

describe('activation maximisation', () => {
  it('of a linear unit ends in white where its weight is positive and black where it is negative', async () => {
    using engine = Engine.reference();
    using model = new Model(engine, seq(new Flatten({}), new Dense({ name: 'unit', units: 2, bias: false })), {
      inputShape: [5, 4, 1],
      seed: 1,
    });
    const random = new Sampler(4);
    const weights = Array.from({ length: 40 }, () => random.pick([-1, 1]) * random.uniform(0.5, 1));
    model.parameters.get('unit.kernel').write(weights);
    const free = { jitter: 0, totalVariation: 0, steps: 300 };
    const { pictures, values, before } = await maximise(model, { layer: 'unit', units: [0, 1], ...free });
    const best = [0, 1].map(unit => weights.filter((_, i) => i % 2 === unit).reduce((a, w) => a + Math.max(0, w), 0));
    for (const unit of [0, 1]) {
      for (let i = 0; i < 20; i++) {
        const wanted = weights[2 * i + unit]! > 0 ? 1 : 0;
        expect(Math.abs(pictures[unit * 20 + i]! - wanted), `unit ${unit}, pixel ${i}`).toBeLessThan(0.1);
      }
      // No picture can do better than that, and this one nearly does.
      expect(values[unit]).toBeLessThan(best[unit]! + 1e-5);
      expect(values[unit]).toBeGreaterThan(0.95 * best[unit]!);
      expect(before[unit]).toBeLessThan(0.8 * best[unit]!);
    }
  });

  it('beats every real picture in the unit’s own measure, and repeats itself to the bit', async () => {
    const engine = await gpuEngine();
    using model = network(engine);
    const images = toyImages(40);
    for (const [layer, units, goal] of [
      ['conv', [0, 3], 'channel'],
      ['block', [1], 'neuron'],
      ['logits', [2, 0], 'channel'],
    ] as const) {
      const options = { layer, units, goal, steps: 32, jitter: 1, totalVariation: 0.01, seed: 5 };
      const { pictures, values } = await maximise(model, options);
      const real = await responses(model, images, { layer, goal });
      units.forEach((unit, i) => {
        const own = real.values.filter((_, at) => at % real.units === unit);
        expect(values[i], `${layer} ${unit}`).toBeGreaterThan(Math.max(...own));
      });
      expect(pictures.every(value => value >= 0 && value <= 1)).toBe(true);
    }
    const short = { layer: 'block', units: [2], steps: 8 };
    const { pictures } = await maximise(model, short);
    expect((await maximise(model, short)).pictures).toEqual(pictures);
    expect((await maximise(model, { ...short, seed: 6 })).pictures).not.toEqual(pictures);
  });

  it('makes smoother pictures at a higher price of differences', async () => {
    const engine = await gpuEngine();
    using model = network(engine);
    const roughness = async (totalVariation: number) => {
      const options = { layer: 'logits', units: [1], totalVariation, steps: 40, jitter: 0, seed: 1 };
      const { pictures } = await maximise(model, options);
      return pictures.reduce((sum, value, i) => (i % 6 === 5 ? sum : sum + Math.abs(pictures[i + 1]! - value)), 0);
    };
    expect(await roughness(20)).toBeLessThan(0.5 * (await roughness(0)));
  });

  it('says what it is asked in vain', async () => {
    using engine = Engine.reference();
    using model = network(engine);
    await expect(maximise(model, { layer: 'conv', units: [4] })).rejects.toThrow("'conv' has no unit 4; it has 0 to 3");
    await expect(maximise(model, { layer: 'conv', units: [] })).rejects.toThrow(ValueError);
    await expect(maximise(model, { layer: 'conv', units: [0], scales: [0] })).rejects.toThrow(ValueError);
    const controller = new AbortController();
    controller.abort();
    const stopped = maximise(model, { layer: 'conv', units: [0], signal: controller.signal });
    await expect(stopped).rejects.toThrow('interrupted');
  });
});
