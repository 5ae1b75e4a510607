import { findAugmentation } from '../data/augmentation.ts';
import { BatchNorm2d, Conv2d, Dense, Dropout, Flatten, type Layer, MaxPool2d, Sequential } from '../nn/index.ts';
import { FASHION, type Recipe } from './recipe.ts';

/** What `npm run ingredients` takes away from the network, to see what it is worth. */
export interface CnnBestOptions {
  readonly classes?: number;
  /** Default true. */
  readonly norm?: boolean;
  /** Rate before the last layer; default 0.3. */
  readonly dropout?: number;
}

const NORM = { momentum: 0.9, epsilon: 1e-5 } as const;

/** A 3x3 convolution, a batch norm, and in its kernels the ReLU that stands behind. */
function conv(name: string, filters: number, norm: boolean): Layer[] {
  const shape = { name, filters, kernelSize: 3, padding: 'same', initializer: 'heNormal' } as const;
  if (!norm) return [new Conv2d({ ...shape, activation: 'relu' })];
  // The shift of the batch norm makes a bias superfluous.
  return [
    new Conv2d({ ...shape, bias: false }),
    new BatchNorm2d({ name: `${name}_norm`, ...NORM, activation: 'relu' }),
  ];
}

const pool = (name: string) => new MaxPool2d({ name, window: 2 });

/**
 * The architecture. Pooled right behind its first convolution, in one kernel and before the norm: for maps of
 * 28 x 28 the norm and a second layer would be four times the work that they are at 14 x 14. The last maps are not averaged: garments are centred, so where a feature lies tells.
 */
export function cnnBestLayers({ classes = FASHION.classes, norm = true, dropout = 0.3 }: CnnBestOptions = {}): Layer {
  return new Sequential({
    layers: [
      // 28 x 28 x 1
      new Conv2d({ name: 'conv1', filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new MaxPool2d({ name: 'pool1', window: 2, fused: true }),
      ...(norm ? [new BatchNorm2d({ name: 'conv1_norm', ...NORM })] : []),
      // 14 x 14 x 32
      ...conv('conv2', 64, norm),
      ...conv('conv3', 64, norm),
      pool('pool3'),
      // 7 x 7 x 64
      ...conv('conv4', 128, norm),
      ...conv('conv5', 128, norm),
      pool('pool5'),
      // 3 x 3 x 128
      new Flatten({ name: 'flatten' }),
      ...(dropout > 0 ? [new Dropout({ name: 'drop', rate: dropout })] : []),
      new Dense({ name: 'logits', units: classes }),
    ],
  });
}

/**
 * A small CNN made for accuracy: batch norms (Ioffe and Szegedy, 2015), two convolutions at each of the lower
 * resolutions, one cycle of AdamW (Smith and Topin, 2018; Loshchilov and Hutter, 2019), smoothed labels and mirrored
 * pictures. 289,162 parameters.
 */
export const cnnBest: Recipe = {
  name: 'cnn-best',
  title: 'CNN with batch norm 32-64-64-128-128',
  inputShape: FASHION.inputShape,
  build: classes => cnnBestLayers(classes === undefined ? {} : { classes }),
  defaults: {
    epochs: 12,
    batch: 128,
    optimizer: 'adamw',
    learningRate: 4e-3,
    schedule: 'onecycle',
    weightDecay: 0.05,
    labelSmoothing: 0.1,
    augmentation: findAugmentation('flip'),
  },
};
