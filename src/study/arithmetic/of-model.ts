import type { Shape, Values } from '../../kernels/spec.ts';
import {
  Activation,
  AvgPool2d,
  BatchNorm2d,
  type BuiltLayer,
  Conv2d,
  Dense,
  Dropout,
  type DropoutRates,
  Flatten,
  GlobalAvgPool,
  type Layer,
  MaxPool2d,
  type Model,
  Residual,
  Sequential,
} from '../../nn/index.ts';
import { ValueError } from '../../platform/errors.ts';
import type { HostArray } from '../arrays.ts';
import type { ElementwiseName, LayerArithmetic } from './arithmetic.ts';
import { addition, convolution, maximum, mean, meanOfChannels, product, scaling, type WeightedSums } from './sums.ts';

/** A model's parameters and state by name, as `parameters.read` and a recording give them. */
export type ParameterValues = ReadonlyMap<string, { readonly shape: Shape; readonly data: Values }>;

export interface LayerArithmeticOptions {
  /** For what training computes: dropout drops. Default: as in use. */
  readonly training?: {
    readonly seed: number;
    /** From 1. */
    readonly step: number;
    /** Place of the example in its batch. */
    readonly row: number;
    /** In place of the rates the model was built with. */
    readonly dropout?: DropoutRates;
    /**
     * Mean and variance of each channel of the batch, for batch norms; without, the running ones. What they pass back then
     * says `explainBatchNormGradient`.
     */
    readonly statistics?: { readonly mean: ArrayLike<number>; readonly variance: ArrayLike<number> };
  };
}

/** A layer of a model, with what it is made from and where its inputs come from. */
export interface PlacedLayer {
  readonly layer: Layer;
  readonly built: BuiltLayer;
  /** Layers whose outputs it takes, by name; '' is the model's input. */
  readonly sources: readonly string[];
}

/** Every layer of a model by its name. */
export function placedLayers(model: Model): ReadonlyMap<string, PlacedLayer> {
  const found = new Map<string, PlacedLayer>();
  place(model.layer, model.root, '', found);
  return found;
}

/** Returns the name of the layer whose output is that of this one. */
function place(layer: Layer, built: BuiltLayer, source: string, found: Map<string, PlacedLayer>): void {
  const { name, children } = built;
  let sources = [source];
  if (layer instanceof Sequential) {
    let before = source;
    for (const [i, child] of layer.options.layers.entries()) {
      place(child, children[i]!, before, found);
      before = children[i]!.name;
    }
  } else if (layer instanceof Residual) {
    const { body, shortcut } = layer.options;
    const [first, second] = children;
    place(body, first!, source, found);
    if (shortcut) place(shortcut, second!, source, found);
    sources = [first!.name, second?.name ?? source];
  }
  found.set(name, { layer, built, sources });
}

/**
 * A layer of a model as sums of products.
 * @param values of the model's parameters: `await model.parameters.read()`.
 * @throws ValueError for a layer that does not exist, that is made of others, or that no sums describe.
 */
export function layerArithmetic(
  model: Model,
  name: string,
  values: ParameterValues,
  { training }: LayerArithmeticOptions = {},
): LayerArithmetic {
  const placed = placedLayers(model).get(name);
  if (!placed || name === '') {
    throw new ValueError(`arithmetic: there is no layer '${name}'; there are ${model.layerNames.join(', ')}`);
  }
  const { layer, built } = placed;
  const activation = activationOf(layer, name);
  const id = Object.keys(model.dropouts).indexOf(name) + 1;
  const rate = training?.dropout?.[name] ?? model.dropouts[name] ?? 0;
  const { seed = 0, step = 1, row = 0 } = training ?? {};
  return {
    sums: sumsOf(layer, built, part => read(values, `${name}.${part}`), training?.statistics),
    activation,
    ...(training && rate > 0 && { dropout: { rate, id, seed, step, row } }),
  };
}

type Read = (part: string) => HostArray | undefined;

function read(values: ParameterValues, name: string): HostArray | undefined {
  const found = values.get(name);
  return found && { shape: found.shape, values: found.data };
}

type Statistics = NonNullable<LayerArithmeticOptions['training']>['statistics'];

function sumsOf(layer: Layer, { name, input, output }: BuiltLayer, part: Read, statistics: Statistics): WeightedSums {
  if (layer instanceof Conv2d) {
    const { kernelSize, stride = 1, dilation = 1, padding = 'valid' } = layer.options;
    const windows = { window: pair(kernelSize), stride: pair(stride), dilation: pair(dilation), padding };
    return convolution(input, part('kernel')!, part('bias')?.values, windows);
  }
  if (layer instanceof Dense) return product(part('kernel')!, part('bias')?.values);
  if (layer instanceof MaxPool2d || layer instanceof AvgPool2d) {
    const { window, stride = window, padding = 'valid' } = layer.options;
    const windows = { window: pair(window), stride: pair(stride), padding };
    return layer instanceof MaxPool2d ? maximum(input, windows) : mean(input, windows);
  }
  if (layer instanceof GlobalAvgPool) return meanOfChannels(input);
  if (layer instanceof BatchNorm2d) return scaling(input, normalisation(layer, part, statistics));
  if (layer instanceof Residual) return addition(output);
  if (layer instanceof Activation || layer instanceof Dropout) return scaling(input);
  if (layer instanceof Flatten) return scaling(input, {}, output);
  throw new ValueError(
    `arithmetic: ${layer.type} '${name}' is no sum of products; choose a layer inside it or beside it`,
  );
}

/** A batch norm as one factor and one summand for each channel. */
function normalisation(layer: BatchNorm2d, part: Read, statistics: Statistics) {
  const { epsilon = 1e-3 } = layer.options;
  const [gamma, beta] = [part('gamma')!.values, part('beta')!.values];
  const means = statistics?.mean ?? part('running_mean')!.values;
  const variances = statistics?.variance ?? part('running_variance')!.values;
  const scale = Array.from(gamma, (factor, c) => factor / Math.sqrt(variances[c]! + epsilon));
  return { scale, shift: Array.from(beta, (shift, c) => shift - means[c]! * scale[c]!) };
}

/** @throws ValueError for a softmax, which is no function of one number: see `explainSoftmax`. */
function activationOf(layer: Layer, name: string): ElementwiseName {
  const { activation = 'linear' } = layer.options as { readonly activation?: ElementwiseName | 'softmax' };
  if (activation !== 'softmax') return activation;
  throw new ValueError(`arithmetic: ${layer.type} '${name}' ends in a softmax of all its values; see explainSoftmax`);
}

const pair = (value: number | readonly [number, number]) =>
  typeof value === 'number' ? ([value, value] as const) : value;
