/** What every contender computes with: the same numbers, made here once for each case. */
import { sizeOf } from '../src/kernels/spec.ts';
import { findModel, models } from '../src/models/index.ts';
import { layerFromJSON, Model } from '../src/nn/index.ts';
import type { LayerConfig } from '../src/nn/layer.ts';
import { Engine } from '../src/tensor/engine.ts';
import { convGeometry, poolGeometry } from './kernels.ts';
import type { Input, NetworkConfig } from './peers/peer.ts';
import { Unsupported } from './peers/peer.ts';
import type { ModelShape, PoolShape, Work } from './suites.ts';

export interface Inputs {
  readonly tensors: Readonly<Record<string, Input>>;
  readonly network?: NetworkConfig;
}

const CLASSES = 10;
/** Names of weights among the inputs: this and the parameter's name. */
export const WEIGHTS = 'weights/';

/** A number of 24 random bits for each index: a mixing function, so that any part can be made alone. */
function hash(index: number, seed: number): number {
  let h = (index + Math.imul(seed, 0x9e3779b9)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 8;
}

/** A loop, since `Float32Array.from` takes ten times as long, and there are millions of values. */
function make(shape: readonly number[], value: (index: number) => number): Input {
  const data = new Float32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return { shape, data };
}

/** Uniform in [-1, 1), exact in float32. */
export const noise = (shape: readonly number[], seed: number): Input => make(shape, i => hash(i, seed) / 2 ** 23 - 1);

/** Whole numbers below `limit`. */
export const draws = (shape: readonly number[], limit: number, seed: number): Input =>
  make(shape, i => hash(i, seed) % limit);

/** Frameworks differ in where Adam's epsilon stands, which only gradients near 0 show. */
const awayFromZero = ({ shape, data }: Input): Input => ({ shape, data: data.map(v => (v < 0 ? v - 0.5 : v + 0.5)) });

/** Pictures without two equal values in a window: frameworks differ in where the gradient of a tie goes. */
function untied(p: PoolShape, seed: number): Input {
  const shape = [p.n, p.h, p.w, p.c];
  const ways = p.window ** 2;
  return make(shape, i => {
    const [row, column] = [Math.floor(i / (p.c * p.w)) % p.h, Math.floor(i / p.c) % p.w];
    const place = (row % p.window) * p.window + (column % p.window);
    return (Math.floor(hash(i, seed) / ways) * ways + place) / 2 ** 23 - 1;
  });
}

/** @throws Unsupported for a model that this weft does not have. */
export function makeInputs(work: Work): Inputs {
  switch (work.op) {
    case 'matmul': {
      const { m, n, k } = work.shape;
      return { tensors: { a: noise([m, k], 1), b: noise([k, n], 2) } };
    }
    case 'conv2d':
    case 'conv2d_input_grad':
    case 'conv2d_kernel_grad': {
      const { n, h, w, cin, cout, kernel } = work.shape;
      const { oh, ow } = convGeometry(work.shape);
      const all = {
        x: () => noise([n, h, w, cin], 1),
        kernel: () => noise([kernel, kernel, cin, cout], 2),
        dy: () => noise([n, oh, ow, cout], 3),
      };
      if (work.op === 'conv2d') return { tensors: { x: all.x(), kernel: all.kernel() } };
      if (work.op === 'conv2d_input_grad') return { tensors: { dy: all.dy(), kernel: all.kernel() } };
      return { tensors: { x: all.x(), dy: all.dy() } };
    }
    case 'max_pool2d':
      return { tensors: { x: untied(work.shape, 1) } };
    case 'max_pool2d_grad': {
      const { n, oh, ow, c } = poolGeometry(work.shape);
      return { tensors: { x: untied(work.shape, 1), dy: noise([n, oh, ow, c], 3) } };
    }
    case 'softmax_cross_entropy': {
      const { rows, classes } = work.shape;
      return { tensors: { logits: noise([rows, classes], 1), labels: draws([rows], classes, 2) } };
    }
    case 'adam':
      return {
        tensors: { parameters: noise([work.shape.size], 1), gradients: awayFromZero(noise([work.shape.size], 2)) },
      };
    default:
      return networkInputs(work.shape);
  }
}

/** The models that `weft` can build here, by name. */
export const hasModel = (name: string): boolean => Object.hasOwn(models, name);

function networkInputs({ model: name, batch, size, channels }: ModelShape): Inputs {
  if (!hasModel(name)) throw new Unsupported(`this weft has no model '${name}'`);
  const { build, defaults } = findModel(name);
  const layers = JSON.parse(JSON.stringify(build(CLASSES))) as LayerConfig;
  const { optimizer, learningRate, momentum = 0 } = defaults;
  const pixels = draws([batch, size, size, channels], 256, 1);
  using engine = Engine.reference();
  using model = new Model(engine, layerFromJSON(layers), { inputShape: [size, size, channels], seed: 1 });
  const start = firstWeights(model);
  return {
    tensors: {
      // Bytes over 255, as weft's data sets give them.
      images: { shape: pixels.shape, data: pixels.data.map(byte => byte / 255) },
      labels: draws([batch], CLASSES, 2),
      ...start,
    },
    network: { layers, optimizer: { name: optimizer === 'sgd' ? 'sgd' : 'adam', learningRate, momentum } },
  };
}

/** Glorot's limits for kernels, ones for scales, zeros for the rest. */
function firstWeights(model: Model): Record<string, Input> {
  const { segments } = model.parameters;
  return Object.fromEntries(
    segments.map(({ name, shape }, i) => {
      const size = sizeOf(shape);
      if (!name.endsWith('kernel')) {
        return [WEIGHTS + name, { shape, data: new Float32Array(size).fill(name.endsWith('gamma') ? 1 : 0) }];
      }
      const receptive = sizeOf(shape.slice(0, -2));
      const [fanIn, fanOut] = [receptive * shape[shape.length - 2]!, receptive * shape[shape.length - 1]!];
      const limit = Math.sqrt(6 / (fanIn + fanOut));
      return [WEIGHTS + name, { shape, data: noise(shape, 100 + i).data.map(value => value * limit) }];
    }),
  );
}

/** The architecture without its dropout, which every framework draws in its own way. */
export function withoutDropout(network: NetworkConfig): NetworkConfig {
  const layers = JSON.parse(JSON.stringify(network.layers), (key, value) =>
    key === 'rate' || key === 'dropout' ? 0 : value,
  );
  return { ...network, layers };
}

/** The architecture with dropout only as layers of its own, for frameworks whose layers do not drop out what they make. */
export function withDropoutApart(network: NetworkConfig): NetworkConfig {
  type Layer = Readonly<Record<string, unknown>>;
  const apart = (layers: readonly Layer[]): Layer[] =>
    layers.flatMap(({ dropout, ...layer }) =>
      dropout ? [layer, { type: 'dropout', name: `${layer.name}_dropout`, rate: dropout }] : [layer],
    );
  const layers = JSON.parse(JSON.stringify(network.layers), (key, value) => (key === 'layers' ? apart(value) : value));
  return { ...network, layers };
}
