/**
 * Networks whose features are made narrower: a frozen dense layer with the initializer 'principal' projects what comes into
 * it onto its principal components over training pictures.
 *
 *     const recipe = vgg16({ cut: 3, components: 512 });           // 4,096 values behind block 3, of which 512 directions
 *     await projectFeatures(model, data, split.train, training);   // before anything is trained or computed
 */
import type { GpuDataset } from '../data/gpu-dataset.ts';
import { sizeOf } from '../kernels/spec.ts';
import { type BuiltLayer, type Model, walk } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';
import type { TrainingOptions } from '../train/config.ts';
import { cacheFeatures, type FeatureHooks } from '../train/features.ts';
import { configureParts } from '../train/trained-parts.ts';
import { toMatrix } from './matrix.ts';
import { principalComponents, projectionLayer } from './pca.ts';

/** Pictures that the components are of, at most: a matrix of 64 MiB between them, or between as many values. */
const PICTURES = 4096;
/** Values of all these pictures together, at most: 128 MiB, a binding's limit. */
const VALUES = 2 ** 25;
/** Components of which no more is wanted than the space that they span do not need many rounds. */
const ROUNDS = 12;

/**
 * Fills in the projections of a model that has some; others stay as they are. A pure function of the model's first weights, of
 * the pictures and of the kernels, so that a run that goes on gets the same one.
 * @param images that the model learns from; the components are those of the first of them.
 * @throws ValueError when a projection does not stand behind frozen layers alone, or there are fewer pictures than components.
 */
export async function projectFeatures(
  model: Model,
  data: GpuDataset,
  images: Uint32Array,
  training: TrainingOptions,
  hooks: FeatureHooks = {},
): Promise<void> {
  for (const [index, layer] of model.chain.entries()) {
    const kernel = projectionOf(layer);
    if (!kernel) continue;
    configureParts(model, training);
    const columns = sizeOf(layer.input);
    const [, count] = kernel.shape as [number, number];
    const few = images.slice(0, Math.min(PICTURES, Math.floor(VALUES / columns)));
    if (few.length <= count) {
      throw new ValueError(
        `'${layer.name}': ${few.length} training pictures have fewer than ${count} principal components; train on more, or ask for fewer components`,
      );
    }
    const batch = training.batch / (training.microBatches ?? 1);
    const features = await cacheFeatures(model, data, few, { ...hooks, batch, layers: index });
    if (sizeOf(features.imageShape) !== columns) {
      throw new ValueError(`'${layer.name}': what comes into it is not frozen; freeze all layers before it`);
    }
    const rows = toMatrix(features.rows(few), columns);
    const made = projectionLayer(await principalComponents(model.engine, rows, { count, rounds: ROUNDS }));
    model.parameters.get(kernel.name).write(made.kernel);
    model.parameters.get(kernel.name.replace(/kernel$/, 'bias')).write(made.bias);
  }
}

/** The kernel of a layer that is to be a projection. */
function projectionOf(layer: BuiltLayer) {
  return walk(layer)
    .flatMap(({ parameters }) => parameters)
    .find(({ initializer }) => initializer === 'principal');
}
