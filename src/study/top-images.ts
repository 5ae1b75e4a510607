/** Which pictures of a data set each unit answers to most, and where in them. */
import type { ImageData8 } from '../data/dataset.ts';
import type { ImageBatch } from '../data/gpu-dataset.ts';
import { type BuiltLayer, type Model, walk } from '../nn/index.ts';
import { fieldBox, type PixelBox } from '../nn/receptive-field.ts';
import { ValueError } from '../platform/errors.ts';
import { argmax, max, reshape } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { overImages } from './passes.ts';

export interface TopImage {
  /** Its place among the images that were looked at. */
  readonly image: number;
  /** The largest value that the unit has in this picture. */
  readonly value: number;
  /** The pixels that this value depends on. */
  readonly field: PixelBox;
}

export interface TopImagesOptions {
  /** By name. */
  readonly layers: readonly string[];
  /** Pictures for each unit; default 9. */
  readonly top?: number;
  /** Images of a pass; default 100. */
  readonly batch?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * For each unit (channel or feature) of each layer the images with its largest values, the largest first; of equal ones, the
 * image that comes first, and in it the first place in row-major order.
 * @returns by layer, then by unit.
 * @throws ShapeError when the images do not fit the model; ValueError for a layer that does not exist; InterruptedError
 *   when `signal` fires.
 */
export async function topImages(
  model: Model,
  images: ImageData8,
  options: TopImagesOptions,
): Promise<Record<string, TopImage[][]>> {
  const { top = 9, batch = 100, signal } = options;
  const layers = options.layers.map(name => layerOf(model, name));
  const best = layers.map(({ output }) => Array.from({ length: output[output.length - 1]! }, (): Found[] => []));
  const { engine } = model;
  const peaksOf = ({ images: pictures }: ImageBatch) =>
    engine.noGrad(() => {
      const { captured } = model.forward(pictures, { capture: layers.map(({ name }) => name) });
      return layers.map(({ name }) => peak(captured[name]!));
    });
  await overImages(engine, images, { batch, signal }, peaksOf, async (peaks, { start, rows }) => {
    for (const [i, { value, place }] of peaks.entries()) {
      const [values, places] = [await value.data(), await place?.data()];
      for (const [unit, list] of best[i]!.entries()) {
        for (let row = 0; row < rows; row++) {
          const at = row * best[i]!.length + unit;
          insert(list, { image: start + row, value: values[at]!, place: places?.[at] ?? 0 }, top);
        }
      }
    }
  });
  const toTop = ({ field, output }: BuiltLayer, { image, value, place }: Found): TopImage => {
    const columns = output.length === 3 ? output[1]! : 1;
    return { image, value, field: fieldBox(field, Math.floor(place / columns), place % columns, model.inputShape) };
  };
  return Object.fromEntries(
    layers.map((layer, i) => [layer.name, best[i]!.map(list => list.map(found => toTop(layer, found)))]),
  );
}

interface Found {
  readonly image: number;
  readonly value: number;
  /** Row-major position in the layer's output. */
  readonly place: number;
}

/** Largest first; behind those that are as large. */
function insert(list: Found[], found: Found, most: number): void {
  if (list.length === most && found.value <= list[most - 1]!.value) return;
  let at = list.length;
  while (at > 0 && list[at - 1]!.value < found.value) at--;
  list.splice(at, 0, found);
  if (list.length > most) list.pop();
}

/** @throws ValueError naming those that exist. */
export function layerOf(model: Model, name: string): BuiltLayer {
  const found = walk(model.root).find(layer => layer.name === name);
  if (found) return found;
  throw new ValueError(
    `model '${model.name}': there is no layer '${name}'; there are ${model.layerNames.filter(Boolean).join(', ')}`,
  );
}

/** Of each image the largest value of each unit, [rows, units], and where it stands in a map. */
function peak(output: Tensor): { value: Tensor; place: Tensor | undefined } {
  if (output.rank !== 4) return { value: output, place: undefined };
  const [rows, height, width, units] = output.shape as [number, number, number, number];
  const flat = reshape(output, [rows, height * width, units]);
  return { value: max(flat, { axes: 1 }), place: argmax(flat, { axis: 1 }) };
}

/**
 * How much of one class the images of the units are: the mean, over the units, of the share of their images that the most
 * frequent class has.
 */
export function classPurity(units: readonly (readonly TopImage[])[], labels: ArrayLike<number>): number {
  const shares = units.map(images => {
    const counts = new Map<number, number>();
    for (const { image } of images) counts.set(labels[image]!, (counts.get(labels[image]!) ?? 0) + 1);
    return Math.max(0, ...counts.values()) / images.length;
  });
  return shares.reduce((a, b) => a + b, 0) / shares.length;
}
