/**
 * Weights that others have trained, as files of `weights/`: what they are, and how a model gets them.
 *
 *     const model = await createModel(engine, recipe, { inputShape, seed: 1, weights: nodeWeights() });
 */
import { sha256 } from '../data/dataset.ts';
import { pathIn } from '../data/files.ts';
import { readSafetensors } from '../io/safetensors.ts';
import type { Shape } from '../kernels/spec.ts';
import { Model } from '../nn/index.ts';
import { FileError, ValueError } from '../platform/errors.ts';
import type { DataSource } from '../platform/platform.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Recipe } from './recipe.ts';

interface Pretrained {
  /** Where it lies among the weights. */
  readonly file: string;
  /** The part of the model that it fills; the file names its tensors without it. */
  readonly part: string;
}

const PRETRAINED = {
  /** The 13 convolutions of VGG16, trained on ImageNet by the Visual Geometry Group, Oxford; float16. */
  'vgg16-imagenet': { file: 'vgg16/imagenet-f16.safetensors', part: 'base' },
} as const satisfies Readonly<Record<string, Pretrained>>;

export type PretrainedName = keyof typeof PRETRAINED;

/** Where a file of weights lies among the weights. */
export const pretrainedFile = (name: PretrainedName): string => PRETRAINED[name].file;

/**
 * Fills the part of a model that these weights are for. The model may be cut off before their end.
 * @returns SHA-256 of the file.
 * @throws FileError when the file is not there, damaged, or does not fit; ValueError for a name that does not exist.
 */
export async function loadPretrained(model: Model, name: PretrainedName, weights: DataSource): Promise<string> {
  if (!Object.hasOwn(PRETRAINED, name)) {
    throw new ValueError(`weights '${name}': there are none; there are ${Object.keys(PRETRAINED).join(', ')}`);
  }
  const { file, part } = PRETRAINED[name];
  const where = pathIn(weights, file);
  const bytes = await weights.read(file);
  if (!bytes) {
    throw new FileError(
      `${where}: no such file; a clone of the repository holds it, the package does not: name its folder weights/ with ` +
        'WEFT_WEIGHTS, or take a model from random weights',
    );
  }
  model.parameters.loadPart(part, readSafetensors(bytes, where));
  return await sha256(bytes);
}

/**
 * A recipe's network with its first weights.
 * @param options seed: of all that is not loaded; weights: where those that are lie, for a recipe that asks for some.
 * @throws as `loadPretrained` and `Model`.
 */
export async function createModel(
  engine: Engine,
  recipe: Recipe,
  options: {
    readonly seed: number;
    readonly weights?: DataSource | undefined;
    /** Default: the recipe's. */
    readonly inputShape?: Shape;
    readonly classes?: number;
  },
): Promise<Model> {
  const { seed, weights, inputShape = recipe.inputShape, classes } = options;
  const model = new Model(engine, recipe.build(classes), { name: recipe.name, inputShape, seed });
  if (!recipe.weights) return model;
  try {
    if (!weights)
      throw new ValueError(`model '${recipe.name}': it starts with ${recipe.weights}; say where weights lie`);
    await loadPretrained(model, recipe.weights, weights);
    return model;
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}
