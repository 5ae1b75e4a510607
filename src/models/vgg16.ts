import {
  BatchNorm2d,
  Conv2d,
  Dense,
  Dropout,
  Flatten,
  GlobalAvgPool,
  type Initializer,
  type Layer,
  MaxPool2d,
  Sequential,
  type SequentialOptions,
} from '../nn/index.ts';
import { FASHION, type Recipe } from './recipe.ts';

/** Convolutions of each block and their filters: configuration D, table 1 of the paper. */
const BLOCKS = [
  { convolutions: 2, filters: 64 },
  { convolutions: 2, filters: 128 },
  { convolutions: 3, filters: 256 },
  { convolutions: 3, filters: 512 },
  { convolutions: 3, filters: 512 },
] as const;

/** The layer of the head that holds principal components. */
export const PROJECTION = 'projection';

export interface Vgg16Options {
  /** The last block that is kept, from 1 to 5. Default 5. */
  readonly cut?: 1 | 2 | 3 | 4 | 5;
  /** What becomes of the last block's picture: each value for itself, or the mean of each channel. Default 'flatten'. */
  readonly pooling?: 'flatten' | 'average';
  /**
   * How many principal components of the training pictures' values the head gets in their place (`projectFeatures` of
   * study/projection.ts fills that layer in). Default: it gets the values.
   */
  readonly components?: number;
  /** What stands before the head's hidden layer: nothing, or a batch norm and a dropout of 0.3. Default 'dense'. */
  readonly head?: 'dense' | 'norm-dense';
  /** Features of the head's hidden layer. Default 256. */
  readonly units?: number;
  /** Share of them that is dropped in training. Default 0.5. */
  readonly rate?: number;
  /** Default 10. */
  readonly classes?: number;
  /** How the kernels of the blocks start. Default 'heNormal'. */
  readonly initializer?: Initializer;
}

/** `convolutions` 3x3 convolutions with ReLU, then a pooling that halves the picture. Names as in Keras. */
function block(number: number, convolutions: number, filters: number, initializer: Initializer): Layer {
  const layers: Layer[] = Array.from({ length: convolutions }, (_, i) => {
    const name = `conv${i + 1}`;
    return new Conv2d({ name, filters, kernelSize: 3, padding: 'same', activation: 'relu', initializer });
  });
  return new Sequential({ name: `block${number}`, layers: [...layers, new MaxPool2d({ name: 'pool', window: 2 })] });
}

/**
 * VGG16: K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (ICLR 2015),
 * configuration D: its 13 convolutions in 5 blocks, on which a head of our own stands in place of the paper's three
 * dense layers for 1000 classes. Pictures [H, W, 3], a multiple of 32 pixels (16 up to block 4, and so on).
 *
 * The blocks are `base.block1` to `base.block5`, the head is `head`: what is frozen is said by these names.
 */
export function vgg16Layers(options: Vgg16Options = {}): Layer {
  return new Sequential({ layers: vgg16Parts(options) });
}

/** Base and head. */
export function vgg16Parts(options: Vgg16Options): Layer[] {
  const { cut = 5, pooling = 'flatten', units = 256, rate = 0.5, classes = FASHION.classes } = options;
  // So deep a net of ReLUs without normalisation learns nothing from Glorot's smaller weights.
  const { head = 'dense', initializer = 'heNormal', components } = options;
  const base: SequentialOptions = {
    name: 'base',
    // At 32 x 32: 16 x 16 x 64, 8 x 8 x 128, 4 x 4 x 256, 2 x 2 x 512, 1 x 1 x 512
    layers: BLOCKS.slice(0, cut).map(({ convolutions, filters }, i) =>
      block(i + 1, convolutions, filters, initializer),
    ),
  };
  const top: SequentialOptions = {
    name: 'head',
    layers: [
      pooling === 'flatten' ? new Flatten({ name: 'flatten' }) : new GlobalAvgPool({ name: 'average' }),
      ...(components === undefined
        ? []
        : [new Dense({ name: PROJECTION, units: components, initializer: 'principal' })]),
      ...(head === 'dense' ? [] : [new BatchNorm2d({ name: 'norm' }), new Dropout({ name: 'drop', rate: 0.3 })]),
      new Dense({ name: 'dense1', units, activation: 'relu', dropout: rate }),
      new Dense({ name: 'logits', units: classes }),
    ],
  };
  return [new Sequential(base), new Sequential(top)];
}

/**
 * The VGG16 by which weft is measured: pictures [H, W, 3] of 32 pixels, 64 and more, all of it trained from random
 * weights. For transfer see `vgg16` in vgg16-transfer.ts.
 */
export const vgg16Plain: Recipe = {
  name: 'vgg16-plain',
  title: 'VGG16, dense 256',
  inputShape: [32, 32, 3],
  build: (classes = FASHION.classes) => vgg16Layers({ classes }),
  defaults: { epochs: 10, batch: 128, optimizer: 'adam', learningRate: 1e-3, schedule: 'constant' },
};
