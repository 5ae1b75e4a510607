import { type Shape, sizeOf } from '../../kernels/spec.ts';
import { type Padding, windowAxis } from '../../kernels/window.ts';
import { avgPool2d, globalAvgPool, maxPool2d, type Pool2dOptions as PoolOptions } from '../../tensor/ops/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type BuildScope, type Built, Layer, type LayerOptions, type Pass } from '../layer.ts';
import { dropoutOf } from './dropout.ts';

export interface Pool2dOptions extends LayerOptions {
  /** One number for a square, or [rows, columns]. */
  readonly window: number | readonly [number, number];
  /** Default: the window, so that windows do not overlap. */
  readonly stride?: number | readonly [number, number];
  /** Default 'valid': what does not fill a window at the lower and right edge is left out. */
  readonly padding?: Padding;
}

export interface MaxPool2dOptions extends Pool2dOptions {
  /** Share of the results that is dropped in training, as by a {@link Dropout} behind it. Default 0. */
  readonly dropout?: number;
  /**
   * In a `Sequential`, computed together with the convolution right before it, whose output is then never stored: the
   * same function in less time and memory where that output is large and cheap, as in a first layer. Capturing outputs
   * runs the two one after the other. Default false.
   */
  readonly fused?: boolean;
}

type PoolingOp = (x: Tensor, options: PoolOptions, pass: Pass) => Tensor;

abstract class Pool2d<O extends Pool2dOptions> extends Layer<O> {
  /** What a pooling gives that `pool` computes. */
  protected place(input: Shape, scope: BuildScope, pool: PoolingOp): Built {
    const { padding = 'valid' } = this.options;
    const window = scope.pair('window', this.options.window);
    const stride = scope.pair('stride', this.options.stride ?? window);
    const [height, width, channels] = scope.picture(input);
    const vertical = windowAxis(height, window[0], stride[0], 1, padding);
    const horizontal = windowAxis(width, window[1], stride[1], 1, padding);
    const [rows, columns] = [vertical.out, horizontal.out];
    if (rows < 1 || columns < 1) {
      scope.refuse(`a window of ${window.join('x')} does not fit into ${height}x${width}; leave out this pooling`);
    }
    const options = { name: scope.name, window, stride, padding };
    return {
      output: [rows, columns, channels],
      flops: rows * columns * channels * window[0] * window[1],
      reach: { window, stride, before: [vertical.before, horizontal.before] },
      apply: (x, pass) => pool(x, options, pass),
    };
  }
}

/**
 * The largest value of each window: [H, W, C] to [OH, OW, C]. The first of equal ones takes the gradient. With `dropout`
 * the results are dropped out in the same pass over memory.
 */
export class MaxPool2d extends Pool2d<MaxPool2dOptions> {
  readonly type = 'maxPool2d';

  build(input: Shape, scope: BuildScope): Built {
    const { window, stride = window, padding = 'valid', dropout, fused = false } = this.options;
    const drop = dropoutOf(dropout, scope);
    const built = this.place(input, scope, (x, options, pass) => maxPool2d(x, { ...options, dropout: drop(pass) }));
    if (!fused) return built;
    return { ...built, pooling: pass => ({ window, stride, padding, dropout: drop(pass) }) };
  }
}

/** The mean of each window, over the values that lie inside the picture: [H, W, C] to [OH, OW, C]. */
export class AvgPool2d extends Pool2d<Pool2dOptions> {
  readonly type = 'avgPool2d';

  build(input: Shape, scope: BuildScope): Built {
    return this.place(input, scope, avgPool2d);
  }
}

/** The mean of each channel: [H, W, C] to [C]. */
export class GlobalAvgPool extends Layer {
  readonly type = 'globalAvgPool';

  constructor(options: LayerOptions = {}) {
    super(options);
  }

  build(input: Shape, scope: BuildScope): Built {
    const [, , channels] = scope.picture(input);
    return { output: [channels], flops: sizeOf(input), reach: 'everything', apply: x => globalAvgPool(x) };
  }
}
