import { describe, expect, it } from 'vitest';
import { vgg16 } from '../../src/models/index.ts';
import { Conv2d, Dense, Flatten, GlobalAvgPool, Preprocess, Sequential } from '../../src/nn/index.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { defaultMapLayer, gradCam, gradCamPlusPlus, mapLayers, overImage, trace } from '../../src/study/index.ts';
import { onReference } from '../support/build.ts';
import { IMAGE, network, pictures } from './models.ts';

const pooled = () =>
  onReference(
    new Sequential({
      layers: [
        new Conv2d({ name: 'conv1', filters: 6, kernelSize: 3, stride: 2, padding: 'same', activation: 'relu' }),
        new GlobalAvgPool({ name: 'pool' }),
        new Dense({ name: 'logits', units: 3 }),
      ],
    }),
    IMAGE,
  );

describe('Grad-CAM', () => {
  it('behind a global average pooling and a dense layer is the class activation map of Zhou et al.', async () => {
    using model = pooled();
    const image = pictures(IMAGE);
    for (const target of [0, 1, 2]) {
      const { map, weights, layer } = await gradCam(model, image, { target });
      expect([layer, map.shape]).toEqual(['conv1', [4, 4]]);
      const { values } = (await trace(model, image, { layers: ['conv1'] })).activations.conv1!;
      const kernel = await model.parameters.get('logits.kernel').data();
      map.values.forEach((value, pixel) => {
        let cam = 0;
        for (let k = 0; k < 6; k++) cam += kernel[k * 3 + target]! * values[pixel * 6 + k]!;
        // Each of the 16 pixels gets its share of the mean.
        expect(value).toBeCloseTo(Math.max(0, cam) / 16, 12);
      });
      weights.forEach((weight, k) => {
        expect(weight).toBeCloseTo(kernel[k * 3 + target]! / 16, 12);
      });
    }
  });

  it('works on every layer of maps, with its own grid, and takes the last one that finds something', async () => {
    for (const [kind, last, grid] of [
      ['cnn', 'conv2', [4, 4]],
      ['resnet', 'block1', [4, 4]],
      ['transfer', 'conv1', [8, 8]],
    ] as const) {
      using model = network(kind);
      expect((await gradCam(model, pictures(IMAGE), { target: 1 })).layer).toBe(last);
      expect((await gradCam(model, pictures(IMAGE), { target: 1 })).map.shape).toEqual(grid);
      for (const layer of mapLayers(model)) {
        const { map } = await gradCam(model, pictures(IMAGE), { target: 1, layer });
        expect(Math.min(...map.values), layer).toBeGreaterThanOrEqual(0);
      }
    }
    using model = network('resnet');
    expect(mapLayers(model)).toContain('block1.body.conv1_norm');
  });

  it('says why it cannot explain a network without convolutions, and which layers there are', async () => {
    using mlp = network('mlp');
    expect(() => defaultMapLayer(mlp)).toThrow(/no layer of maps \(a convolution\), which Grad-CAM needs/);
    await expect(gradCam(mlp, pictures(IMAGE), { target: 0 })).rejects.toThrow(ValueError);
    using cnn = network('cnn');
    const options = { target: 0, layer: 'flatten' };
    await expect(gradCam(cnn, pictures(IMAGE), options)).rejects.toThrow(
      /'flatten' .* those that do are conv1, pool1, conv2/,
    );
  });

  it('finds the last convolution of VGG16 inside its blocks', () => {
    using model = onReference(vgg16({ weights: 'random', cut: 2 }).build(), [28, 28, 1]);
    expect(defaultMapLayer(model)).toBe('base.block2.conv2');
  });
});

describe('Grad-CAM++', () => {
  /** One channel that a dense layer reads place by place: the gradient is the kernel. */
  const direct = (weights: readonly number[]) => {
    const layers = [
      new Conv2d({ name: 'conv1', filters: 1, kernelSize: 1 }),
      new Flatten(),
      new Dense({ name: 'logits', units: 1 }),
    ];
    const model = onReference(new Sequential({ layers }), [weights.length, 1, 1]);
    model.parameters.get('conv1.kernel').write([1]);
    model.parameters.get('logits.kernel').write(weights);
    return model;
  };

  it('weights each place by its closed form', async () => {
    const weights = [2, -1, 0];
    using model = direct(weights);
    const values = Float64Array.of(1, 0.5, 0.25);
    const { map, weights: found } = await gradCamPlusPlus(model, { shape: [3, 1, 1], values }, { target: 0 });
    // The negative gradient and the missing one have no part in it: 4 / (2 * 4 + 1.75 * 8) * 2.
    const expected = (4 / (8 + 1.75 * 8)) * 2;
    expect(found[0]).toBeCloseTo(expected, 12);
    map.values.forEach((value, i) => {
      expect(value).toBeCloseTo(expected * values[i]!, 12);
    });
  });

  it('counts places where a class shows alike, of which Grad-CAM counts a small one less', async () => {
    using model = pooled();
    const image = pictures(IMAGE);
    const plain = await gradCam(model, image, { target: 0 });
    const better = await gradCamPlusPlus(model, image, { target: 0 });
    const kernel = await model.parameters.get('logits.kernel').data();
    // The gradient is the same at all places of a channel: only positive channels are left.
    better.weights.forEach((weight, k) => {
      if (kernel[k * 3]! <= 0) expect(weight).toBe(0);
      else expect(weight).toBeGreaterThan(0);
    });
    expect(Array.from(plain.weights).some(weight => weight < 0)).toBe(true);
  });
});

describe('a map over its picture', () => {
  const seen = (resize: 'pad' | 'bilinear') =>
    onReference(
      new Sequential({
        layers: [
          new Preprocess({ name: 'preprocess', size: 8, resize }),
          new Conv2d({ name: 'conv1', filters: 1, kernelSize: 1 }),
          new GlobalAvgPool(),
        ],
      }),
      [4, 4, 1],
    );
  const map = { shape: [8, 8], values: Float64Array.from({ length: 64 }, (_, i) => i) };

  it('is stretched where the picture was, and cut out where it was padded', () => {
    using padded = seen('pad');
    expect(Array.from(overImage(padded, map).values.slice(0, 5))).toEqual([18, 19, 20, 21, 26]);
    using stretched = seen('bilinear');
    expect(Array.from(overImage(stretched, map).values.slice(0, 2))).toEqual([4.5, 6.5]);
  });
});
