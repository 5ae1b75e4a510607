import { adamKernel } from '../kernels/adam.ts';
import { checkRange, flatCall, type Optimizer, zeroState } from './optimizer.ts';

export interface AdamOptions {
  /** Decay of the mean of the gradients. Default 0.9. */
  beta1?: number;
  /** Decay of the mean of their squares. Default 0.999. */
  beta2?: number;
  /** Added to the root of the second moment. Default 1e-7. */
  epsilon?: number;
  /** Divides by the largest second moment so far (Reddi et al., 2018). */
  amsgrad?: boolean;
  /** Decoupled weight decay: w -= rate decay w. Default 0 for adam, 0.004 for adamW. */
  weightDecay?: number;
}

/**
 * Adam (Kingma and Ba, 2015) in Keras's form: w -= rate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon).
 * State: `m`, `v`, and `vmax` with amsgrad.
 * @throws ValueError for a setting out of its range.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return make('adam', options);
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019): besides, w -= rate decay w, scaled by each segment's
 * factor (0 for biases and normalisations). State as in {@link adam}.
 * @throws ValueError for a setting out of its range.
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return make('adamW', { weightDecay: 0.004, ...options });
}

function make(name: string, options: AdamOptions): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, amsgrad = false, weightDecay = 0 } = options;
  // At 0 the bias correction would need the logarithm of 0.
  checkRange(name, 'beta1', beta1, Number.MIN_VALUE, 1);
  checkRange(name, 'beta2', beta2, Number.MIN_VALUE, 1);
  checkRange(name, 'epsilon', epsilon, 0, Number.POSITIVE_INFINITY);
  checkRange(name, 'weightDecay', weightDecay, 0, Number.POSITIVE_INFINITY);
  return {
    name,
    config: { beta1, beta2, epsilon, amsgrad, weightDecay },
    init: parameters => zeroState(parameters, amsgrad ? ['m', 'v', 'vmax'] : ['m', 'v']),
    update: inputs => {
      const { p, tensors } = flatCall(inputs, weightDecay);
      const settings = { ...p, amsgrad: Number(amsgrad), beta1, beta2, epsilon };
      inputs.parameters.engine.run(adamKernel, settings, { ...tensors, ...inputs.state });
    },
  };
}
