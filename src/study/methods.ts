/** Every way to explain a picture by one name and with one form of result: what the command line and the page offer. */
import type { Model } from '../nn/model.ts';
import { ValueError } from '../platform/errors.ts';
import type { HostArray } from './arrays.ts';
import { type ClassActivationMap, gradCam, gradCamPlusPlus, mapLayers, overImage } from './grad-cam.ts';
import { channelSum } from './image-filters.ts';
import { black, blurred, integratedGradients } from './integrated-gradients.ts';
import { occlusion } from './occlusion.ts';
import { gradient, guidedBackprop, saliency, smoothGrad } from './saliency.ts';
import type { BatchOptions, TargetOptions } from './variants.ts';

export interface MethodOptions extends TargetOptions, BatchOptions {
  /** For those that explain by the maps of a layer; default the last that has any. */
  readonly layer?: string;
  /** Of what a method draws at random; default 1. */
  readonly seed?: number;
  /**
   * Whether a rougher answer will do, in a quarter of the time: for controls, which ask many times. Default false.
   */
  readonly rough?: boolean;
}

export interface Explanation {
  /** [H, W] of the picture; with signs (what speaks for the class is positive) or 0 and more, as the method says. */
  readonly map: HostArray;
  /** Where a method works on a coarser grid, its own result there, of which `map` is an enlargement. */
  readonly native?: HostArray;
  readonly layer?: string;
  /** Of integrated gradients: how well the attributions add up. */
  readonly completeness?: { readonly sum: number; readonly difference: number; readonly error: number };
}

export interface Method {
  readonly name: string;
  readonly title: string;
  /** Whether the map has signs. */
  readonly signed: boolean;
  /** Whether it needs a layer of maps, as convolutions give. */
  readonly needsMaps: boolean;
  /** One plain sentence each. */
  readonly shows: string;
  readonly limits: string;
  readonly source: string;
  /** @throws ShapeError, ValueError for a picture, class or layer that the model does not know. */
  readonly explain: (model: Model, image: HostArray, options: MethodOptions) => Promise<Explanation>;
}

const fromCam = (model: Model, { layer, map }: ClassActivationMap): Explanation => ({
  ...{ layer, native: map, map: overImage(model, map) },
});

const integrated = (baselineOf: (image: HostArray) => HostArray): Method['explain'] => {
  return async (model, image, { rough, ...options }) => {
    const baseline = baselineOf(image);
    const effort = rough ? { steps: 16, most: 16 } : {};
    const { attributions, sum, difference, error } = await integratedGradients(model, image, {
      ...{ ...options, ...effort, baseline },
    });
    return { map: channelSum(attributions), completeness: { sum, difference, error } };
  };
};

export const methods: readonly Method[] = [
  {
    name: 'gradient',
    title: 'Gradient',
    ...{ signed: true, needsMaps: false },
    shows:
      'How the score of the class would change if a pixel became a little brighter: up (positive) or down (negative).',
    limits:
      'It tells of tiny changes only and is noisy; a pixel that matters can have no gradient where the score is saturated.',
    source: 'Simonyan et al., 2014',
    explain: async (model, image, options) => ({ map: channelSum(await gradient(model, image, options)) }),
  },
  {
    name: 'saliency',
    title: 'Saliency',
    ...{ signed: false, needsMaps: false },
    shows: 'Which pixels the score reacts to most, in whichever direction: the size of the gradient.',
    limits:
      'As noisy as the gradient, and without its sign it does not say whether a pixel speaks for the class or against it.',
    source: 'Simonyan et al., 2014',
    explain: async (model, image, options) => ({ map: await saliency(model, image, options) }),
  },
  {
    name: 'guided-backprop',
    title: 'Guided backpropagation',
    ...{ signed: true, needsMaps: false },
    shows: 'Outlines in the picture that pass through the network, found by letting only positive gradients flow back.',
    limits: 'Mostly a picture of the picture: it is known to change little when upper layers forget what they learned.',
    source: 'Springenberg et al., 2015',
    explain: async (model, image, options) => ({ map: channelSum(await guidedBackprop(model, image, options)) }),
  },
  {
    name: 'smoothgrad',
    title: 'SmoothGrad',
    ...{ signed: true, needsMaps: false },
    shows:
      'The gradient, averaged over noisy copies of the picture, so that what holds around it stays and flicker goes.',
    limits:
      'How smooth it looks depends on the chosen noise, and noisy pictures are not what the network was trained on.',
    source: 'Smilkov et al., 2017',
    explain: async (model, image, { rough, ...options }) => ({
      map: channelSum(await smoothGrad(model, image, { ...options, ...(rough && { samples: 12 }) })),
    }),
  },
  {
    name: 'integrated-gradients',
    title: 'Integrated gradients, from black',
    ...{ signed: true, needsMaps: false },
    shows:
      'How the score is shared out among the pixels on the way from a black picture to this one; the shares add up.',
    limits: 'Black pixels get nothing whatever they mean, since they are the same in both pictures.',
    source: 'Sundararajan et al., 2017',
    explain: integrated(black),
  },
  {
    name: 'integrated-gradients-blurred',
    title: 'Integrated gradients, from a blurred picture',
    ...{ signed: true, needsMaps: false },
    shows: 'How the score is shared out among the details that a blurred picture lacks; the shares add up.',
    limits: 'What the blurred picture already shows, such as the overall form, gets nothing.',
    source: 'Sundararajan et al., 2017',
    explain: integrated(blurred),
  },
  {
    name: 'grad-cam',
    title: 'Grad-CAM',
    ...{ signed: false, needsMaps: true },
    shows: 'Where in the picture the features of a layer lie that raise the score of the class.',
    limits:
      'As coarse as the grid of its layer; the smooth form between grid points is interpolation and means nothing.',
    source: 'Selvaraju et al., 2017',
    explain: async (model, image, options) => fromCam(model, await gradCam(model, image, options)),
  },
  {
    name: 'grad-cam++',
    title: 'Grad-CAM++',
    ...{ signed: false, needsMaps: true },
    shows: 'The same, weighted so that several places that speak for the class count alike.',
    limits: 'As coarse as Grad-CAM, and it leaves out what lowers the score: it may mark nearly the whole object.',
    source: 'Chattopadhay et al., 2018',
    explain: async (model, image, options) => fromCam(model, await gradCamPlusPlus(model, image, options)),
  },
  {
    name: 'occlusion',
    title: 'Occlusion',
    ...{ signed: true, needsMaps: false },
    shows:
      'By how much the score falls (positive) or rises (negative) when a black square covers that part of the picture.',
    limits: 'It depends on size and colour of the square; a black square on black ground changes nothing.',
    source: 'Zeiler and Fergus, 2014',
    explain: async (model, image, { rough, ...options }) => {
      const window = Math.max(1, Math.round(model.inputShape[0]! / 7));
      const { map, drops } = await occlusion(model, image, { ...options, window, ...(rough && { stride: window }) });
      return { map, native: drops };
    },
  },
];

/** @throws ValueError naming those that exist. */
export function findMethod(name: string): Method {
  const found = methods.find(method => method.name === name);
  if (!found) {
    throw new ValueError(`method '${name}': there is none; there are ${methods.map(method => method.name).join(', ')}`);
  }
  return found;
}

/** Why a method cannot explain this model; undefined where it can. */
export function whyNot(method: Method, model: Model): string | undefined {
  return method.needsMaps && mapLayers(model).length === 0
    ? `${method.title} adds up the maps of a convolution, and '${model.name}' has none`
    : undefined;
}
