import type { Shape } from '../../kernels/spec.ts';
import { type BuildScope, type Built, Layer, type LayerConfig, type LayerOptions, runLayer } from '../layer.ts';

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
    return {
      output: shape,
      flops: 0,
      field,
      children,
      apply: (x, pass) => children.reduce((y, child) => runLayer(child, y, pass), x),
    };
  }

  override toJSON(): LayerConfig {
    const { layers, ...options } = this.options;
    return { type: this.type, ...options, layers: layers.map(layer => layer.toJSON()) };
  }
}
