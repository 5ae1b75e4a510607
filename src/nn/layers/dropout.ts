import type { Shape } from '../../kernels/spec.ts';
import { type DropoutChoice, dropout } from '../../tensor/ops/index.ts';
import { type BuildScope, type Built, Layer, type LayerOptions, type Pass } from '../layer.ts';

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
    const drop = dropoutOf(this.options.rate, scope, 'rate');
    return {
      output: input,
      flops: 0,
      apply: (x, pass) => {
        const choice = drop(pass);
        return choice ? dropout(x, choice.rate, choice.id) : x;
      },
    };
  }
}

/**
 * The dropout of a layer that does it along with its own work: in training what to drop, else nothing. It counts among
 * the dropouts of the model as a layer of its own would.
 * @throws ShapeError that names the layer and the option.
 */
export function dropoutOf(
  rate: number | undefined,
  scope: BuildScope,
  option = 'dropout',
): (pass: Pass) => DropoutChoice | undefined {
  if (rate === undefined) return () => undefined;
  if (!(rate >= 0 && rate < 1)) scope.refuse(`${option} is ${rate}; it must be from 0 up to but not including 1`);
  const id = scope.dropout(rate);
  const { name } = scope;
  return ({ training, dropout = {} }) => {
    const now = dropout[name] ?? rate;
    return training && now > 0 ? { rate: now, id } : undefined;
  };
}
