import { type AugmentParams, augmentKernel } from '../../kernels/augment.ts';
import { ShapeError, ValueError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';

/** How far pictures may be changed by chance. What is left out is not changed. */
export interface AugmentOptions {
  /** Share of the pictures that are mirrored, left for right. */
  readonly flip?: number;
  /** Most pixels by which a picture is moved along each axis; what comes in is black. */
  readonly shift?: number;
  /** Largest angle in degrees, either way; below 90. */
  readonly rotation?: number;
  /** A picture is scaled by 1 / (1 + z), z within +- this; below 1. */
  readonly zoom?: number;
  /** What is added to all values is within +- this. Values stay from 0 to 1. */
  readonly brightness?: number;
  /** Distances from 0.5 are multiplied by 1 + z, z within +- this. Values stay from 0 to 1. */
  readonly contrast?: number;
  /** Share of the pictures in which a rectangle is made black (Zhong et al., "Random Erasing", 2020). */
  readonly erase?: number;
  /** Least and greatest side of the rectangle, as shares of the picture's; each is drawn by itself. Default 0.15, 0.5. */
  readonly eraseSides?: readonly [least: number, greatest: number];
}

const ERASE_SIDES = [0.15, 0.5] as const;

/** Largest allowed value of each number, the value itself included or not. */
const LIMITS = {
  flip: { limit: 1, inclusive: true },
  shift: { limit: 2 ** 15, inclusive: false },
  rotation: { limit: 90, inclusive: false },
  zoom: { limit: 1, inclusive: false },
  brightness: { limit: 1, inclusive: true },
  contrast: { limit: 1, inclusive: true },
  erase: { limit: 1, inclusive: true },
} as const;

/** @throws ValueError for a number that cannot be, or one of a name that means nothing. */
export function checkAugment(options: AugmentOptions): void {
  for (const [name, { limit, inclusive }] of Object.entries(LIMITS)) {
    const value = options[name as keyof typeof LIMITS] ?? 0;
    if (value >= 0 && (inclusive ? value <= limit : value < limit)) continue;
    throw new ValueError(
      `augment: ${name} is ${value}, it must be from 0 to ${inclusive ? '' : 'below '}${limit}; 0 leaves it out`,
    );
  }
  const { shift = 0, eraseSides: [least, greatest] = ERASE_SIDES } = options;
  if (!Number.isInteger(shift)) throw new ValueError(`augment: shift is ${shift}, it must be a whole number of pixels`);
  if (!(least > 0 && greatest >= least && greatest <= 1)) {
    throw new ValueError(`augment: eraseSides are ${least} and ${greatest}, they must rise within 0 to 1`);
  }
}

/** Whether these options leave every picture as it is. */
export function changesNothing(options: AugmentOptions): boolean {
  return Object.keys(LIMITS).every(name => !options[name as keyof typeof LIMITS]);
}

/**
 * Pictures changed by chance: moved, mirrored, turned and zoomed (bilinear, black outside), then brightness and contrast,
 * then a rectangle erased. Not differentiable: it stands before the network, on training pictures.
 *
 * The draws are a function of (step.seed, step.step, keys[n]) alone: the same in a repeated or resumed run, on every
 * device, and in whatever order the pictures come. The angle is drawn by its half's tangent, to which it is proportional
 * within 2 % up to 30 degrees.
 *
 * @param images f32 [N, H, W, C], values from 0 to 1.
 * @param keys u32 [N]: number of each picture, such as its index in the data set.
 * @returns f32 [N, H, W, C]; `images` itself when nothing would change.
 * @throws ShapeError, ValueError for an option out of its range.
 */
export function augment(images: Tensor, keys: Tensor, options: AugmentOptions): Tensor {
  if (images.dtype !== 'f32' || images.shape.length !== 4) {
    throw new ShapeError(`augment: images must be f32[N, H, W, C], got ${images}`);
  }
  const [n, h, w, c] = images.shape as [number, number, number, number];
  if (keys.dtype !== 'u32' || keys.size !== n) {
    throw new ShapeError(`augment: keys must be u32[${n}], one for each picture of ${images}, got ${keys}`);
  }
  checkAugment(options);
  if (changesNothing(options)) return images;
  const { flip = 0, shift = 0, rotation = 0, zoom = 0, brightness = 0, contrast = 0, erase = 0 } = options;
  const [eraseMin, eraseMax] = options.eraseSides ?? ERASE_SIDES;
  const turn = Math.tan((rotation * Math.PI) / 360);
  const p: AugmentParams = {
    ...{ n, h, w, c, flip, shift, turn, zoom, brightness, contrast, erase, eraseMin, eraseMax },
  };
  const { engine } = images;
  return engine.run(augmentKernel, p, { x: images, keys }).out!;
}
