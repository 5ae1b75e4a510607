import {
  Conv2d,
  type Conv2dOptions,
  Dense,
  Dropout,
  Flatten,
  type Layer,
  MaxPool2d,
  type MaxPool2dOptions,
  Sequential,
} from '../nn/index.ts';
import { FASHION, type Recipe } from './recipe.ts';

/** 3x3, ReLU; Glorot uniform kernels and zero biases, as Keras starts them. */
const conv = (name: string, filters: number, padding: 'same' | 'valid'): Layer => {
  const options: Conv2dOptions = { name, filters, kernelSize: 3, padding, activation: 'relu' };
  return new Conv2d(options);
};
const pool = (name: string, options: Omit<MaxPool2dOptions, 'window'> = {}) =>
  new MaxPool2d({ name, window: 2, ...options });

/** The classic small CNN of the Keras examples: three blocks of convolution, pooling and dropout. 241,546 parameters. */
export const cnn: Recipe = {
  name: 'cnn',
  title: 'CNN 32-64-128, dense 128',
  inputShape: FASHION.inputShape,
  build: (classes = FASHION.classes) =>
    new Sequential({
      layers: [
        // 28 x 28 x 1
        conv('conv1', 32, 'same'),
        pool('pool1', { dropout: 0.25, fused: true }),
        // 14 x 14 x 32
        conv('conv2', 64, 'same'),
        pool('pool2', { dropout: 0.25 }),
        // 7 x 7 x 64
        conv('conv3', 128, 'same'),
        pool('pool3', { dropout: 0.25 }),
        // 3 x 3 x 128
        new Flatten({ name: 'flatten' }),
        new Dense({ name: 'dense1', units: 128, activation: 'relu', dropout: 0.5 }),
        new Dense({ name: 'logits', units: classes }),
      ],
    }),
  defaults: { epochs: 10, batch: 128, optimizer: 'adam', learningRate: 1e-3, schedule: 'constant' },
};

/** The CNN by which weft is compared with other frameworks (bench/): no padding, fewer channels. 93,322 parameters. */
export const peerCnn: Recipe = {
  name: 'peer-cnn',
  title: 'CNN of the benchmark 32-64-64, dense 64',
  inputShape: FASHION.inputShape,
  build: (classes = FASHION.classes) =>
    new Sequential({
      layers: [
        // 28 x 28 x 1
        conv('conv1', 32, 'valid'),
        pool('pool1'),
        // 13 x 13 x 32
        conv('conv2', 64, 'valid'),
        pool('pool2'),
        // 5 x 5 x 64
        conv('conv3', 64, 'valid'),
        // 3 x 3 x 64
        new Flatten({ name: 'flatten' }),
        new Dense({ name: 'dense1', units: 64, activation: 'relu' }),
        new Dropout({ name: 'drop1', rate: 0.5 }),
        new Dense({ name: 'logits', units: classes }),
      ],
    }),
  defaults: { epochs: 10, batch: 128, optimizer: 'adam', learningRate: 1e-3, schedule: 'constant' },
};
