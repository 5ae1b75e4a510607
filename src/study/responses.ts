import type { ImageData8 } from '../data/dataset.ts';
import type { Model } from '../nn/index.ts';
import { mean, slice } from '../tensor/ops/index.ts';
import { cutModel } from './cut-model.ts';
import type { MaximiseOptions } from './maximise.ts';
import { overImages } from './passes.ts';
import { layerOf } from './top-images.ts';

/** What every unit of a layer has with each picture. */
export interface Responses {
  readonly units: number;
  /** [images, units]: before the activation function, the mean of the map or the value in its middle. */
  readonly values: Float32Array;
}

/**
 * What real pictures make of the units, in the same measure in which `maximise` does.
 * @throws as `maximise`.
 */
export async function responses(
  model: Model,
  images: ImageData8,
  {
    layer,
    goal = 'channel',
    batch = 100,
    signal,
  }: Pick<MaximiseOptions, 'layer' | 'goal' | 'signal'> & { readonly batch?: number },
): Promise<Responses> {
  const { engine } = model;
  using cut = await cutModel(model, layer);
  const { output } = layerOf(model, layer);
  const units = output[output.length - 1]!;
  const values = new Float32Array(images.count * units);
  await overImages(
    engine,
    images,
    { batch, signal },
    pictures =>
      engine.noGrad(() => {
        const y = cut.forward(pictures.images, { capture: [layer] }).captured[layer]!;
        if (y.rank !== 4) return y;
        const [, height, width] = y.shape as [number, number, number, number];
        if (goal === 'channel') return mean(y, { axes: [1, 2] });
        return slice(y, [0, Math.floor(height / 2), Math.floor(width / 2), 0], [-1, 1, 1, -1]);
      }),
    async (result, { start }) => values.set((await result.data()) as Float32Array, start * units),
  );
  return { units, values };
}
