/**
 * The very multiplications and additions behind one number of a network, forwards and backwards, in plain TypeScript on
 * plain arrays:
 *
 *     const layer = layerArithmetic(model, 'conv2', values);
 *     const { terms, bias, sum, result } = explainOutput(layer, [pool1], [3, 5, 17]);    // of the map of filter 17
 *     explainGradient(layer, [pool1], gradientOfConv2, [6, 10, 2])                       // of one pixel of pool1
 *
 * All of one example, without the batch axis. What a device computes in float32, in an order of its own, comes out in float64
 * here: the same up to rounding.
 */
import { dropoutFactors } from '../../kernels/dropout.ts';
import { DEFAULT_STEP, type Shape, sizeOf } from '../../kernels/spec.ts';
import { type UnaryName, unaryFunction } from '../../kernels/unary.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { HostArray } from '../arrays.ts';
import { coordinatesOf, type Inputs, placeOf, type WeightedSums, type Window } from './sums.ts';

/** Functions of one number that stand behind the sums. */
export type ElementwiseName = 'linear' | 'relu' | 'leakyRelu' | 'gelu' | 'sigmoid' | 'tanh' | 'silu';

/** A layer as sums and what stands behind them. */
export interface LayerArithmetic {
  readonly sums: WeightedSums;
  readonly activation: ElementwiseName;
  /** Behind the activation, in training. */
  readonly dropout?: DropoutDraw;
}

/** What a dropout draws by. */
export interface DropoutDraw {
  readonly rate: number;
  /** Its number among the dropouts of the model, from 1. */
  readonly id: number;
  readonly seed: number;
  readonly step: number;
  /** Place of the example in its batch. */
  readonly row: number;
}

/** One multiplication. */
export interface Term {
  /** Which input of the layer, 0 but for additions, and where in it. */
  readonly input: number;
  readonly at: readonly number[];
  readonly value: number;
  /** Of a kernel; 1 for the largest of a max pooling, 0 for the others of its window. */
  readonly weight: number;
  readonly product: number;
}

/** How one output came about: result = factor * activation(products + bias). */
export interface OutputArithmetic {
  readonly terms: readonly Term[];
  readonly bias: number;
  /** Of the products and the bias. */
  readonly sum: number;
  readonly activation: ElementwiseName;
  /** Of the sum. */
  readonly activated: number;
  /** What dropout multiplies by: 0 where it drops, else 1 / (1 - rate); 1 without. */
  readonly factor: number;
  readonly result: number;
  /** Which part of the picture, if it is a part; it may reach beyond the edge. */
  readonly window?: Window;
}

/** What one output passes back. */
export interface GradientTerm {
  /** Of the output. */
  readonly at: readonly number[];
  /** Of the loss with respect to the output. */
  readonly gradient: number;
  /** Of dropout, as in the forward pass. */
  readonly factor: number;
  /** Slope of the activation at the output's sum: for ReLU 1 or 0. */
  readonly slope: number;
  /** By which the value was multiplied for the output. */
  readonly weight: number;
  /** gradient * factor * slope * weight. */
  readonly product: number;
}

/** What the gradient of an input depends on. */
export interface Backwards {
  readonly inputs: readonly HostArray[];
  /** Of the loss with respect to the layer's output, behind activation and dropout. */
  readonly gradient: HostArray;
  /** The layer's output. Where it tells the slope of the activation (ReLU, sigmoid, tanh) no sum need be made anew. */
  readonly output?: HostArray;
}

/** How the gradient of one input came about. */
export interface GradientArithmetic {
  readonly terms: readonly GradientTerm[];
  readonly sum: number;
}

/** As the op of the name has it when nothing else is said. */
const LEAK = 0.01;

/** Value of an activation. */
export function activate(name: ElementwiseName, x: number): number {
  return name === 'linear' ? x : unaryFunction(name satisfies UnaryName).value(x, LEAK, 0);
}

/**
 * One output of a layer, written out.
 * @param at coordinates of the output: [row, column, channel] or [feature].
 * @throws ShapeError for inputs of other shapes, or coordinates outside of the output.
 */
