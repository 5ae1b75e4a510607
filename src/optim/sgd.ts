import { sgdKernel } from '../kernels/sgd.ts';
import { checkRange, flatCall, type Optimizer, zeroState } from './optimizer.ts';

export interface SgdOptions {
  /** Share of the velocity that a step keeps. Default 0: no velocity. */
  momentum?: number;
  /** Nesterov's look-ahead; counts only with momentum. */
  nesterov?: boolean;
  /** Decoupled weight decay: w -= rate decay w. Default 0. */
  weightDecay?: number;
}

/**
 * Gradient descent: w -= rate g; with momentum v = momentum v - rate g and w += v, or w += momentum v - rate g with
 * Nesterov (Sutskever et al., 2013, in Keras's form). State: `velocity`, with momentum.
 * @throws ValueError for a setting out of its range.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
  checkRange('sgd', 'momentum', momentum, 0, 1);
  checkRange('sgd', 'weightDecay', weightDecay, 0, Number.POSITIVE_INFINITY);
  return {
    name: 'sgd',
    config: { momentum, nesterov, weightDecay },
    init: parameters => zeroState(parameters, momentum > 0 ? ['velocity'] : []),
    update: inputs => {
      const { p, tensors } = flatCall(inputs, weightDecay);
      const { engine } = inputs.parameters;
      engine.run(sgdKernel, { ...p, momentum, nesterov: Number(nesterov) }, { ...tensors, ...inputs.state });
    },
  };
}
