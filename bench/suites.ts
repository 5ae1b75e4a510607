/**
 * What is measured: every case a plain object, grouped into suites. A case says what is computed, never how; the peers
 * (bench/peers) know how, and what one cannot do it skips by name.
 */
import type { CurvePoint, Mode } from './results.ts';

export interface MatmulShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** A square kernel, one stride for both axes; `same`: 1 for TensorFlow's zero padding, 0 for none. NHWC, HWIO. */
export interface ConvShape {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly cin: number;
  readonly cout: number;
  readonly kernel: number;
  readonly stride: number;
  readonly same: number;
}

/** Windows that touch and do not overlap. */
export interface PoolShape {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly window: number;
}

/** What a whole network is run with. `size`: height and width of the pictures. */
export interface ModelShape {
  readonly model: string;
  readonly batch: number;
  readonly size: number;
  readonly channels: number;
}

export type Work =
  | { readonly op: 'matmul'; readonly shape: MatmulShape }
  | { readonly op: 'conv2d' | 'conv2d_input_grad' | 'conv2d_kernel_grad'; readonly shape: ConvShape }
  | { readonly op: 'max_pool2d' | 'max_pool2d_grad'; readonly shape: PoolShape }
  /** Loss and gradient of rows of logits. */
  | { readonly op: 'softmax_cross_entropy'; readonly shape: { readonly rows: number; readonly classes: number } }
  | { readonly op: 'adam'; readonly shape: { readonly size: number } }
  /** Forward, loss, gradients, update of a whole batch. */
  | { readonly op: 'train_step'; readonly shape: ModelShape }
  | { readonly op: 'forward'; readonly shape: ModelShape }
  /** An epoch as so many training steps, of which some are measured. */
  | { readonly op: 'epoch'; readonly shape: ModelShape & { readonly images: number } }
  /** From the start of the process to the first finished step. `cold`: 1 with empty caches of compiled kernels. */
  | { readonly op: 'startup'; readonly shape: ModelShape & { readonly cold: number } }
  /** Largest memory of the process. */
  | { readonly op: 'memory'; readonly shape: ModelShape };

export type Case = Work & {
  readonly suite: string;
  readonly name: string;
  readonly mode: Mode;
  /** Also part of `--quick`. */
  readonly quick: boolean;
  readonly curve?: CurvePoint;
};

/** Pictures of a step: one channel of Fashion-MNIST's size. */
const FASHION = { size: 28, channels: 1 } as const;
/** Images in the part of Fashion-MNIST that is trained on. */
const EPOCH_IMAGES = 55_000;

const make = (suite: string, name: string, work: Work, quick = false, more: Partial<Case> = {}): Case =>
  ({ suite, name, mode: 'throughput', quick, ...work, ...more }) as Case;

function matmuls(): Case[] {
  const shapes: [m: number, n: number, k: number, quick: boolean][] = [
    ...([256, 512, 1024, 2048] as const).map(
      size => [size, size, size, size === 512 || size === 1024] as [number, number, number, boolean],
    ),
    // Dense layers of mlp and cnn, forward and the gradient of their weights; a batch of one; an outer product.
    [128, 256, 784, true],
    [784, 256, 128, false],
    [128, 10, 128, false],
    [1, 1024, 1024, false],
    [4096, 32, 32, false],
    [1024, 1024, 16, false],
  ];
  return shapes.map(([m, n, k, quick]) => {
    const name = m === n && n === k ? `matmul ${m}` : `matmul ${m}x${k} by ${k}x${n}`;
    return make('matmul', name, { op: 'matmul', shape: { m, n, k } }, quick);
  });
}

const CONV_OPS = [
  ['conv2d', 'forward'],
  ['conv2d_input_grad', 'dX'],
  ['conv2d_kernel_grad', 'dW'],
] as const;

/** Forward and both gradients; the first layer of a network needs none for its pictures. */
function convs(suite: string, title: string, shape: ConvShape, quick = false): Case[] {
  const { n, h, w, cin, cout, kernel, stride } = shape;
  const first = cin === 1 || cin === 3;
  const what = `${n}x${h}x${w} ${cin}->${cout} ${kernel}x${kernel}${stride > 1 ? ` stride ${stride}` : ''}`;
  return CONV_OPS.filter(([op]) => !(first && op === 'conv2d_input_grad')).map(([op, part]) =>
    make(suite, `${title} ${what}, ${part}`, { op, shape }, quick),
  );
}

const conv = (n: number, size: number, cin: number, cout: number, kernel = 3, stride = 1): ConvShape => ({
  ...{ n, h: size, w: size, cin, cout, kernel, stride, same: 1 },
});

const convCnn = () =>
  [
    [28, 1, 32],
    [14, 32, 64],
    [7, 64, 128],
  ].flatMap(([size, cin, cout]) => convs('conv-cnn', 'cnn', conv(128, size!, cin!, cout!), size === 14));

const convResnet = () =>
  [
    conv(32, 28, 1, 16),
    conv(32, 28, 16, 16),
    conv(32, 28, 16, 32, 3, 2),
    conv(32, 28, 16, 32, 1, 2),
    conv(32, 14, 32, 32),
    conv(32, 14, 32, 64, 3, 2),
    conv(32, 14, 32, 64, 1, 2),
    conv(32, 7, 64, 64),
  ].flatMap(shape => convs('conv-resnet20', 'resnet20', shape, shape.h === 14 && shape.cout === 32));

