import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { Conv2d, MaxPool2d, Model, Sequential } from '../../src/nn/index.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { classPurity, topImages } from '../../src/study/top-images.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { gpuEngine } from '../support/engine.ts';

const SIZE = 9;
/** A cross of 3 x 3, bright on dark. */
const CROSS = [0, 1, 0, 1, 1, 1, 0, 1, 0];

/** Noise, with the cross planted at some places: image 7 brightest, then 2, then 11. */
const PLANTED = [
  { image: 7, row: 0, column: 6, bright: 255 },
  { image: 2, row: 4, column: 3, bright: 235 },
  { image: 11, row: 6, column: 0, bright: 215 },
] as const;

function images() {
  const random = new Sampler(1);
  const count = 14;
  const pixels = Uint8Array.from({ length: count * SIZE * SIZE }, () => random.int(0, 60));
  for (const { image, row, column, bright } of PLANTED) {
    CROSS.forEach((on, i) => {
      pixels[(image * SIZE + row + Math.floor(i / 3)) * SIZE + column + (i % 3)] = on * bright;
    });
  }
  const shape = { count, height: SIZE, width: SIZE, channels: 1 };
  const labels = new Uint8Array(count);
  return { images: pixels, labels, ...shape, classes: ['one'], name: 'crosses', sha256: 'crosses' };
}

/** Channel 1 of its convolution is the template of the cross; channel 0 wants the opposite. */
function detector(engine: Engine): Model {
  const layer = new Sequential({
    layers: [
      new Conv2d({ name: 'conv', filters: 2, kernelSize: 3, padding: 'same' }),
      new MaxPool2d({ name: 'pool', window: 3 }),
    ],
  });
  const model = new Model(engine, layer, { inputShape: [SIZE, SIZE, 1], seed: 1 });
  model.parameters.get('conv.kernel').write(CROSS.flatMap(on => [on ? -1 : 1, on ? 1 : -1]));
  return model;
}

describe('the top images of a unit', () => {
  for (const [name, open] of [
    ['reference', async () => Engine.reference()],
    ['GPU', gpuEngine],
  ] as const) {
    it(`are those in which its template was planted, where it was planted, on the ${name} engine`, async () => {
      using model = detector(await open());
      // In parts of 5: the last is smaller, and the best are not in the first.
      const { conv, pool } = await topImages(model, images(), { layers: ['conv', 'pool'], top: 3, batch: 5 });
      expect(conv![1]!.map(({ image }) => image)).toEqual(PLANTED.map(({ image }) => image));
      expect(pool![1]!.map(({ image, value }) => [image, value])).toEqual(
        conv![1]!.map(({ image, value }) => [image, value]),
      );
      conv![1]!.forEach(({ field, value }, i) => {
        const { row, column, bright } = PLANTED[i]!;
        expect(field).toEqual({ top: row, bottom: row + 3, left: column, right: column + 3 });
        expect(value).toBeCloseTo((5 * bright) / 255, 5);
      });
      // The pooling's field holds that of the convolution's value which it took.
      pool![1]!.forEach(({ field }, i) => {
        const { row, column } = PLANTED[i]!;
        expect(field.top <= row && field.bottom >= row + 3 && field.left <= column && field.right >= column + 3).toBe(
          true,
        );
      });
    });
  }

  it('come in their own order where values are equal, and all of them where there are few', async () => {
    using engine = Engine.reference();
    using model = detector(engine);
    const black = { ...images(), images: new Uint8Array(14 * SIZE * SIZE) };
    const { conv } = await topImages(model, black, { layers: ['conv'], top: 20, batch: 4 });
    expect(conv![0]!.map(({ image }) => image)).toEqual(Array.from({ length: 14 }, (_, i) => i));
  });

  it('are refused for a layer that does not exist', async () => {
    using engine = Engine.reference();
    using model = detector(engine);
    await expect(topImages(model, images(), { layers: ['conv9'] })).rejects.toThrow(ValueError);
  });
});

describe('class purity', () => {
  it('is the mean share of the most frequent class', () => {
    const field = { top: 0, bottom: 1, left: 0, right: 1 };
    const unit = (...of: number[]) => of.map(image => ({ image, value: 1, field }));
    expect(classPurity([unit(0, 1), unit(0, 2)], [5, 5, 6])).toBe(0.75);
    expect(classPurity([unit(0, 1, 2)], [5, 5, 6])).toBeCloseTo(2 / 3, 12);
  });
});
