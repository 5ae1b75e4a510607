/**
 * Activations and gradients of any layers of a model, in one forward and one backward pass with the model as it is:
 *
 *     const { activations, gradients } = await trace(model, image, { layers: ['conv3'], objective: logit(6) });
 *     activations.conv3                                       // [1, 7, 7, 128]
 *     gradients.conv3                                         // d logit 6 / d conv3, of the same shape
 *
 * `traceTensors` is the same for programs that go on with tensors: activation maximisation, a page that draws from buffers.
 */
import { type BuiltLayer, type Model, walk } from '../nn/index.ts';
import { gradients } from '../tensor/autograd.ts';
import { relu } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { batchFor, type HostArray } from './arrays.ts';
import type { Objective } from './objectives.ts';

export interface TraceOptions {
  /**
   * Layers whose outputs are wanted, by name (`model.layerNames`). An output is what the layer gives to the next: behind
   * its activation.
   */
  readonly layers?: readonly string[];
  /** The scalar whose gradients are wanted; without one there are none. */
  readonly objective?: Objective;
  /** Whether the gradient goes down to the input; else it ends at the first of `layers`. Default true. */
  readonly inputGradient?: boolean;
  /** What a ReLU lets pass on the way back, see {@link ReluRule}. Default 'gradient'. */
  readonly reluRule?: ReluRule;
}

/**
 * 'gradient': what the ReLU's input was positive for. 'guided': of that, only what is positive itself. What comes out is
 * no gradient of anything, but the "guided backpropagation" of J. T. Springenberg et al., "Striving for Simplicity" (2015).
 */
export type ReluRule = 'gradient' | 'guided';

/** `A` is {@link HostArray} or `Tensor`. */
export interface Trace<A> {
  /** Of the model: [N, ...outputShape]. */
  readonly output: A;
  /** Value of the objective, a scalar. */
  readonly objective?: A;
  /** Gradient of the objective with respect to the images, of their shape. */
  readonly inputGradient?: A;
  /** Outputs of the layers, [N, ...], by name. */
  readonly activations: Readonly<Record<string, A>>;
  /** Gradients of the objective with respect to them; zeros where it does not depend on one. */
  readonly gradients: Readonly<Record<string, A>>;
}

/**
 * @param images [N, ...inputShape] or [...inputShape], which is a batch of one.
 * @throws ShapeError for images of another shape; ValueError for a layer that does not exist.
 */
export async function trace(model: Model, images: HostArray, options: TraceOptions = {}): Promise<Trace<HostArray>> {
  const { engine } = model;
  const { shape, values } = batchFor(model, images);
  // Not a scope, which would have to stay open while the results are read: other work may go on meanwhile.
  const { result, made } = engine.collect(() => traceTensors(model, engine.tensor(values, shape), options));
  try {
    const { output, objective, inputGradient } = result;
    const [activations, gradients] = await Promise.all([readAll(result.activations), readAll(result.gradients)]);
    return {
      output: await read(output),
      ...(objective && { objective: await read(objective) }),
      ...(inputGradient && { inputGradient: await read(inputGradient) }),
      ...{ activations, gradients },
    };
  } finally {
    for (const tensor of made) tensor.dispose();
  }
}

/**
 * The same with tensors, which belong to the scope or compiled step around it.
 * @param x [N, ...inputShape]; it is marked as watched.
 * @throws ShapeError, ValueError as {@link trace}.
 */
export function traceTensors(model: Model, x: Tensor, options: TraceOptions = {}): Trace<Tensor> {
  const { layers = [], objective, inputGradient = true, reluRule = 'gradient' } = options;
  const guided = objective && reluRule === 'guided' ? walk(model.root).filter(endsInRelu) : [];
  const named = guided.filter(({ name }) => name !== '').map(({ name }) => name);
  const { output, captured } = model.forward(x.watch(), { capture: [...layers, ...named] });
  const activations = Object.fromEntries(layers.map(name => [name, captured[name]!]));
  if (!objective) return { output, activations, gradients: {} };

  // A hook on what comes out of each ReLU does what a second backward in every op that fuses one would do.
  const outputs = guided.map(({ name }) => (name === '' ? output : captured[name]!));
  const hooks = new Map(outputs.map(tensor => [tensor, relu] as const));
  const value = objective(output, activations);
  const xs = [...Object.values(activations), ...(inputGradient ? [x] : [])];
  const found = gradients(value, xs, { hooks }).map((gradient, i) => gradient ?? x.engine.zeros(xs[i]!.shape));
  return {
    ...{ output, objective: value, activations },
    ...(inputGradient && { inputGradient: found[found.length - 1]! }),
    gradients: Object.fromEntries(Object.keys(activations).map((name, i) => [name, found[i]!])),
  };
}

const endsInRelu = ({ activation }: BuiltLayer): boolean => activation === 'relu';

async function read(tensor: Tensor): Promise<HostArray> {
  return { shape: tensor.shape, values: await tensor.data() };
}

async function readAll(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, HostArray>> {
  const entries = Object.entries(tensors);
  return Object.fromEntries(await Promise.all(entries.map(async ([name, tensor]) => [name, await read(tensor)])));
}
