import { nn, ShapeError, ValueError } from '../../src/index.ts';
import type { Layer, LayerConfig, ModelConfig } from '../../src/nn/index.ts';
import { type BuiltLayer, buildRoot, totalFlops } from '../../src/nn/layer.ts';
import { describeField } from '../../src/nn/receptive-field.ts';
import { layersOf } from '../network.ts';
import type { LayerRow } from '../protocol.ts';

/** A network in figures: all of them, also where one layer makes the rest impossible. */
export interface NetworkRows {
  readonly layers: readonly LayerRow[];
  readonly parameters: number;
  readonly flops: number;
  /** Whether all layers can stand where they stand. */
  readonly possible: boolean;
}

/**
 * Shapes, parameters, floating-point operations and receptive fields, layer by layer; the first that is impossible says why.
 * @param classes what the output has to tell apart.
 */
export function describeNetwork(config: ModelConfig, classes?: number): NetworkRows {
  const layers = layersOf(config);
  const rows: LayerRow[] = [];
  for (const layer of layers) {
    const before = rows[rows.length - 1];
    const stops = before?.problem !== undefined || (before && before.output === undefined);
    rows.push(stops ? unknown(layer) : describeLast(layers.slice(0, rows.length + 1), config.inputShape));
  }
  const last = rows[rows.length - 1];
  if (classes !== undefined && last?.output && (last.output.length !== 1 || last.output[0]! < classes)) {
    const problem = `gives [${last.output.join(', ')}], and there are ${classes} classes to tell apart; end in a dense layer of ${classes} units`;
    rows[rows.length - 1] = { ...last, problem };
  }
  const sum = (part: 'parameters' | 'flops') => rows.reduce((total, row) => total + row[part], 0);
  const possible = rows.length > 0 && rows.every(({ problem, output }) => output && problem === undefined);
  return { layers: rows, parameters: sum('parameters'), flops: sum('flops'), possible };
}

function describeLast(configs: readonly LayerConfig[], input: readonly number[]): LayerRow {
  const config = configs[configs.length - 1]!;
  try {
    const layers = configs.map(one => nn.layerFromJSON(one));
    const { root } = buildRoot(new nn.Sequential({ layers }), input);
    const built = root.children[root.children.length - 1]!;
    return {
      config,
      name: built.name,
      output: built.output,
      parameters: countParameters(built),
      flops: totalFlops(built),
      sees: describeField(built.field),
    };
  } catch (error) {
    if (!(error instanceof ShapeError || error instanceof ValueError)) throw error;
    return { ...unknown(config), problem: error.message };
  }
}

function unknown(config: LayerConfig): LayerRow {
  return { config, name: String(config.name ?? config.type), output: undefined, parameters: 0, flops: 0, sees: '' };
}

function countParameters({ parameters, children }: BuiltLayer): number {
  const own = parameters
    .filter(({ role }) => role === 'parameter')
    .map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  return own.reduce((a, b) => a + b, 0) + children.reduce((sum, child) => sum + countParameters(child), 0);
}

/** What makes the network run. @throws ValueError for a kind of layer that there is not. */
export function toLayer({ layer }: ModelConfig): Layer {
  return nn.layerFromJSON(layer);
}
