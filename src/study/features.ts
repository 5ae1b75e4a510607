/** What the layers of a network make of pictures, as rows of numbers that are few enough to learn from. */
import { Batches } from '../data/batches.ts';
import type { Examples } from '../data/examples.ts';
import { philox4x32, seedKey } from '../kernels/philox.ts';
import { type Shape, sizeOf } from '../kernels/spec.ts';
import type { Model } from '../nn/index.ts';
import { InterruptedError, ValueError } from '../platform/errors.ts';
import { compile } from '../tensor/compile.ts';
import type { Engine } from '../tensor/engine.ts';
import { avgPool2d, matmul, reshape } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { EVALUATION_BATCH } from '../train/evaluate.ts';
import { peek } from '../train/peek.ts';
import { type Matrix, toMatrix } from './matrix.ts';

/** The name under which the pictures themselves stand beside the layers. */
export const PIXELS = 'pixels';

/** Layers that only hand on, reshape or enlarge what comes in. */
const WITHOUT_FEATURES = new Set(['flatten', 'dropout', 'preprocess']);

/**
 * The layers, from pictures to logits, whose outputs are worth comparing: those of the chain that compute something. Of a
 * convolution with a batch norm behind it the batch norm stands for both.
 */
export function featureLayers(model: Model): string[] {
  const { chain } = model;
  return chain
    .filter(({ type }, i) => !WITHOUT_FEATURES.has(type) && chain[i + 1]?.type !== 'batchNorm2d')
    .map(({ name }) => name);
}

/** The last layer before the logits that computes something: what the classes are told apart by. */
export function penultimateLayer(model: Model): string {
  const name = featureLayers(model).at(-2);
  if (name === undefined) {
    throw new ValueError(`model '${model.name}': it has no layer before its logits; take a network with more layers`);
  }
  return name;
}

/** How a layer's output was made narrower. */
export type Reduction =
  | { readonly kind: 'none' }
  /** Means over windows of so many pixels a side. */
  | { readonly kind: 'mean'; readonly window: number }
  /** Random sums: +1 or -1 times each value (D. Achlioptas, 2003); distances stay about what they were. */
  | { readonly kind: 'projection' };

export interface LayerFeatures {
  /** Its name, or `PIXELS`. */
  readonly layer: string;
  /** Shape of its output for one picture. */
  readonly shape: Shape;
  readonly reduction: Reduction;
  /** [pictures, features]. */
  readonly values: Matrix;
}

