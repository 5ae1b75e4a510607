/** Networks as plain data, as page and worker both handle them. */
import type { LayerConfig, ModelConfig } from '../src/nn/index.ts';
import type { OptimizerSettings } from '../src/optim/index.ts';

/** A network with its first numbers and the way it is trained. */
export interface Network {
  readonly config: ModelConfig;
  /** Of first weights, order of the pictures and dropout. */
  readonly seed: number;
  readonly training: TrainingSettings;
}

/** How a network is trained in the lab. */
export interface TrainingSettings {
  readonly optimizer: OptimizerSettings['optimizer'];
  readonly batch: number;
  /** The first one; it can be changed on the way. */
  readonly learningRate: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly labelSmoothing?: number;
}

/** The layers that a network consists of, one after the other. */
export function layersOf({ layer }: ModelConfig): readonly LayerConfig[] {
  return layer.type === 'sequential' ? (layer.layers as readonly LayerConfig[]) : [layer];
}

/** A network of these layers. */
export function networkOf(name: string, inputShape: readonly number[], layers: readonly LayerConfig[]): ModelConfig {
  return { format: 'weft-model', version: 1, name, inputShape, layer: { type: 'sequential', layers } };
}
