import { type Shape, sizeOf } from '../../kernels/spec.ts';
import { batchNorm2d } from '../../tensor/ops/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Behind, type BuildScope, type Built, Layer, type LayerOptions, type Pass } from '../layer.ts';
import { type ActivationName, checkActivation, splitActivation } from './activation.ts';

export interface BatchNorm2dOptions extends LayerOptions {
  /** Share of the old running statistics that a step keeps; default 0.99. */
  readonly momentum?: number;
  /** Added to the variance; default 1e-3. */
  readonly epsilon?: number;
  /** Default 'linear'. */
  readonly activation?: ActivationName;
}

/**
 * gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel (S. Ioffe, C. Szegedy, 2015): in training with the
 * statistics of the batch, which also move the running ones; else with the running ones. [H, W, C] or [C], unchanged.
 * Parameters `gamma`, `beta` [C]; state `running_mean`, `running_variance` [C].
 */
export class BatchNorm2d extends Layer<BatchNorm2dOptions> {
  readonly type = 'batchNorm2d';

  constructor(options: BatchNorm2dOptions = {}) {
    super(options);
  }

  build(input: Shape, scope: BuildScope): Built {
    const { momentum = 0.99, epsilon = 1e-3, activation = 'linear' } = this.options;
    if (!(momentum >= 0 && momentum <= 1)) scope.refuse(`momentum is ${momentum}; it must be from 0 to 1`);
    if (!(epsilon > 0)) scope.refuse(`epsilon is ${epsilon}; it must be positive`);
    const channels = input[input.length - 1];
    if (channels === undefined || (input.length !== 1 && input.length !== 3)) {
      scope.refuse(`input is [${input.join(', ')}], expected [height, width, channels] or [features]`);
    }
    checkActivation(activation, scope);
    const { fused, after } = splitActivation(activation);
    const gamma = scope.parameter('gamma', [channels], { initializer: 'ones', decay: false });
    const beta = scope.parameter('beta', [channels], { initializer: 'zeros', decay: false });
    const mean = scope.state('running_mean', [channels], 'zeros');
    const variance = scope.state('running_variance', [channels], 'ones');
    const normalise = (x: Tensor, pass: Pass, behind: Partial<Behind>) => {
      const running = { mean: pass.get(mean), variance: pass.get(variance) };
      const { training } = pass;
      return batchNorm2d(x, pass.get(gamma), pass.get(beta), { running, training, momentum, epsilon, ...behind });
    };
    return {
      output: input,
      // Folded into one factor and one summand for each channel.
      flops: (activation === 'linear' ? 2 : 3) * sizeOf(input),
      activation,
      apply: (x, pass) => after(normalise(x, pass, fused)),
      applyWith: activation === 'linear' ? normalise : undefined,
    };
  }
}
