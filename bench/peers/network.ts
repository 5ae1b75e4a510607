/** Runs an architecture, as weft's layers describe themselves, with the ops of another framework. */
import { Unsupported } from './peer.ts';

export type Activation = 'relu' | undefined;

export interface ConvOptions {
  readonly stride: number;
  readonly padding: 'same' | 'valid';
  readonly activation: Activation;
}

/** The ops of a framework on its tensors T. Parameters are asked for by weft's names: 'conv1.kernel'. */
export interface NetworkOps<T> {
  parameter(name: string): T;
  conv2d(x: T, kernel: T, bias: T | undefined, options: ConvOptions): T;
  dense(x: T, kernel: T, bias: T, activation: Activation): T;
  maxPool2d(x: T, window: number): T;
  /** With the statistics of the batch in training; `name` finds the running ones. */
  batchNorm(x: T, name: string, options: { readonly momentum: number; readonly epsilon: number }): T;
  /** Called in training only. */
  dropout(x: T, rate: number): T;
  flatten(x: T): T;
  relu(x: T): T;
  add(a: T, b: T): T;
  globalAvgPool(x: T): T;
  /** The same tensor for one more use: some frameworks count owners. */
  share(x: T): T;
}

type Config = Readonly<Record<string, unknown>>;

/** @throws Unsupported for a layer that is not translated here. */
export function runNetwork<T>(ops: NetworkOps<T>, layer: Config, x: T, training: boolean, prefix = ''): T {
  const path = prefix + (layer.name ?? '');
  const activation = layer.activation === 'relu' ? 'relu' : undefined;
  switch (layer.type) {
    case 'sequential': {
      const inner = layer.name ? `${path}.` : prefix;
      return (layer.layers as Config[]).reduce((y, part) => runNetwork(ops, part, y, training, inner), x);
    }
    case 'conv2d': {
      const bias = layer.bias === false ? undefined : ops.parameter(`${path}.bias`);
      const padding = (layer.padding ?? 'valid') as 'same' | 'valid';
      const options = { stride: (layer.stride ?? 1) as number, padding, activation } as const;
      return ops.conv2d(x, ops.parameter(`${path}.kernel`), bias, options);
    }
    case 'dense':
      return ops.dense(x, ops.parameter(`${path}.kernel`), ops.parameter(`${path}.bias`), activation);
    case 'maxPool2d':
      return ops.maxPool2d(x, layer.window as number);
    case 'batchNorm2d': {
      const { momentum = 0.99, epsilon = 1e-3 } = layer as { momentum?: number; epsilon?: number };
      const normed = ops.batchNorm(x, path, { momentum, epsilon });
      return activation ? ops.relu(normed) : normed;
    }
    case 'dropout':
      return training && (layer.rate as number) > 0 ? ops.dropout(x, layer.rate as number) : x;
    case 'flatten':
      return ops.flatten(x);
    case 'activation':
      return ops.relu(x);
    case 'globalAvgPool':
      return ops.globalAvgPool(x);
    case 'residual': {
      const around = ops.share(x);
      const body = runNetwork(ops, layer.body as Config, x, training, `${path}.body.`);
      const { shortcut } = layer as { shortcut?: Config };
      const other = shortcut ? runNetwork(ops, shortcut, around, training, `${path}.shortcut.`) : around;
      const sum = ops.add(body, other);
      return activation ? ops.relu(sum) : sum;
    }
    default:
      throw new Unsupported(`layer '${layer.type}' is not translated (bench/peers/network.ts)`);
  }
}
