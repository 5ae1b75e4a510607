import { describe, expect, it } from 'vitest';
import { Conv2d, Dense, GlobalAvgPool, Sequential } from '../../src/nn/index.ts';
import { InterruptedError } from '../../src/platform/errors.ts';
import { classMaps, gradCam, imageAt } from '../../src/study/index.ts';
import { onReference } from '../support/build.ts';
import { TOY, toyImages } from '../train/toy.ts';

const network = () =>
  onReference(
    new Sequential({
      layers: [
        new Conv2d({ name: 'conv', filters: 5, kernelSize: 3, padding: 'same', activation: 'relu' }),
        new GlobalAvgPool({ name: 'pool' }),
        new Dense({ name: 'logits', units: TOY.classes }),
      ],
    }),
    [TOY.size, TOY.size, 1],
  );

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

describe('the mean map of a class', () => {
  it('is the mean of the maps of its first pictures, each adding up to 1', async () => {
    using model = network();
    const images = toyImages(20);
    const found = await classMaps(model, images, { each: 3 });
    expect(found.map(({ class: label }) => label)).toEqual([0, 1, 2, 3]);
    for (const { class: label, map, images: used, blank, picture } of found) {
      // Labels go round: 0, 1, 2, 3, 0, ...
      const own = [label, label + TOY.classes, label + 2 * TOY.classes].map(i => imageAt(images, i));
      const maps = await Promise.all(own.map(image => gradCam(model, image, { target: label })));
      const spoken = maps.map(one => one.map.values).filter(values => sum(values) > 0);
      expect([used, blank]).toEqual([spoken.length, 3 - spoken.length]);
      map.values.forEach((value, i) => {
        expect(value).toBeCloseTo(sum(spoken.map(values => values[i]! / sum(values))) / (spoken.length || 1), 10);
      });
      if (used > 0) expect(sum(map.values)).toBeCloseTo(1, 10);
      expect(picture.values[7]).toBeCloseTo(sum(own.map(({ values }) => values[7]!)) / 3, 6);
    }
    expect(found.some(({ images: used }) => used > 0)).toBe(true);
  });

  it('counts pictures in which nothing speaks for the class, and leaves classes without pictures out', async () => {
    using model = network();
    const kernel = model.parameters.get('logits.kernel');
    // No feature can speak for any class: they only ever lower a logit.
    kernel.write((await kernel.data()).map(value => -Math.abs(value)));
    const images = toyImages(8);
    const some = { ...images, labels: images.labels.map(label => (label === 2 ? 1 : label)) };
    const found = await classMaps(model, some);
    expect(found.map(one => [one.class, one.images, one.blank])).toEqual([
      [0, 0, 2],
      [1, 0, 4],
      [3, 0, 2],
    ]);
    expect(sum(found[0]!.map.values)).toBe(0);
  });

  it('can be interrupted', async () => {
    using model = network();
    await expect(classMaps(model, toyImages(8), { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError);
  });
});
