import type { Shape } from '../../kernels/spec.ts';
import { type BuildScope, type Built, Layer, type LayerConfig, type LayerOptions } from '../layer.ts';
import { runLayers } from '../run-layers.ts';

export interface SequentialOptions extends LayerOptions {
  readonly layers: readonly Layer[];
}

/**
 * One layer after the other.
 * @throws ShapeError when a pooling is to be fused with something that is no convolution.
 */
export class Sequential extends Layer<SequentialOptions> {
  readonly type = 'sequential';

  build(input: Shape, scope: BuildScope): Built {
    let shape = input;
    let { field } = scope;
    const children = this.options.layers.map(layer => {
      const child = scope.build(layer, shape, field);
      shape = child.output;
      field = child.field;
      return child;
    });
    const last = children[children.length - 1];
    for (const [i, { name, pooling }] of children.entries()) {
      if (!pooling || children[i - 1]?.withPooling) continue;
      scope.refuse(
        `'${name}' is fused, but no conv2d with ReLU or no activation stands right before it; leave out 'fused'`,
      );
    }
    return {
      output: shape,
      flops: 0,
      field,
      children,
      apply: (x, pass) => runLayers(children, x, pass),
      // What stands behind the whole stands behind its last layer.
      applyWith:
        last?.applyWith &&
        ((x, pass, behind) => last.applyWith!(runLayers(children.slice(0, -1), x, pass), pass, behind)),
    };
  }

  override toJSON(): LayerConfig {
    const { layers, ...options } = this.options;
    return { type: this.type, ...options, layers: layers.map(layer => layer.toJSON()) };
  }
}
