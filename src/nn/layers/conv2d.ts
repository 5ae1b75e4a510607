import type { Shape } from '../../kernels/spec.ts';
import { type Padding, windowAxis } from '../../kernels/window.ts';
import { conv2d, conv2dMaxPool } from '../../tensor/ops/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Initializer } from '../initializers.ts';
import { type BuildScope, type Built, Layer, type LayerOptions, type Pass } from '../layer.ts';
import { type ActivationName, checkActivation, splitActivation } from './activation.ts';

export interface Conv2dOptions extends LayerOptions {
  /** Channels of the output. */
  readonly filters: number;
  /** One number for a square, or [rows, columns]. */
  readonly kernelSize: number | readonly [number, number];
  /** Default 1. */
  readonly stride?: number | readonly [number, number];
  /** Default 1. */
  readonly dilation?: number | readonly [number, number];
  /** Default 'valid'. 'same' is TensorFlow's: ceil(size / stride), with the larger half of the zeros behind. */
  readonly padding?: Padding;
  /** Default 'linear'. */
  readonly activation?: ActivationName;
  /** Default true; leave it out before a batch norm, which has a shift of its own. */
  readonly bias?: boolean;
  /** Of the kernel; default 'glorotUniform'. The bias starts at zero. */
  readonly initializer?: Initializer;
}

/**
 * Cross-correlation as all frameworks call convolution: [H, W, C] to [OH, OW, filters]. Parameters `kernel`
 * [rows, columns, C, filters] (HWIO) and `bias` [filters].
 * @throws ShapeError when built for something that is not a picture, or that is smaller than the kernel.
 */
export class Conv2d extends Layer<Conv2dOptions> {
  readonly type = 'conv2d';

  build(input: Shape, scope: BuildScope): Built {
    const { padding = 'valid', activation = 'linear', bias = true, initializer = 'glorotUniform' } = this.options;
    const filters = scope.count('filters', this.options.filters);
    const window = scope.pair('kernelSize', this.options.kernelSize);
    const stride = scope.pair('stride', this.options.stride ?? 1);
    const dilation = scope.pair('dilation', this.options.dilation ?? 1);
    checkActivation(activation, scope);
    const [height, width, channels] = scope.picture(input);
    const vertical = windowAxis(height, window[0], stride[0], dilation[0], padding);
    const horizontal = windowAxis(width, window[1], stride[1], dilation[1], padding);
    const [rows, columns] = [vertical.out, horizontal.out];
    if (rows < 1 || columns < 1) {
      const span = window.map((size, axis) => (size - 1) * dilation[axis]! + 1).join('x');
      scope.refuse(
        `a kernel that spans ${span} does not fit into ${height}x${width}; use padding 'same' or a smaller one`,
      );
    }
    const shape = [...window, channels, filters];
    const kernelName = scope.parameter('kernel', shape, { initializer, decay: true });
    const biasName = bias ? scope.parameter('bias', [filters], { initializer: 'zeros', decay: false }) : undefined;
    const { fused, after } = splitActivation(activation);
    const options = { name: scope.name, stride, dilation, padding, ...fused };
    const parameters = (pass: Pass): [Tensor, Tensor | undefined] => [
      pass.get(kernelName),
      biasName ? pass.get(biasName) : undefined,
    ];
    const canPool = activation === 'linear' || activation === 'relu';
    const values = rows * columns * filters;
    return {
      output: [rows, columns, filters],
      flops: values * (2 * window[0] * window[1] * channels + Number(bias) + Number(activation !== 'linear')),
      reach: { window, stride, dilation, before: [vertical.before, horizontal.before] },
      activation,
      apply: (x, pass) => after(conv2d(x, ...parameters(pass), options)),
      ...(canPool && {
        withPooling: (x, pass, pool) => conv2dMaxPool(x, ...parameters(pass), { ...options, pool }),
      }),
    };
  }
}
