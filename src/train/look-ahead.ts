import type { Examples } from '../data/examples.ts';
import type { Shape } from '../kernels/spec.ts';
import type { DropoutRates, Model } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';
import { gradients } from '../tensor/autograd.ts';
import { augment, softmaxCrossEntropy } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TrainingOptions } from './config.ts';

/** Values on the host, row-major. */
export interface LookArray {
  readonly shape: Shape;
  readonly values: Float32Array;
}

export interface LookAheadOptions {
  /** Layers whose outputs and gradients are wanted, by name. Default: none. */
  readonly layers?: readonly string[];
}

/** A step's forward and backward pass. The first `rows` of each batch count; what is behind them is padding. */
export interface LookAhead {
  readonly rows: number;
  /** [B, ...], as the network gets them: augmented. */
  readonly images: LookArray;
  /** [B]. */
  readonly labels: Uint32Array;
  /** [B, classes]. */
  readonly logits: LookArray;
  /** Mean over the rows. */
  readonly loss: number;
  /** [B, ...] of each layer asked for. */
  readonly activations: Readonly<Record<string, LookArray>>;
  /** Gradients of the loss with respect to those; zeros where it does not depend on one. */
  readonly activationGradients: Readonly<Record<string, LookArray>>;
  /** Gradients of the loss with respect to every trained parameter, by name. */
  readonly parameterGradients: Readonly<Record<string, LookArray>>;
}

/** What the step is told. */
export interface NextStep {
  readonly indices: Uint32Array;
  readonly rows: number;
  readonly step: number;
  readonly learningRate: number;
  readonly dropout: DropoutRates;
}

/**
 * What a training step computes before its update, op by op, hence with the step's own bits; except that outputs of layers
 * that its kernels compute together with what follows are computed one by one when they are asked for. The model stays
 * as it was, running statistics too.
 * @throws ValueError for a layer that does not exist, or with micro-batches.
 */
export async function lookAhead(
  model: Model,
  data: Examples,
  training: TrainingOptions,
  next: NextStep,
  { layers = [] }: LookAheadOptions,
): Promise<LookAhead> {
  const { engine, parameters } = model;
  if ((training.microBatches ?? 1) > 1) {
    throw new ValueError('lookAhead: the step is computed in micro-batches; train without them to look into it');
  }
  const { rows, step, learningRate } = next;
  const { seed } = training;
  using feed = data.feed(next.indices.length);
  const statistics = await parameters.state?.data();
  engine.setStep({ seed, step, rows, learningRate });
  feed.select(next.indices, { seed, step });
  const { result, made } = engine.collect(() => pass(model, data, training, next, feed, layers));
  try {
    const { images, labels, logits, loss, activations, activationGradients, parameterGradients } = result;
    return {
      rows,
      images: await read(images),
      labels: (await labels.data()) as Uint32Array,
      logits: await read(logits),
      loss: await loss.item(),
      activations: await readAll(activations),
      activationGradients: await readAll(activationGradients),
      parameterGradients: await readAll(parameterGradients),
    };
  } finally {
    for (const tensor of made) tensor.dispose();
    if (statistics) parameters.state!.write(statistics);
    engine.setStep({ rows: 0 });
  }
}

function pass(
  model: Model,
  { passed }: Examples,
  { augmentation, labelSmoothing = 0 }: TrainingOptions,
  { dropout }: NextStep,
  feed: ReturnType<Examples['feed']>,
  layers: readonly string[],
) {
  const { engine, parameters } = model;
  const { images: plain, labels } = feed.batch();
  const images = augmentation && passed === 0 ? augment(plain, feed.indices, augmentation) : plain;
  const { output: logits, captured } = model.forwardPart(images, {
    training: true,
    dropout,
    from: passed,
    capture: layers,
  });
  const { loss } = softmaxCrossEntropy(logits, labels, { labelSmoothing });
  const names = parameters.segments.filter(({ trainable }) => trainable).map(({ name }) => name);
  const watched = [...layers.map(layer => captured[layer]!), ...names.map(name => parameters.get(name))];
  const found = gradients(loss, watched).map((gradient, i) => gradient ?? engine.zeros(watched[i]!.shape));
  const named = (keys: readonly string[], tensors: readonly Tensor[]) =>
    Object.fromEntries(keys.map((key, i) => [key, tensors[i]!]));
  return {
    ...{ images, labels, logits, loss, activations: captured },
    activationGradients: named(layers, found),
    parameterGradients: named(names, found.slice(layers.length)),
  };
}

async function read(tensor: Tensor): Promise<LookArray> {
  return { shape: tensor.shape, values: (await tensor.data()) as Float32Array };
}

async function readAll(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, LookArray>> {
  const entries = Object.entries(tensors).map(async ([name, tensor]) => [name, await read(tensor)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
