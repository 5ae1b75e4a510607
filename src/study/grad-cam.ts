import { type LayerConfig, type Model, walk } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';
import type { HostArray } from './arrays.ts';
import { stretch } from './image-filters.ts';
import { logit } from './objectives.ts';
import { trace } from './trace.ts';
import { singleImage, type TargetOptions } from './variants.ts';

export interface GradCamOptions extends TargetOptions {
  /** A layer whose output is maps, [H, W, channels]; default the last of {@link mapLayers}. */
  readonly layer?: string;
}

export interface ClassActivationMap {
  readonly layer: string;
  /** What speaks for the class, 0 or more, on the layer's own grid: [H, W]. */
  readonly map: HostArray;
  /** Of each channel: how the maps were added up. */
  readonly weights: Float64Array;
}

/**
 * Grad-CAM: the maps of a layer, weighted by the mean of the target's gradient over each, of which the positive part is
 * kept. R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization" (2017).
 * Behind a global average pooling and one dense layer it is the class activation map of B. Zhou et al. (2016).
 * @throws ShapeError, ValueError for a picture, class or layer that does not fit.
 */
export async function gradCam(model: Model, image: HostArray, options: GradCamOptions): Promise<ClassActivationMap> {
  return classActivation(model, image, options, (_, gradients) => gradients.reduce(plus, 0) / gradients.length);
}

/**
 * Grad-CAM++: positive gradients only, each weighted so that several places where a class shows count alike, however large
 * they are. A. Chattopadhay et al., "Grad-CAM++" (2018), by its closed form for the exponential of the logit, whose value
 * at the picture is a common factor and left out.
 * @throws as {@link gradCam}.
 */
export async function gradCamPlusPlus(
  model: Model,
  image: HostArray,
  options: GradCamOptions,
): Promise<ClassActivationMap> {
  return classActivation(model, image, options, (activations, gradients) => {
    const total = activations.reduce(plus, 0);
    return gradients.reduce((sum, g) => {
      const below = 2 * g ** 2 + total * g ** 3;
      return sum + (below === 0 ? 0 : (g ** 2 / below) * Math.max(0, g));
    }, 0);
  });
}

const plus = (a: number, b: number) => a + b;

/** Weight of a channel, from the values of its map and the target's gradients with respect to them. */
type ChannelWeight = (activations: Float64Array, gradients: Float64Array) => number;

async function classActivation(
  model: Model,
  image: HostArray,
  { target, layer = defaultMapLayer(model) }: GradCamOptions,
  weigh: ChannelWeight,
): Promise<ClassActivationMap> {
  checkMapLayer(model, layer);
  const options = { layers: [layer], objective: logit(target), inputGradient: false };
  const single = { shape: [1, ...model.inputShape], values: singleImage(model, image) };
  const traced = await trace(model, single, options);
  const { shape, values: activations } = traced.activations[layer]!;
  const { values: gradients } = traced.gradients[layer]!;
  const [, height, width, channels] = shape as [number, number, number, number];
  const pixels = height * width;
  const weights = new Float64Array(channels);
  const map = new Float64Array(pixels);
  for (let k = 0; k < channels; k++) {
    const ofChannel = (from: ArrayLike<number>) =>
      Float64Array.from({ length: pixels }, (_, pixel) => from[pixel * channels + k]!);
    const values = ofChannel(activations);
    const weight = weigh(values, ofChannel(gradients));
    weights[k] = weight;
    values.forEach((value, pixel) => {
      map[pixel]! += weight * value;
    });
  }
  return { layer, weights, map: { shape: [height, width], values: map.map(value => Math.max(0, value)) } };
}

/** Layers whose outputs are maps of what they found, in the order of the computation: what Grad-CAM can be made of. */
export function mapLayers(model: Model): string[] {
  return walk(model.root)
    .filter(({ name, output, type }) => name !== '' && output.length === 3 && !SHOWS_PICTURE.includes(type))
    .map(({ name }) => name);
}

/** Makes pictures of pictures; no features yet. */
const SHOWS_PICTURE: readonly string[] = ['preprocess'];
/** Keeps what a layer before it found, at fewer places or not at all. */
const KEEPS: readonly string[] = ['maxPool2d', 'avgPool2d', 'dropout'];

/**
 * The last layer that finds something at a place: what is usually meant by "the last convolution", with the norm, the
 * addition and the activation that belong to it.
 * @throws ValueError for a network without such a layer.
 */
export function defaultMapLayer(model: Model): string {
  const last = [...model.chain].reverse().find(({ output, type }) => output.length === 3 && !KEEPS.includes(type));
  if (!last || SHOWS_PICTURE.includes(last.type)) {
    throw new ValueError(
      `model '${model.name}': it has no layer of maps (a convolution), which Grad-CAM needs; use saliency or occlusion`,
    );
  }
  return last.name;
}

function checkMapLayer(model: Model, name: string): void {
  const layers = mapLayers(model);
  if (layers.includes(name)) return;
  throw new ValueError(
    layers.length === 0
      ? `model '${model.name}': none of its layers gives maps, which Grad-CAM needs; use saliency or occlusion`
      : `layer '${name}' of model '${model.name}': it gives no maps; those that do are ${layers.join(', ')}`,
  );
}

/**
 * A map of a layer stretched over the picture, for display: where the model pads the picture with black ground first, only
 * the part that lies on the picture.
 * @param map [rows, columns] on the grid of a layer.
 * @returns [H, W] of the model's input.
 */
export function overImage(model: Model, map: HostArray): HostArray {
  const [height, width] = model.inputShape as [number, number];
  const padded = findPadding(model.toJSON().layer);
  if (!padded) return stretch(map, height, width);
  const [rows, columns] = [padded.size, padded.size];
  const whole = stretch(map, rows, columns);
  const [top, left] = [Math.floor((rows - height) / 2), Math.floor((columns - width) / 2)];
  const values = new Float64Array(height * width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) values[y * width + x] = whole.values[(top + y) * columns + left + x]!;
  return { shape: [height, width], values };
}

/** The preprocessing of a network that puts pictures on a larger ground, if it has one. */
function findPadding(config: LayerConfig): { readonly size: number } | undefined {
  if (config.type === 'preprocess' && config.resize === 'pad') return { size: config.size as number };
  const children = (config.layers ?? []) as readonly LayerConfig[];
  return children.map(findPadding).find(found => found !== undefined);
}
