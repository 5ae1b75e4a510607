/** Layers in their places, run on tensors: alone, one after the other, and two as one kernel where that can be. */
import { ShapeError } from '../platform/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Behind, type BuiltLayer, layerTitle, type Pass } from './layer.ts';

/** Runs a layer. @throws ShapeError that names the layer when the input has another shape than it was built for. */
export function runLayer(layer: BuiltLayer, x: Tensor, pass: Pass): Tensor {
  checkInput(layer, x);
  const output = x.engine.within(layer.name, () => layer.apply(x, pass));
  return pass.observe?.(layer, output) ?? output;
}

/**
 * Runs a layer with something behind it, in its own kernels; undefined where it cannot, and where somebody wants to see
 * its own output, which then exists nowhere. @throws ShapeError as `runLayer`.
 */
export function runLayerWith(layer: BuiltLayer, x: Tensor, pass: Pass, behind: Behind): Tensor | undefined {
  if (!layer.applyWith || pass.observe) return undefined;
  checkInput(layer, x);
  const { applyWith } = layer;
  return x.engine.within(layer.name, () => applyWith(x, pass, behind));
}

function checkInput(layer: BuiltLayer, x: Tensor): void {
  const shape = x.shape.slice(1);
  if (shape.join() !== layer.input.join()) {
    const [have, want] = [shape[shape.length - 1], layer.input[layer.input.length - 1]];
    const onlyChannels = shape.length === 3 && shape.slice(0, 2).join() === layer.input.slice(0, 2).join();
    throw new ShapeError(
      onlyChannels
        ? `${layerTitle(layer)}: input has ${have} channels, kernel expects ${want}`
        : `${layerTitle(layer)}: input is [N, ${shape.join(', ')}], it was built for [N, ${layer.input.join(', ')}]`,
    );
  }
}

/**
 * Runs layers one after the other. A pooling that asks for it is computed together with the convolution before it, unless
 * somebody looks at the outputs: then the map between the two exists too.
 */
export function runLayers(layers: readonly BuiltLayer[], x: Tensor, pass: Pass): Tensor {
  let y = x;
  for (let i = 0; i < layers.length; i++) {
    const [layer, next] = [layers[i]!, layers[i + 1]];
    if (layer.withPooling && next?.pooling && !pass.observe) {
      checkInput(layer, y);
      const [input, withPooling, windows] = [y, layer.withPooling, next.pooling(pass)];
      y = y.engine.within(layer.name, () => withPooling(input, pass, windows));
      i++;
    } else y = runLayer(layer, y, pass);
  }
  return y;
}
