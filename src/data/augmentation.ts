/**
 * Augmentation policies by name: by how much training pictures are changed, drawn anew in every step.
 * `weft augment --out sheet.png` shows them.
 */
import { ValueError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import { type AugmentOptions, augment, changesNothing, checkAugment } from '../tensor/ops/augment.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The changes and what reports call them; plain values, kept with a run. */
export interface AugmentationPolicy extends AugmentOptions {
  readonly name: string;
}

/** Angles in degrees, shifts in pixels (4 of 32 in He et al., 2016), all else as shares. */
export const augmentations = {
  none: {},
  flip: { flip: 0.5 },
  'flip-shift': { flip: 0.5, shift: 4 },
  'flip-shift-erase': { flip: 0.5, shift: 2, erase: 0.5 },
  standard: { flip: 0.5, shift: 2, rotation: 10, zoom: 0.1 },
  strong: { flip: 0.5, shift: 4, rotation: 15, zoom: 0.15, brightness: 0.1, contrast: 0.3, erase: 0.5 },
} as const satisfies Readonly<Record<string, AugmentOptions>>;

export type AugmentationName = keyof typeof augmentations;

export const AUGMENTATION_NAMES = Object.keys(augmentations) as AugmentationName[];

/** Whether it does anything to pictures. */
export const changesPictures = (policy: AugmentationPolicy) => !changesNothing(policy);

/** @throws ValueError naming those that exist. */
export function findAugmentation(name: string): AugmentationPolicy {
  if (!Object.hasOwn(augmentations, name)) {
    throw new ValueError(
      `augmentation '${name}': there is none of that name; there are ${AUGMENTATION_NAMES.join(', ')}`,
    );
  }
  return { name, ...augmentations[name as AugmentationName] };
}

/**
 * Copy `copy` of some pictures, for what is computed once and kept: copy 0 is the original, any other is drawn by
 * (seed, copy, number of the picture). Sets seed and step of the engine; inside a compiled step set them with
 * `run({ seed, step: copy })` and call `augment` instead.
 * @param images f32 [N, H, W, C]; @param numbers u32 [N], their indices in the data set.
 * @throws ShapeError, ValueError
 */
export function augmentedCopy(
  engine: Engine,
  images: Tensor,
  numbers: Tensor,
  policy: AugmentationPolicy,
  { seed, copy }: { readonly seed: number; readonly copy: number },
): Tensor {
  checkAugment(policy);
  if (!Number.isInteger(copy) || copy < 0) {
    throw new ValueError(`augmentedCopy: copy is ${copy}, it must be a whole number from 0, the original`);
  }
  if (copy === 0) return images;
  engine.setStep({ seed, step: copy });
  return augment(images, numbers, policy);
}
