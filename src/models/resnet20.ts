import { findAugmentation } from '../data/augmentation.ts';
import {
  BatchNorm2d,
  type BatchNorm2dOptions,
  Conv2d,
  Dense,
  GlobalAvgPool,
  type Layer,
  Residual,
  Sequential,
} from '../nn/index.ts';
import { FASHION, type Recipe } from './recipe.ts';

/** A convolution, a batch norm, and in its kernels the ReLU that stands behind. */
function conv(name: string, filters: number, kernelSize: number, stride: number, activation?: 'relu'): Layer[] {
  const norm: BatchNorm2dOptions = {
    name: `${name}_norm`,
    momentum: 0.9,
    epsilon: 1e-5,
    ...(activation && { activation }),
  };
  return [
    // The shift of the batch norm makes a bias superfluous.
    new Conv2d({ name, filters, kernelSize, stride, padding: 'same', bias: false, initializer: 'heNormal' }),
    new BatchNorm2d(norm),
  ];
}

/** relu(norm(conv(relu(norm(conv(x))))) + x); where the shape changes, x passes a 1x1 convolution of the same stride. */
function block(name: string, filters: number, stride: 1 | 2): Layer {
  const body = new Sequential({
    layers: [...conv('conv1', filters, 3, stride, 'relu'), ...conv('conv2', filters, 3, 1)],
  });
  const shortcut = new Sequential({ layers: conv('conv', filters, 1, stride) });
  return new Residual({ name, body, ...(stride > 1 && { shortcut }), activation: 'relu' });
}

const stage = (number: number, filters: number, stride: 1 | 2): Layer[] =>
  [1, 2, 3].map(i => block(`stage${number}_block${i}`, filters, i === 1 ? stride : 1));

/**
 * ResNet-20: K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition" (CVPR 2016), section 4.2, the
 * network for pictures of 32 pixels: 1 + 3 * 3 * 2 convolutions and a dense layer, with n = 3 blocks a stage.
 * One difference: where a stage begins, the shortcut is a projection (the paper's option B) and not zero padding (A).
 */
export const resnet20: Recipe = {
  name: 'resnet20',
  title: 'ResNet-20',
  inputShape: FASHION.inputShape,
  build: (classes = FASHION.classes) =>
    new Sequential({
      layers: [
        ...conv('conv1', 16, 3, 1, 'relu'),
        // 28 x 28 x 16
        ...stage(1, 16, 1),
        // 14 x 14 x 32
        ...stage(2, 32, 2),
        // 7 x 7 x 64
        ...stage(3, 64, 2),
        new GlobalAvgPool({ name: 'pool' }),
        new Dense({ name: 'logits', units: classes, initializer: 'heNormal' }),
      ],
    }),
  defaults: {
    epochs: 30,
    batch: 128,
    optimizer: 'sgd',
    learningRate: 0.1,
    schedule: 'cosine',
    momentum: 0.9,
    // The paper's 1e-4 is part of the gradient, so momentum 0.9 makes ten times of it; here decay does not pass through it.
    weightDecay: 1e-3,
    // The paper's: a crop out of a ground 4 pixels wider on each side, mirrored or not.
    augmentation: findAugmentation('flip-shift'),
  },
};