export function explainOutput(
  { sums, activation, dropout }: LayerArithmetic,
  inputs: readonly HostArray[],
  at: readonly number[],
): OutputArithmetic {
  const x = checkedInputs(sums, inputs);
  const place = placeOf(sums.output, at);
  const terms = sums.sources(place).map((from): Term => {
    const value = x[from.input]![from.at]!;
    const weight = sums.weight(place, from, x);
    const coordinates = coordinatesOf(sums.inputs[from.input]!, from.at);
    return { input: from.input, at: coordinates, value, weight, product: value * weight };
  });
  const bias = sums.bias(place);
  const sum = terms.reduce((total, { product }) => total + product, bias);
  const activated = activate(activation, sum);
  const factor = factorOf(dropout, sums.output, place);
  const window = sums.window?.(place);
  const result = factor === 0 ? 0 : activated * factor;
  return { terms, bias, sum, activation, activated, factor, result, ...(window && { window }) };
}

/**
 * The gradient of one value that goes into a layer, written out.
 * @param at coordinates of the value; @param input of which input.
 * @throws ShapeError as {@link explainOutput}.
 */
export function explainGradient(
  { sums, activation, dropout }: LayerArithmetic,
  { inputs, gradient, output }: Backwards,
  at: readonly number[],
  input = 0,
): GradientArithmetic {
  const x = checkedInputs(sums, inputs);
  for (const { shape } of output ? [gradient, output] : [gradient]) {
    if (shape.join() === sums.output.join()) continue;
    throw new ShapeError(
      `arithmetic: output or gradient [${shape.join(', ')}], the layer gives [${sums.output.join(', ')}]`,
    );
  }
  const from = { input, at: placeOf(sums.inputs[input]!, at) };
  const terms = sums.uses(from).map((place): GradientTerm => {
    const dy = gradient.values[place]!;
    const factor = factorOf(dropout, sums.output, place);
    const slope = slopeOf(activation, output && output.values[place]! / factor, () => sumAt(sums, x, place));
    const weight = sums.weight(place, from, x);
    const product = dy * factor * slope * weight;
    return { at: coordinatesOf(sums.output, place), gradient: dy, factor, slope, weight, product };
  });
  return { terms, sum: terms.reduce((total, { product }) => total + product, 0) };
}

/** @param y what the activation gave, if it is known; @param sum what it was given. */
function slopeOf(name: ElementwiseName, y: number | undefined, sum: () => number): number {
  if (name === 'linear') return 1;
  const { value, gradient, saved } = unaryFunction(name satisfies UnaryName);
  if (saved === 'x') return gradient(sum(), 1, LEAK, 0);
  // What was dropped is not known, and makes no difference.
  return gradient(y !== undefined && Number.isFinite(y) ? y : value(sum(), LEAK, 0), 1, LEAK, 0);
}

function sumAt(sums: WeightedSums, x: Inputs, place: number): number {
  const add = (total: number, from: { input: number; at: number }) =>
    total + x[from.input]![from.at]! * sums.weight(place, from, x);
  return sums.sources(place).reduce(add, sums.bias(place));
}

function factorOf(dropout: DropoutDraw | undefined, output: Shape, place: number): number {
  if (!dropout) return 1;
  const { rate, id, seed, step, row } = dropout;
  const base = row * sizeOf(output) + place;
  return dropoutFactors({ base, id, rate }, 1, { ...DEFAULT_STEP, seed, step })[0]!;
}

function checkedInputs({ inputs: shapes }: WeightedSums, inputs: readonly HostArray[]): Inputs {
  const text = (list: readonly Shape[]) => list.map(shape => `[${shape.join(', ')}]`).join(' and ');
  const given = inputs.map(({ shape }) => shape);
  if (text(given) !== text(shapes))
    throw new ShapeError(`arithmetic: inputs ${text(given)}, the layer takes ${text(shapes)}`);
  return inputs.map(({ values }) => values);
}