/** VGG16's different convolutions on pictures of 32 pixels. */
const convVgg = () =>
  [
    [32, 3, 64],
    [32, 64, 64],
    [16, 64, 128],
    [16, 128, 128],
    [8, 128, 256],
    [8, 256, 256],
    [4, 256, 512],
    [4, 512, 512],
    [2, 512, 512],
  ].flatMap(([size, cin, cout]) =>
    convs('conv-vgg16', 'vgg16', conv(4, size!, cin!, cout!), size === 8 && cin === 256),
  );

/** The convolution that the targets of this project name. */
const convTarget = () => convs('conv', 'conv', conv(64, 28, 32, 64), true);

function smallOps(): Case[] {
  const pools: PoolShape[] = [
    { n: 128, h: 28, w: 28, c: 32, window: 2 },
    { n: 128, h: 14, w: 14, c: 64, window: 2 },
    { n: 32, h: 32, w: 32, c: 64, window: 2 },
  ];
  return [
    ...pools.flatMap(shape => {
      const what = `max pool ${shape.n}x${shape.h}x${shape.w}x${shape.c} 2x2`;
      const quick = shape.h === 28;
      return [
        make('pool', `${what}, forward`, { op: 'max_pool2d', shape }, quick),
        make('pool', `${what}, backward`, { op: 'max_pool2d_grad', shape }, quick),
      ];
    }),
    ...[
      [128, 10],
      [1024, 10],
      [1024, 1000],
    ].map(([rows, classes]) =>
      make(
        'softmax',
        `softmax cross-entropy ${rows}x${classes}, loss and gradient`,
        { op: 'softmax_cross_entropy', shape: { rows: rows!, classes: classes! } },
        rows === 128,
      ),
    ),
    make('adam', 'Adam, 0.24 million parameters', { op: 'adam', shape: { size: 241_546 } }, true),
    make('adam', 'Adam, 15 million parameters', { op: 'adam', shape: { size: 15_000_000 } }),
  ];
}

const model = (name: string, batch: number): ModelShape => ({ model: name, batch, ...FASHION });

function steps(): Case[] {
  const models: [name: string, batch: number][] = [
    ['mlp', 128],
    ['cnn', 128],
    ['peer-cnn', 128],
    ['resnet20', 32],
  ];
  const training = models.flatMap(([name, batch]) =>
    (['throughput', 'latency'] as const).map(mode =>
      make(
        'steps',
        `${name} training step, batch ${batch}`,
        { op: 'train_step', shape: model(name, batch) },
        name === 'peer-cnn',
        {
          mode,
        },
      ),
    ),
  );
  const vgg = [32, 64].map(size =>
    make('steps', `vgg16 forward, ${size} px, batch 8`, {
      op: 'forward',
      shape: { model: 'vgg16-plain', batch: 8, size, channels: 3 },
    }),
  );
  return [...training, ...vgg];
}

function epoch(): Case[] {
  const shape = { ...model('cnn', 128), images: EPOCH_IMAGES };
  return [make('epoch', `epoch of cnn, ${EPOCH_IMAGES} images in batches of 128`, { op: 'epoch', shape }, true)];
}

/** How time grows with the batch, the width and the resolution. */
function growth(): Case[] {
  const point = (name: string, axis: string, at: number, work: Work) =>
    make('growth', `${name}, ${axis} ${at}`, work, false, { curve: { name, axis, at } });
  const batches = [1, 4, 16, 64, 256, 1024].map(batch =>
    point('peer-cnn training step', 'batch', batch, { op: 'train_step', shape: model('peer-cnn', batch) }),
  );
  const widths = [8, 16, 32, 64, 128, 256].map(c =>
    point('conv 16x14x14 c->c, forward', 'channels', c, { op: 'conv2d', shape: conv(16, 14, c, c) }),
  );
  const sizes = [7, 14, 28, 56, 112].map(size =>
    point('conv 4xSxS 32->64, forward', 'pixels', size, { op: 'conv2d', shape: conv(4, size, 32, 64) }),
  );
  return [...batches, ...widths, ...sizes];
}

function processes(): Case[] {
  const shape = model('peer-cnn', 128);
  const startup = [1, 0].map(cold =>
    make('startup', `start to first step of peer-cnn, ${cold ? 'cold' : 'warm'}`, {
      op: 'startup',
      shape: { ...shape, cold },
    }),
  );
  return [...startup, make('memory', 'peak memory, peer-cnn training, batch 128', { op: 'memory', shape })];
}

/** All cases, in the order in which they run: what says most comes first. */
export const cases: readonly Case[] = [
  ...matmuls(),
  ...convTarget(),
  ...convCnn(),
  ...convResnet(),
  ...convVgg(),
  ...smallOps(),
  ...steps(),
  ...epoch(),
  ...growth(),
  ...processes(),
];

export const suiteNames: readonly string[] = [...new Set(cases.map(({ suite }) => suite))];
