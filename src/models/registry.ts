import { ValueError } from '../platform/errors.ts';
import { cnn, peerCnn } from './cnn.ts';
import { cnnBest } from './cnn-best.ts';
import { mlp } from './mlp.ts';
import type { Recipe } from './recipe.ts';
import { resnet20 } from './resnet20.ts';
import { vgg16Plain } from './vgg16.ts';
import { vgg16Recipes } from './vgg16-transfer.ts';

/** Every model by its name on the command line. */
export const models: Readonly<Record<string, Recipe>> = Object.fromEntries(
  [mlp, cnn, cnnBest, peerCnn, resnet20, ...vgg16Recipes, vgg16Plain].map(recipe => [recipe.name, recipe]),
);

/** @throws ValueError naming those that exist. */
export function findModel(name: string): Recipe {
  if (!Object.hasOwn(models, name)) {
    throw new ValueError(`model '${name}': there is no such model; there are ${Object.keys(models).join(', ')}`);
  }
  return models[name]!;
}
