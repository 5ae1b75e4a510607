import type { Shape } from '../../kernels/spec.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type BuildScope,
  type Built,
  type BuiltLayer,
  Layer,
  type LayerConfig,
  type LayerOptions,
  type Pass,
  runLayer,
} from '../layer.ts';

export interface SequentialOptions extends LayerOptions {
  readonly layers: readonly Layer[];
}

/** One layer after the other. */
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
    const run = (layers: readonly BuiltLayer[], x: Tensor, pass: Pass) =>
      layers.reduce((y, child) => runLayer(child, y, pass), x);
    return {
      output: shape,
      flops: 0,
      field,
      children,
      apply: (x, pass) => run(children, x, pass),
      // What stands behind the whole stands behind its last layer.
      applyWith:
        last?.applyWith && ((x, pass, behind) => last.applyWith!(run(children.slice(0, -1), x, pass), pass, behind)),
    };
  }

  override toJSON(): LayerConfig {
    const { layers, ...options } = this.options;
    return { type: this.type, ...options, layers: layers.map(layer => layer.toJSON()) };
  }
}
