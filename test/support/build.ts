import type { Shape } from '../../src/kernels/spec.ts';
import type { Layer } from '../../src/nn/layer.ts';
import { Model } from '../../src/nn/model.ts';
import { Engine } from '../../src/tensor/engine.ts';

/** A model of one layer on an engine of its own that computes in TypeScript. */
export function onReference(layer: Layer, inputShape: Shape, seed = 1): Model {
  return new Model(Engine.reference(), layer, { inputShape, seed });
}
