import { type Layer, Preprocess, type PreprocessOptions, Sequential } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';
import { FASHION, type Recipe } from './recipe.ts';
import { PROJECTION, type Vgg16Options, vgg16Parts } from './vgg16.ts';

/**
 * What is done to the values of a picture, 0 to 1, before VGG16 sees it. Its weights expect 'bgr-centred'; the others are
 * mistakes that people make, kept to show what they cost.
 */
export const VGG16_INPUTS = {
  /** 0 to 255, blue first, minus the mean of ImageNet's pictures. */
  'bgr-centred': { channels: 'bgr', scale: 255, mean: [103.939, 116.779, 123.68] },
  /** The same with red first. */
  'rgb-centred': { channels: 'rgb', scale: 255, mean: [123.68, 116.779, 103.939] },
  /** 0 to 255, blue first, not centred. */
  bgr: { channels: 'bgr', scale: 255 },
  /** As the pictures come, 0 to 1, red first. */
  unit: { channels: 'rgb', scale: 1 },
} as const satisfies Readonly<Record<string, Omit<PreprocessOptions, 'size' | 'resize' | 'name'>>>;

export type Vgg16Input = keyof typeof VGG16_INPUTS;

export interface Vgg16TransferOptions extends Omit<Vgg16Options, 'classes' | 'initializer'> {
  /** What the blocks start with. Default 'imagenet'. */
  readonly weights?: 'imagenet' | 'random';
  /** Side of the pictures that the blocks see, a multiple of 2 for each block. Default 32. */
  readonly size?: number;
  /** How pictures come to be of that size. Default: padded for 32, else stretched. */
  readonly resize?: 'pad' | 'bilinear';
  /** Default 'bgr-centred'. */
  readonly input?: Vgg16Input;
  /** How many of the blocks that are kept are trained along with the head, the last ones. Default 0: all are frozen. */
  readonly fineTune?: 0 | 1 | 2 | 3 | 4 | 5;
  /** Learning rate of blocks that are trained, as a multiple of the head's. Default 0.05, or 1 from random weights. */
  readonly baseLearningRate?: number;
  /** On the command line. Default: made of the options. */
  readonly name?: string;
  readonly defaults?: Partial<Recipe['defaults']>;
}

/**
 * VGG16 put to another use: pictures are made into what its blocks were trained on, the blocks keep what they have learned,
 * and a head of two dense layers learns the new classes, alone or together with the last blocks.
 *
 *     vgg16({ cut: 3 })                       // frozen, cut behind block 3
 *     vgg16({ fineTune: 1, size: 64 })        // block 5 is trained too, pictures of 64 pixels
 *
 * @throws ValueError when more blocks are to be trained than there are, or the size does not halve so often.
 */
export function vgg16(options: Vgg16TransferOptions = {}): Recipe {
  const { weights = 'imagenet', cut = 5, size = 32, input = 'bgr-centred', fineTune = 0 } = options;
  const { resize = size === 32 ? 'pad' : 'bilinear', head = 'norm-dense', units = 256, components, defaults } = options;
  const { baseLearningRate = weights === 'imagenet' ? 0.05 : 1 } = options;
  if (fineTune > cut) throw new ValueError(`vgg16: ${fineTune} blocks are to be trained, ${cut} are kept; train fewer`);
  if (components !== undefined && fineTune > 0) {
    throw new ValueError('vgg16: principal components are those of frozen blocks; train no block, or leave them out');
  }
  if (!Number.isInteger(size) || size < 1 || size % 2 ** cut !== 0) {
    throw new ValueError(`vgg16: pictures of ${size} do not halve ${cut} times; take a multiple of ${2 ** cut}`);
  }
  const build = (classes: number = FASHION.classes): Layer => {
    const initializer = weights === 'imagenet' ? 'pretrained' : 'heNormal';
    const parts = vgg16Parts({ ...options, head, classes, initializer });
    return new Sequential({
      layers: [new Preprocess({ name: 'preprocess', size, resize, ...VGG16_INPUTS[input] }), ...parts],
    });
  };
  const frozen = [
    ...Array.from({ length: cut - fineTune }, (_, i) => `base.block${i + 1}`),
    ...(components === undefined ? [] : [`head.${PROJECTION}`]),
  ];
  return {
    name: options.name ?? nameOf({ weights, cut, size, resize, input, fineTune, components }),
    title: titleOf({ weights, cut, size, input, fineTune, components, head, units }),
    inputShape: FASHION.inputShape,
    build,
    ...(weights === 'imagenet' && { weights: 'vgg16-imagenet' as const }),
    defaults: {
      ...{ epochs: 15, batch: 256, optimizer: 'adam', learningRate: 1e-3, schedule: 'constant' },
      ...(frozen.length > 0 && { frozen }),
      ...(fineTune > 0 && baseLearningRate !== 1 && { learningRateScale: { base: baseLearningRate } }),
      ...defaults,
    },
  };
}

type Choice = Required<Pick<Vgg16TransferOptions, 'weights' | 'cut' | 'size' | 'input' | 'fineTune'>> & {
  readonly components: number | undefined;
};

function nameOf({ weights, cut, size, resize, input, fineTune, components }: Choice & { resize: string }): string {
  return [
    'vgg16',
    ...(cut < 5 ? [`block${cut}`] : []),
    ...(fineTune > 0 ? [`finetune${fineTune}`] : []),
    ...(size === 32 ? [] : [String(size)]),
    ...(resize === (size === 32 ? 'pad' : 'bilinear') ? [] : [resize]),
    ...(input === 'bgr-centred' ? [] : [input]),
    ...(weights === 'imagenet' ? [] : [weights]),
    ...(components === undefined ? [] : [`pca${components}`]),
  ].join('-');
}

function titleOf(options: Choice & { head: string; units: number }): string {
  const { weights, cut, size, input, fineTune, components, head, units } = options;
  const blocks = fineTune === cut ? 'all trained' : fineTune === 0 ? 'frozen' : `last ${fineTune} trained`;
  const from = weights === 'imagenet' ? 'ImageNet' : 'random weights';
  const mistake = input === 'bgr-centred' ? '' : `, input ${input}`;
  const values = components === undefined ? '' : `${components} principal components, `;
  return `VGG16 from ${from}, ${cut} blocks, ${blocks}; ${size} px${mistake}; ${values}${head === 'dense' ? '' : 'norm, '}dense ${units}`;
}

/** By name on the command line. */
export const vgg16Recipes: readonly Recipe[] = [
  vgg16(),
  ...([1, 2, 3, 4] as const).map(cut => vgg16({ cut })),
  // Block 5 learns along with the head. Its epochs cost many times those of the head alone, and fewer do.
  vgg16({ fineTune: 1, name: 'vgg16-finetune', defaults: { epochs: 5 } }),
  // Controls: the same blocks without what they learned on ImageNet, frozen, or trained as well.
  vgg16({ weights: 'random' }),
  vgg16({ weights: 'random', fineTune: 5, name: 'vgg16-scratch' }),
];
