import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { LayerConfig } from '../../src/nn/layer.ts';
import type { Tfjs } from './tfjs.ts';

/** A weft architecture rebuilt in tfjs, layer by layer; layers that tfjs is not asked for here are an error. */
export function buildTfjs({ layers }: Tfjs, config: LayerConfig, inputShape: readonly number[]): LayersModel {
  const model = layers.sequential();
  (config.layers as LayerConfig[]).forEach((layer, i) => {
    const first = i === 0 ? { inputShape: [...inputShape] } : {};
    const { name, activation, padding } = layer as unknown as {
      name: string;
      activation?: 'relu';
      padding?: 'same' | 'valid';
    };
    switch (layer.type) {
      case 'conv2d':
        model.add(
          layers.layers.conv2d({
            ...first,
            name,
            filters: layer.filters as number,
            kernelSize: layer.kernelSize as number,
            padding: padding ?? 'valid',
            ...(activation && { activation }),
          }),
        );
        break;
      case 'maxPool2d':
      case 'max_pool2d':
        model.add(layers.layers.maxPooling2d({ name, poolSize: layer.window as number }));
        break;
      case 'flatten':
        model.add(layers.layers.flatten({ ...first, name }));
        break;
      case 'dense':
        model.add(
          layers.layers.dense({ ...first, name, units: layer.units as number, ...(activation && { activation }) }),
        );
        break;
      case 'dropout':
        model.add(layers.layers.dropout({ name, rate: layer.rate as number }));
        break;
      default:
        throw new Error(`bench: no tfjs layer stands for '${layer.type}'`);
    }
  });
  return model;
}

export interface TfjsStep {
  /** One training step; the loss is a tensor that nobody has waited for. */
  run(): Scalar;
  dispose(): void;
}

/** Adam on softmax cross-entropy, as `weft` trains: the same batch again and again, which costs the same as new ones. */
export function tfjsStep({ tf }: Tfjs, model: LayersModel, images: Tensor, oneHot: Tensor): TfjsStep {
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-7);
  const variables = model.trainableWeights.map(weight => weight.read() as Variable);
  const loss = () => tf.losses.softmaxCrossEntropy(oneHot, model.apply(images, { training: true }) as Tensor) as Scalar;
  return {
    run: () => optimizer.minimize(loss, true, variables)!,
    dispose: () => {
      optimizer.dispose();
      model.dispose();
    },
  };
}
