import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { sizeOf } from '../../src/kernels/spec.ts';
import { cnn, mlp, resnet20, vgg16 } from '../../src/models/index.ts';
import {
  Activation,
  AvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dense,
  Flatten,
  type Layer,
  MaxPool2d,
  Model,
  Preprocess,
  type PreprocessOptions,
  Sequential,
  toOnnx,
} from '../../src/nn/index.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { relativeError } from '../support/goldens.ts';

/** What weft's reference and ONNX Runtime make of the same random pictures. */
async function compare(
  layer: Layer,
  inputShape: readonly number[],
  count = 2,
): Promise<{ error: number; shape: readonly number[] }> {
  const engine = Engine.reference();
  using model = new Model(engine, layer, { inputShape, seed: 3 });
  const random = new Sampler(5);
  // Running statistics of 0 and 1 would hide where they go.
  for (const { name, size } of model.parameters.stateSegments) {
    model.parameters.get(name).write(Float32Array.from({ length: size }, () => random.uniform(0.5, 1.5)));
  }
  const shape = [count, ...inputShape];
  const values = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(0, 1));
  const expected = await engine.scope(async () => await model.forward(engine.tensor(values, shape)).data());
  const session = await InferenceSession.create(await toOnnx(model), { executionProviders: ['wasm'] });
  const { output } = await session.run({ input: new OrtTensor('float32', values, shape) });
  await session.release();
  return { error: relativeError(output!.data as Float32Array, expected as Float32Array), shape: output!.dims };
}

describe('toOnnx', () => {
  it.each([mlp, cnn, resnet20, vgg16({ weights: 'random' })].map(recipe => [recipe.name, recipe] as const))(
    'gives ONNX Runtime the logits of %s',
    async (_, recipe) => {
      // The reference needs seconds for a picture of VGG16.
      const count = recipe.name.startsWith('vgg16') ? 1 : 2;
      const { error, shape } = await compare(recipe.build(), recipe.inputShape, count);
      expect(shape).toEqual([count, 10]);
      expect(error).toBeLessThan(1e-4);
    },
  );

  const activations = ['relu', 'leakyRelu', 'gelu', 'sigmoid', 'tanh', 'silu', 'softmax'] as const;
  it.each(activations)('translates %s, behind a picture and behind features', async activation => {
    const layers = [
      new Conv2d({ filters: 3, kernelSize: 2, activation }),
      new Activation({ activation }),
      new Flatten(),
      new Dense({ units: 4, activation }),
      new Activation({ activation }),
    ];
    expect((await compare(new Sequential({ layers }), [4, 3, 2])).error).toBeLessThan(1e-4);
  });

  it('puts windows where weft has them: strides, dilation, odd padding; and leaves pictures as pictures', async () => {
    const layers = [
      new Conv2d({ filters: 4, kernelSize: [3, 2], stride: 2, padding: 'same' }),
      new MaxPool2d({ window: 2, stride: 1, padding: 'same' }),
      new Conv2d({ filters: 3, kernelSize: 2, dilation: 2, padding: 'same', bias: false }),
      new AvgPool2d({ window: 3, stride: 2, padding: 'same' }),
      new BatchNorm2d({ activation: 'relu' }),
    ];
    const { error, shape } = await compare(new Sequential({ layers }), [11, 8, 2]);
    expect(shape).toEqual([2, 3, 2, 3]);
    expect(error).toBeLessThan(1e-4);
  });

  const pictures: [string, PreprocessOptions, number][] = [
    ['grey, padded', { size: 9, resize: 'pad', mean: [1, 2, 3], scale: 255 }, 1],
    ['RGB to BGR, padded', { size: 8, resize: 'pad', channels: 'bgr', mean: [1, 2, 3] }, 3],
    ['stretched', { size: 13, resize: 'bilinear', channels: 'bgr', scale: 2 }, 3],
    ['shrunk', { size: 4, resize: 'bilinear' }, 1],
  ];
  it.each(pictures)('prepares pictures as weft does: %s', async (_, options, channels) => {
    const { error } = await compare(new Preprocess(options), [7, 6, channels]);
    expect(error).toBeLessThan(1e-4);
  });

  it('refuses a layer that it does not know, by name', async () => {
    class Own extends Activation {
      override readonly type = 'own' as never;
    }
    const layer = new Sequential({ layers: [new Own({ name: 'mine', activation: 'relu' })] });
    using model = new Model(Engine.reference(), layer, { inputShape: [2] });
    await expect(toOnnx(model)).rejects.toThrow(ValueError);
    await expect(toOnnx(model)).rejects.toThrow("own 'mine' has no translation");
  });
});
