import { type Shape, sizeOf } from '../../kernels/spec.ts';
import { add } from '../../tensor/ops/index.ts';
import { type BuildScope, type Built, Layer, type LayerConfig, type LayerOptions } from '../layer.ts';
import { unite } from '../receptive-field.ts';
import { runLayer, runLayerWith } from '../run-layers.ts';
import { ACTIVATIONS, type ActivationName, checkActivation, splitActivation } from './activation.ts';

export interface ResidualOptions extends LayerOptions {
  readonly body: Layer;
  /** What the input passes on its way around the body, where that changes its shape. Default: nothing. */
  readonly shortcut?: Layer;
  /** Behind the addition; default 'linear'. */
  readonly activation?: ActivationName;
}

/**
 * act(body(x) + shortcut(x)): K. He et al., "Deep Residual Learning for Image Recognition" (2016). Where the body ends in a
 * batch norm, addition and ReLU are part of its kernels.
 * @throws ShapeError when the two branches end in different shapes.
 */
export class Residual extends Layer<ResidualOptions> {
  readonly type = 'residual';

  build(input: Shape, scope: BuildScope): Built {
    const { activation = 'linear' } = this.options;
    checkActivation(activation, scope);
    const body = scope.build(this.options.body, input, scope.field, 'body');
    const around = this.options.shortcut;
    const shortcut = around && scope.build(around, input, scope.field, 'shortcut');
    const other = shortcut?.output ?? input;
    if (body.output.join() !== other.join()) {
      scope.refuse(
        `the body gives [${body.output.join(', ')}], the shortcut [${other.join(', ')}]; ` +
          'give it a shortcut that ends in the shape of the body (a 1x1 convolution with its stride)',
      );
    }
    return {
      output: body.output,
      flops: sizeOf(body.output) * (activation === 'linear' ? 1 : 2),
      field: unite(body.field, shortcut?.field ?? scope.field),
      children: shortcut ? [body, shortcut] : [body],
      activation,
      apply: (x, pass) => {
        const residual = shortcut ? runLayer(shortcut, x, pass) : x;
        const { fused, after } = splitActivation(activation);
        const joined = runLayerWith(body, x, pass, { residual, ...fused });
        return joined ? after(joined) : ACTIVATIONS[activation](add(runLayer(body, x, pass), residual));
      },
    };
  }

  override toJSON(): LayerConfig {
    const { body, shortcut, ...options } = this.options;
    return { type: this.type, ...options, body: body.toJSON(), ...(shortcut && { shortcut: shortcut.toJSON() }) };
  }
}
