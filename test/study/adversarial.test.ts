import { beforeAll, describe, expect, it } from 'vitest';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import { Dense, Flatten, Model, Preprocess, Sequential } from '../../src/nn/index.ts';
import { InterruptedError, ValueError } from '../../src/platform/errors.ts';
import { ATTACKS, type AttackResult, attack } from '../../src/study/adversarial.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { fit as fitModel } from '../../src/train/fit.ts';
import { gpuEngine } from '../support/engine.ts';
import { TOY, toyImages, toyRun, toyTraining } from '../train/toy.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await gpuEngine();
});

const grey = toyImages(40);
/** All pixels far from black and white, so that nothing is clipped. */
const images = { ...grey, images: grey.images.map(byte => 64 + byte / 2) };

/** Two classes by a plane. */
function linear(seed = 1): Model {
  const layers = [new Flatten({}), new Dense({ name: 'logits', units: 2, initializer: 'glorotNormal' })];
  return new Model(engine, new Sequential({ layers }), { inputShape: [TOY.size, TOY.size, 1], seed });
}

const two = { ...images, labels: images.labels.map(label => label % 2), classes: ['a', 'b'] };

describe('attacks', () => {
  it('on a plane between two classes are what the formula says: the margin less epsilon times the sum of |w|', async () => {
    using model = linear();
    using data = new GpuDataset(engine, two);
    const w = await model.parameters.get('logits.kernel').data();
    const b = await model.parameters.get('logits.bias').data();
    const difference = Array.from({ length: 36 }, (_, k) => w[2 * k + 1]! - w[2 * k]!);
    const reach = difference.reduce((sum, value) => sum + Math.abs(value), 0);
    const margins = Array.from({ length: 40 }, (_, i) => {
      const score = difference.reduce((sum, value, k) => sum + value * (two.images[i * 36 + k]! / 255), b[1]! - b[0]!);
      return two.labels[i] === 1 ? score : -score;
    });
    const accuracy = (epsilon: number) => margins.filter(margin => margin - epsilon * reach > 0).length / 40;
    const loss = (epsilon: number) =>
      margins.reduce((sum, margin) => sum + Math.log1p(Math.exp(-(margin - epsilon * reach))), 0) / 40;
    const found = await attack(model, data, { epsilons: [0.01, 0.05, 0.1], steps: 5 });
    expect(found.clean.accuracy).toBe(accuracy(0));
    for (const { epsilon, fgsm, pgd, noise } of found.results) {
      expect(fgsm.accuracy).toBe(accuracy(epsilon));
      expect(fgsm.loss).toBeCloseTo(loss(epsilon), 4);
      // The best there is: from wherever it begins, PGD gets there too.
      expect(pgd.loss).toBeCloseTo(loss(epsilon), 4);
      expect(noise.loss).toBeLessThan(fgsm.loss);
      expect(fgsm.size).toBeCloseTo(epsilon, 5);
      expect(noise.size).toBeCloseTo(epsilon, 5);
      expect(pgd.size).toBeLessThanOrEqual(epsilon + 1e-6);
    }
  });

  it('raise the loss of a trained network more than noise does, PGD no less than FGSM; pixels stay in range', async () => {
    const { data, split, model } = toyRun(engine, { net: 'conv' });
    using _data = data;
    using _model = model;
    await fitModel(model, { data, train: split.train }, { training: toyTraining({ epochs: 8 }) });
    const found = await attack(model, data, { epsilons: [8 / 255, 32 / 255] });
    expect(found.clean.accuracy).toBeGreaterThan(0.8);
    for (const { epsilon, fgsm, pgd, noise } of found.results) {
      expect(fgsm.loss).toBeGreaterThan(noise.loss);
      expect(pgd.loss).toBeGreaterThan(0.95 * fgsm.loss);
      expect(noise.loss).toBeLessThan(found.clean.loss + 0.6 * (fgsm.loss - found.clean.loss));
      const original = found.clean.pictures;
      for (const name of ATTACKS) {
        const { pictures } = { fgsm, pgd, noise }[name];
        expect(pictures).toHaveLength(original.length);
        pictures.forEach((value, i) => {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
          expect(Math.abs(value - original[i]!)).toBeLessThanOrEqual(epsilon + 1e-6);
        });
      }
    }
    const [weak, strong] = found.results as [AttackResult['results'][number], AttackResult['results'][number]];
    expect(strong.pgd.accuracy).toBeLessThan(weak.pgd.accuracy);
    expect(await attack(model, data, { epsilons: [8 / 255, 32 / 255] })).toEqual(found);
  });

  it('find their way where the network is sure beyond what float32 holds', async () => {
    using model = linear();
    using data = new GpuDataset(engine, two);
    const { values } = model.parameters;
    values.write((await values.data()).map(value => 400 * value));
    const found = await attack(model, data, { epsilons: [0.15], steps: 2 });
    expect(found.clean.loss).toBeGreaterThan(0);
    using plain = linear();
    const expected = await attack(plain, data, { epsilons: [0.15], steps: 2 });
    expect(found.results[0]!.fgsm.pictures).toEqual(expected.results[0]!.fgsm.pictures);
  });

  it('are differentiated through what a network does to its pictures first', async () => {
    const layers = (mean: boolean) => [
      ...(mean
        ? [
            new Preprocess({
              size: 8,
              resize: 'pad' as const,
              channels: 'bgr' as const,
              scale: 255,
              mean: [100, 110, 120],
            }),
          ]
        : []),
      new Flatten({}),
      new Dense({ name: 'logits', units: 2 }),
    ];
    using model = new Model(engine, new Sequential({ layers: layers(true) }), { inputShape: [6, 6, 1], seed: 4 });
    using data = new GpuDataset(engine, two);
    const w = await model.parameters.get('logits.kernel').data();
    const found = await attack(model, data, { epsilons: [0.05], steps: 1 });
    // Pixel (y, x) is at (y + 1, x + 1) of the padded picture, in all three channels.
    const slope = (y: number, x: number, k: number) =>
      [0, 1, 2].reduce((sum, c) => sum + w[2 * (((y + 1) * 8 + x + 1) * 3 + c) + k]!, 0);
    const { pictures } = found.results[0]!.fgsm;
    for (let y = 0; y < 6; y++) {
      for (let x = 0; x < 6; x++) {
        const label = two.labels[0]!;
        const against = Math.sign(slope(y, x, 1 - label) - slope(y, x, label));
        expect(pictures[y * 6 + x]! - found.clean.pictures[y * 6 + x]!).toBeCloseTo(0.05 * against, 5);
      }
    }
  });

  it('refuse a change of nothing, and can be interrupted', async () => {
    using model = linear();
    using data = new GpuDataset(engine, two);
    await expect(attack(model, data, { epsilons: [0] })).rejects.toThrow(ValueError);
    await expect(attack(model, data, { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError);
  });
});
