import { type LayerConfig, Model, walk } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';

/**
 * The network up to a layer, which gives what it has before its activation function: behind a ReLU a unit that does not
 * answer has no gradient, and does not say how far it is from answering. A copy with the weights of `model`; the caller
 * disposes of it. What stands behind the layer is left out, except inside a residual block; so take the layer's output by
 * `capture`, not the network's.
 * @throws ValueError when there is no such layer.
 */
export async function cutModel(model: Model, layer: string): Promise<Model> {
  if (layer === '' || !model.layerNames.includes(layer)) {
    throw new ValueError(
      `model '${model.name}': there is no layer '${layer}'; there are ${model.layerNames.join(', ')}`,
    );
  }
  const config = model.toJSON();
  const named = nameLayers(config.layer, walk(model.root).values());
  const cut = Model.fromJSON(model.engine, { ...config, layer: cutConfig(named, layer.split('.')) });
  const values = await model.parameters.read();
  for (const { name } of [...cut.parameters.segments, ...cut.parameters.stateSegments]) {
    cut.parameters.get(name).write(values.get(name)!.data);
  }
  return cut;
}

/** Writes into each configuration the name that its layer got, so that it keeps it whatever stands beside it. */
function nameLayers(config: LayerConfig, built: Iterator<{ readonly name: string }>): LayerConfig {
  const { name } = built.next().value as { readonly name: string };
  const own = name === '' ? config : { ...config, name: name.slice(name.lastIndexOf('.') + 1) };
  return mapInside(own, inside => nameLayers(inside, built));
}

/** The layer at the end of the path without its activation, and in each chain on the way nothing behind the path. */
function cutConfig(config: LayerConfig, path: readonly string[], cut = true): LayerConfig {
  const [name, ...rest] = path;
  if (name === undefined) {
    const { activation: _, ...others } = config;
    return config.type === 'activation' ? { ...config, activation: 'linear' } : (others as LayerConfig);
  }
  const isChain = config.type === 'sequential';
  // Both branches of a residual block have to end in one shape.
  const onWay = (inside: LayerConfig) => (inside.name === name ? cutConfig(inside, rest, cut && isChain) : inside);
  if (!isChain || !cut) return mapInside(config, onWay);
  const layers = config.layers as readonly LayerConfig[];
  const last = layers.findIndex(inside => inside.name === name);
  return { ...config, layers: layers.slice(0, last + 1).map(onWay) };
}

/** The same configuration with those of the layers inside it changed, in the order in which they are built. */
function mapInside(config: LayerConfig, change: (inside: LayerConfig) => LayerConfig): LayerConfig {
  const isLayer = (value: unknown): value is LayerConfig =>
    typeof value === 'object' && value !== null && 'type' in value;
  const options = Object.entries(config).map(([option, value]): [string, unknown] => {
    if (Array.isArray(value)) return [option, value.map(item => (isLayer(item) ? change(item) : item))];
    return [option, isLayer(value) ? change(value) : value];
  });
  return Object.fromEntries(options) as LayerConfig;
}
