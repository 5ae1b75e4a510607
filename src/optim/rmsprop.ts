import { rmspropKernel } from '../kernels/rmsprop.ts';
import { checkRange, flatCall, type Optimizer, zeroState } from './optimizer.ts';

export interface RmspropOptions {
  /** Decay of the mean of the squared gradients. Default 0.9. */
  rho?: number;
  /** Added to that mean, inside the root. Default 1e-7. */
  epsilon?: number;
  /** Share of the last change that a step repeats. Default 0. */
  momentum?: number;
  /** Decoupled weight decay: w -= rate decay w. Default 0. */
  weightDecay?: number;
}

/**
 * RMSprop (Tieleman and Hinton, 2012) in Keras's form: w -= rate g / sqrt(v + epsilon), v the running mean of g^2.
 * State: `v`, and `momentumBuffer` with momentum.
 * @throws ValueError for a setting out of its range.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const { rho = 0.9, epsilon = 1e-7, momentum = 0, weightDecay = 0 } = options;
  checkRange('rmsprop', 'rho', rho, 0, 1);
  checkRange('rmsprop', 'epsilon', epsilon, 0, Number.POSITIVE_INFINITY);
  checkRange('rmsprop', 'momentum', momentum, 0, 1);
  checkRange('rmsprop', 'weightDecay', weightDecay, 0, Number.POSITIVE_INFINITY);
  return {
    name: 'rmsprop',
    config: { rho, epsilon, momentum, weightDecay },
    init: parameters => zeroState(parameters, momentum > 0 ? ['v', 'momentumBuffer'] : ['v']),
    update: inputs => {
      const { p, tensors } = flatCall(inputs, weightDecay);
      inputs.parameters.engine.run(rmspropKernel, { ...p, rho, epsilon, momentum }, { ...tensors, ...inputs.state });
    },
  };
}
