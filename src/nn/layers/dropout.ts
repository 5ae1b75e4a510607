import type { Shape } from '../../kernels/spec.ts';
import { dropout } from '../../tensor/ops/index.ts';
import { type BuildScope, type Built, Layer, type LayerOptions } from '../layer.ts';

export interface DropoutOptions extends LayerOptions {
  /** Share of the values that are dropped, from 0 up to but not including 1. */
  readonly rate: number;
}

/**
 * In training, sets values to zero with probability `rate` and divides the rest by 1 - rate (N. Srivastava et al., 2014);
 * else nothing. The draws depend on seed, step and the layer's place among the dropouts of the model.
 */
export class Dropout extends Layer<DropoutOptions> {
  readonly type = 'dropout';

  build(input: Shape, scope: BuildScope): Built {
    const { rate } = this.options;
    if (!(rate >= 0 && rate < 1)) scope.refuse(`rate is ${rate}; it must be from 0 up to but not including 1`);
    const id = scope.dropoutId();
    return {
      output: input,
      flops: 0,
      apply: (x, { training }) => (training && rate > 0 ? dropout(x, rate, id) : x),
    };
  }
}
