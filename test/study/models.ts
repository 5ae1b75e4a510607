import { Sampler } from '../../src/kernels/sampler.ts';
import type { Shape } from '../../src/kernels/spec.ts';
import { sizeOf } from '../../src/kernels/spec.ts';
import {
  BatchNorm2d,
  Conv2d,
  Dense,
  Flatten,
  GlobalAvgPool,
  type Layer,
  MaxPool2d,
  Model,
  Preprocess,
  Residual,
  Sequential,
} from '../../src/nn/index.ts';
import type { HostArray } from '../../src/study/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { onReference } from '../support/build.ts';

/** Pictures from 0 to 1, the same for the same seed. */
export function pictures(shape: Shape, seed = 4): HostArray {
  const random = new Sampler(seed);
  return { shape, values: Float64Array.from({ length: sizeOf(shape) }, () => random.uniform()) };
}

/** One of each kind of network, small; all end in `logits` of 4 classes and take [8, 8, 1]. */
export const networks: Readonly<Record<string, Layer>> = {
  mlp: new Sequential({
    layers: [
      new Flatten({ name: 'flatten' }),
      new Dense({ name: 'dense1', units: 12, activation: 'relu', dropout: 0.3 }),
      new Dense({ name: 'logits', units: 4 }),
    ],
  }),
  cnn: new Sequential({
    layers: [
      new Conv2d({ name: 'conv1', filters: 5, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new MaxPool2d({ name: 'pool1', window: 2, dropout: 0.25, fused: true }),
      new Conv2d({ name: 'conv2', filters: 6, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new Flatten({ name: 'flatten' }),
      new Dense({ name: 'logits', units: 4 }),
    ],
  }),
  resnet: new Sequential({
    layers: [
      new Residual({
        name: 'block1',
        body: new Sequential({
          layers: [
            new Conv2d({ name: 'conv1', filters: 4, kernelSize: 3, stride: 2, padding: 'same', bias: false }),
            new BatchNorm2d({ name: 'conv1_norm', activation: 'relu' }),
            new Conv2d({ name: 'conv2', filters: 4, kernelSize: 3, padding: 'same', bias: false }),
            new BatchNorm2d({ name: 'conv2_norm' }),
          ],
        }),
        shortcut: new Conv2d({ name: 'conv', filters: 4, kernelSize: 1, stride: 2, padding: 'same', bias: false }),
        activation: 'relu',
      }),
      new GlobalAvgPool({ name: 'pool' }),
      new Dense({ name: 'logits', units: 4 }),
    ],
  }),
  transfer: new Sequential({
    layers: [
      new Preprocess({ name: 'preprocess', size: 10, resize: 'bilinear', channels: 'bgr', scale: 2, mean: [1, 2, 3] }),
      new Conv2d({ name: 'conv1', filters: 5, kernelSize: 3, activation: 'relu' }),
      new MaxPool2d({ name: 'pool1', window: 2 }),
      new Flatten({ name: 'flatten' }),
      new Dense({ name: 'logits', units: 4 }),
    ],
  }),
};

export const IMAGE: Shape = [8, 8, 1];

/** On an engine of its own, in float64. */
export const network = (kind: string, seed = 3): Model => networkOn(Engine.reference(), kind, seed);

/** As if it had been trained: biases, scales and running statistics are not what they start with. */
export function networkOn(engine: Engine, kind: string, seed = 3): Model {
  const model = new Model(engine, networks[kind]!, { inputShape: IMAGE, seed });
  const random = new Sampler(seed);
  const { segments, stateSegments } = model.parameters;
  for (const { name, size, shape } of [...segments, ...stateSegments]) {
    if (shape.length > 1) continue;
    const around = /gamma|variance/.test(name) ? 1 : 0;
    const values = Float64Array.from({ length: size }, () => Math.fround(around + random.uniform(-0.3, 0.3)));
    model.parameters.get(name).write(values);
  }
  return model;
}

/** A model made of one dense layer behind a flatten, whose logits are linear in the picture. */
export function linearModel(shape: Shape, classes: number): Model {
  const layers = [new Flatten({ name: 'flatten' }), new Dense({ name: 'logits', units: classes })];
  return onReference(new Sequential({ layers }), shape, 7);
}

/** Kernel [pixels, classes] of a linear model, for one class. */
export async function weightsOf(model: Model, k: number): Promise<number[]> {
  const classes = model.outputShape[0]!;
  const kernel = await model.parameters.get('logits.kernel').data();
  return Array.from({ length: kernel.length / classes }, (_, i) => kernel[i * classes + k]!);
}
