import { ValueError } from '../../platform/errors.ts';
import type { Layer, LayerConfig } from '../layer.ts';
import { Activation } from './activation.ts';
import { BatchNorm2d } from './batch-norm2d.ts';
import { Conv2d } from './conv2d.ts';
import { Dense } from './dense.ts';
import { Dropout } from './dropout.ts';
import { Flatten } from './flatten.ts';
import { AvgPool2d, GlobalAvgPool, MaxPool2d } from './pool2d.ts';
import { Preprocess } from './preprocess.ts';
import { Residual } from './residual.ts';
import { Sequential } from './sequential.ts';

type LayerClass = new (options: never) => Layer;

/** Every kind of layer by the name that its configurations carry. */
const classes: Readonly<Record<string, LayerClass>> = {
  activation: Activation,
  avgPool2d: AvgPool2d,
  batchNorm2d: BatchNorm2d,
  conv2d: Conv2d,
  dense: Dense,
  dropout: Dropout,
  flatten: Flatten,
  globalAvgPool: GlobalAvgPool,
  maxPool2d: MaxPool2d,
  preprocess: Preprocess,
  residual: Residual,
  sequential: Sequential,
};

/**
 * A layer from what its `toJSON` gave. Options are checked when it is built.
 * @param extra kinds of layers of your own, by type.
 * @throws ValueError for a type that does not exist.
 */
export function layerFromJSON(config: unknown, extra: Readonly<Record<string, LayerClass>> = {}): Layer {
  const { type, ...options } = isConfig(config) ? config : refuse(`a layer is an object with a 'type', got ${config}`);
  const known = { ...classes, ...extra };
  if (!Object.hasOwn(known, type)) refuse(`there is no layer '${type}'; there are ${Object.keys(known).join(', ')}`);
  // Layers inside layers stand in these options of the containers.
  const revived = Object.entries(options).map(([option, value]): [string, unknown] => {
    if (isConfig(value)) return [option, layerFromJSON(value, extra)];
    if (Array.isArray(value) && value.some(isConfig)) return [option, value.map(item => layerFromJSON(item, extra))];
    return [option, value];
  });
  return new known[type]!(Object.fromEntries(revived) as never);
}

function isConfig(value: unknown): value is LayerConfig {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

function refuse(what: string): never {
  throw new ValueError(`architecture: ${what}`);
}