export interface FeatureOptions {
  /** Which pictures. Default: all. */
  readonly images?: Uint32Array;
  /** Names of layers, and `PIXELS`. Default: the pixels and all of `featureLayers`. */
  readonly layers?: readonly string[];
  /** Features of a picture at most; what is wider is averaged or projected. Default 1,024. */
  readonly width?: number;
  /** Key of random projections. Default 1. */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told after every batch how many pictures are done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const DEFAULT_WIDTH = 1024;

/**
 * Runs a network on pictures and keeps what its layers give, as rows.
 * @param data pictures; not features of a frozen beginning.
 * @throws ValueError for a layer that does not exist; InterruptedError when `signal` fires.
 */
export async function layerFeatures(
  model: Model,
  data: Examples,
  options: FeatureOptions = {},
): Promise<LayerFeatures[]> {
  const { engine } = model;
  const { images = Uint32Array.from({ length: data.count }, (_, i) => i) } = options;
  const { layers = [PIXELS, ...featureLayers(model)], width = DEFAULT_WIDTH, seed = 1 } = options;
  const batches = new Batches(images, { batch: Math.min(EVALUATION_BATCH, images.length) });
  const shapes = layers.map(layer => outputShape(model, layer));
  const reductions = shapes.map(shape => chooseReduction(shape, width));
  const projections = reductions.map(({ kind }, i) =>
    kind === 'projection' ? projectionMatrix(engine, sizeOf(shapes[i]!), width, seed) : undefined,
  );
  try {
    using feed = data.feed(batches.batch);
    const fn = () =>
      engine.noGrad(() => {
        const x = feed.batch().images;
        const outputs = captureAll(model, x, layers);
        return outputs.map((output, i) => reduce(output, reductions[i]!, projections[i]));
      });
    using step = await compile(engine, fn, { label: 'features', constants: model.parameters.flats });
    const widths = step.result.map(({ shape }) => shape[1]!);
    const all = widths.map(columns => new Float32Array(images.length * columns));
    for (let number = 0; number < batches.stepsPerEpoch; number++) {
      if (options.signal?.aborted) throw new InterruptedError('features: interrupted');
      const { indices, rows } = batches.at(0, number);
      feed.select(indices);
      await step.run({ rows });
      const start = number * batches.batch;
      const read = await Promise.all(step.result.map(peek));
      read.forEach((values, i) => {
        all[i]!.set((values as Float32Array).subarray(0, rows * widths[i]!), start * widths[i]!);
      });
      options.onProgress?.(start + rows, images.length);
    }
    return layers.map((layer, i) => {
      const values = toMatrix(all[i]!, widths[i]!);
      return { layer, shape: shapes[i]!, reduction: reductions[i]!, values };
    });
  } finally {
    for (const projection of projections) projection?.dispose();
    engine.setStep({ rows: 0 });
  }
}

/** Outputs of layers on [N, ...inputShape], in their order. Inside a step. */
export function captureAll(model: Model, x: Tensor, layers: readonly string[]): Tensor[] {
  const { captured } = model.forward(x, { capture: layers.filter(layer => layer !== PIXELS) });
  return layers.map(layer => (layer === PIXELS ? x : captured[layer]!));
}

function outputShape(model: Model, layer: string): Shape {
  return layer === PIXELS ? model.inputShape : model.findLayer(layer).output;
}

function chooseReduction(shape: Shape, width: number): Reduction {
  if (sizeOf(shape) <= width) return { kind: 'none' };
  const [h = 1, w = 1, c = 1] = shape;
  if (shape.length === 3) {
    for (let window = 2; window <= Math.max(h, w); window++) {
      if (Math.ceil(h / window) * Math.ceil(w / window) * c <= width) return { kind: 'mean', window };
    }
  }
  return { kind: 'projection' };
}

function reduce(output: Tensor, reduction: Reduction, projection: Tensor | undefined): Tensor {
  const [rows] = output.shape as [number];
  if (reduction.kind === 'mean') {
    return reshape(avgPool2d(output, { window: reduction.window, padding: 'same' }), [rows, -1]);
  }
  const flat = reshape(output, [rows, -1]);
  return projection ? matmul(flat, projection) : flat;
}

/** Sets these random numbers apart from those of other purposes under the same seed. */
const PURPOSE = 0x70726f6a;

/** [from, to], +1 or -1 by chance, divided by sqrt(to) so that lengths are kept. */
function projectionMatrix(engine: Engine, from: number, to: number, seed: number): Tensor {
  const values = new Float32Array(from * to);
  const words = new Uint32Array(4);
  const key = seedKey(seed);
  for (let i = 0; i < values.length; i++) {
    if (i % 128 === 0) philox4x32(i / 128, 0, 0, PURPOSE, ...key, words);
    const bit = (words[(i >>> 5) & 3]! >>> (i & 31)) & 1;
    values[i] = (bit ? 1 : -1) / Math.sqrt(to);
  }
  return engine.keep(engine.tensor(values, [from, to], 'f32', 'projection'));
}

/** 'means of 4x4 pixels'; nothing for features as they are. */
export function describeReduction(reduction: Reduction): string {
  if (reduction.kind === 'mean') return `means of ${reduction.window}x${reduction.window} pixels`;
  return reduction.kind === 'projection' ? 'random projection' : '';
}
