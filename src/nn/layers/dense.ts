import type { Shape } from '../../kernels/spec.ts';
import { dense } from '../../tensor/ops/index.ts';
import type { Initializer } from '../initializers.ts';
import { type BuildScope, type Built, Layer, type LayerOptions } from '../layer.ts';
import { type ActivationName, checkActivation, splitActivation } from './activation.ts';
import { dropoutOf } from './dropout.ts';

export interface DenseOptions extends LayerOptions {
  /** Features of the output. */
  readonly units: number;
  /** Default 'linear'. */
  readonly activation?: ActivationName;
  /** Share of the results that is dropped in training, as by a {@link Dropout} behind it. Default 0. */
  readonly dropout?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Of the kernel; default 'glorotUniform'. The bias starts at zero. */
  readonly initializer?: Initializer;
}

/**
 * act(x W + b): [K] to [units]. Parameters `kernel` [K, units] and `bias` [units].
 * @throws ShapeError when built for a picture that was not flattened.
 */
export class Dense extends Layer<DenseOptions> {
  readonly type = 'dense';

  build(input: Shape, scope: BuildScope): Built {
    const { activation = 'linear', bias = true, initializer = 'glorotUniform' } = this.options;
    const units = scope.count('units', this.options.units);
    checkActivation(activation, scope);
    const [features] = input;
    if (features === undefined || input.length !== 1) {
      scope.refuse(`input is [${input.join(', ')}], expected [features]; put a Flatten or GlobalAvgPool before it`);
    }
    const kernelName = scope.parameter('kernel', [features, units], { initializer, decay: true });
    const biasName = bias ? scope.parameter('bias', [units], { initializer: 'zeros', decay: false }) : undefined;
    const { fused, after } = splitActivation(activation);
    const drop = dropoutOf(this.options.dropout, scope);
    if (this.options.dropout !== undefined && !['linear', 'relu'].includes(activation)) {
      scope.refuse(`dropout behind ${activation} is a layer of its own; put a Dropout behind it`);
    }
    const named = { name: scope.name, ...fused };
    return {
      output: [units],
      flops: 2 * features * units + (bias ? units : 0) + (activation === 'linear' ? 0 : units),
      reach: 'everything',
      activation,
      apply: (x, pass) => {
        const bias = biasName ? pass.get(biasName) : undefined;
        return after(dense(x, pass.get(kernelName), bias, { ...named, dropout: drop(pass) }));
      },
    };
  }
}
