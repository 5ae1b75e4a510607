import { type Shape, sizeOf } from '../../kernels/spec.ts';
import { gelu, leakyRelu, relu, sigmoid, silu, softmax, tanh } from '../../tensor/ops/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type BuildScope, type Built, Layer, type LayerOptions } from '../layer.ts';

/** What stands behind a layer, by name; 'linear' is nothing. Softmax is along the last axis. */
export const ACTIVATIONS = {
  linear: (x: Tensor) => x,
  relu: (x: Tensor) => relu(x),
  leakyRelu: (x: Tensor) => leakyRelu(x),
  gelu: (x: Tensor) => gelu(x),
  sigmoid: (x: Tensor) => sigmoid(x),
  tanh: (x: Tensor) => tanh(x),
  silu: (x: Tensor) => silu(x),
  softmax: (x: Tensor) => softmax(x),
} as const;

export type ActivationName = keyof typeof ACTIVATIONS;

export interface ActivationOptions extends LayerOptions {
  readonly activation: ActivationName;
}

/** An elementwise function, any shape to the same shape. */
export class Activation extends Layer<ActivationOptions> {
  readonly type = 'activation';

  build(input: Shape, scope: BuildScope): Built {
    const { activation } = this.options;
    checkActivation(activation, scope);
    return {
      output: input,
      flops: activation === 'linear' ? 0 : sizeOf(input),
      activation,
      apply: ACTIVATIONS[activation],
    };
  }
}

/** @throws ShapeError for a name that does not exist (configurations come from files). */
export function checkActivation(name: string, scope: BuildScope): void {
  if (!Object.hasOwn(ACTIVATIONS, name)) {
    scope.refuse(`there is no activation '${name}'; there are ${Object.keys(ACTIVATIONS).join(', ')}`);
  }
}

/** The activation of a dense or convolution layer: ReLU is fused into its kernel, others run behind it. */
export function splitActivation(name: ActivationName): {
  fused: { activation?: 'relu' };
  after: (y: Tensor) => Tensor;
} {
  return name === 'relu'
    ? { fused: { activation: 'relu' }, after: ACTIVATIONS.linear }
    : { fused: {}, after: ACTIVATIONS[name] };
}
