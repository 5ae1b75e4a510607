import type { ImageData8 } from '../data/dataset.ts';
import type { Model } from '../nn/model.ts';
import { InterruptedError } from '../platform/errors.ts';
import { type HostArray, imageAt } from './arrays.ts';
import { defaultMapLayer, gradCam } from './grad-cam.ts';

/** Where on average the features lie that speak for a class, in pictures of this class. */
export interface ClassMap {
  readonly class: number;
  /** Pictures that it is the mean of: those for which anything spoke for the class. */
  readonly images: number;
  /** Those for which nothing did. */
  readonly blank: number;
  /** Grad-CAM on the layer's own grid, each picture's adding up to 1: [rows, columns]. */
  readonly map: HostArray;
  /** The pictures themselves, of the shape of one, from 0 to 1. */
  readonly picture: HostArray;
}

export interface ClassMapOptions {
  /** A layer whose output is maps; default the last one that finds anything. */
  readonly layer?: string;
  /** Pictures of each class at most, the first ones; default 20. */
  readonly each?: number;
  readonly signal?: AbortSignal;
  /** Called after each picture. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The mean Grad-CAM map of every class that has pictures, each for the logit of its own class: what one picture shows by
 * chance goes, what they have in common stays. It says something only of pictures that are alike in position and size.
 * @throws ValueError for a model without maps; InterruptedError.
 */
export async function classMaps(model: Model, images: ImageData8, options: ClassMapOptions = {}): Promise<ClassMap[]> {
  const { layer = defaultMapLayer(model), each = 20, signal, onProgress } = options;
  const byClass = images.classes.map((_, label) =>
    Array.from({ length: images.count }, (_, i) => i)
      .filter(i => images.labels[i] === label)
      .slice(0, each),
  );
  const total = byClass.flat().length;
  const found: ClassMap[] = [];
  let done = 0;
  for (const [label, numbers] of byClass.entries()) {
    const maps: HostArray[] = [];
    for (const number of numbers) {
      if (signal?.aborted) throw new InterruptedError(`classMaps: interrupted after ${done} of ${total} pictures`);
      const { map } = await gradCam(model, imageAt(images, number), { target: label, layer });
      maps.push(map);
      onProgress?.(++done, total);
    }
    const spoken = maps.filter(({ values }) => sum(values) > 0);
    if (maps.length === 0) continue;
    found.push({
      ...{ class: label, images: spoken.length, blank: maps.length - spoken.length },
      map: meanOf(maps[0]!.shape, spoken, map => sum(map.values)),
      picture: meanOf(
        model.inputShape,
        numbers.map(number => imageAt(images, number)),
        () => 1,
      ),
    });
  }
  return found;
}

const sum = (values: ArrayLike<number>) => Array.prototype.reduce.call(values, (a, b) => a + b, 0) as number;

/** Mean of arrays of one shape, each divided first; zero without any. */
function meanOf(
  shape: readonly number[],
  arrays: readonly HostArray[],
  divisor: (array: HostArray) => number,
): HostArray {
  const values = new Float64Array(shape.reduce((a, b) => a * b, 1));
  for (const array of arrays) {
    const by = divisor(array) * arrays.length;
    values.forEach((_, i) => {
      values[i]! += array.values[i]! / by;
    });
  }
  return { shape, values };
}
