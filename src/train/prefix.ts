/**
 * The frozen part at the beginning of a model: what it makes of a picture is the same in every epoch, so it need be
 * computed only once.
 */
import { sha256 } from '../data/dataset.ts';
import { type LayerConfig, type Model, walk } from '../nn/index.ts';

/**
 * How many layers of `model.chain`, from the first on, make the same of a picture in every step: nothing in them is
 * trained, drops or keeps statistics. Without what costs nothing at the end, which may as well run with the rest; 0 when
 * there is nothing in it that computes with weights.
 * @param most layers that are looked at; default all.
 */
export function frozenPrefix(model: Model, most = model.chain.length): number {
  const trained = new Set(model.parameters.segments.filter(({ trainable }) => trainable).map(({ name }) => name));
  const { chain } = model;
  const changes = chain.findIndex(
    layer => !layer.steady || walk(layer).some(({ parameters }) => parameters.some(({ name }) => trained.has(name))),
  );
  let length = Math.min(changes === -1 ? chain.length : changes, most);
  // A convolution and the pooling that is computed with it are one.
  while (length > 0 && (chain[length]?.pooling || walk(chain[length - 1]!).every(({ flops }) => flops === 0))) length--;
  const weighs = chain.slice(0, length).some(layer => walk(layer).some(({ parameters }) => parameters.length > 0));
  return weighs ? length : 0;
}

/** The layers of `model.chain` as plain values. */
function chainConfigs({ type, layers, ...options }: LayerConfig): LayerConfig[] {
  if (type === 'sequential' && Array.isArray(layers)) return (layers as LayerConfig[]).flatMap(chainConfigs);
  return [{ type, ...(layers === undefined ? {} : { layers }), ...options }];
}

/**
 * What the features behind each of the first layers of a model's chain depend on, as a hash: its layers and the values
 * of their parameters. The number of layers counts from 1.
 */
export async function prefixHashes(model: Model, length: number): Promise<(layers: number) => string> {
  const configs = chainConfigs(model.toJSON().layer);
  const values = await model.parameters.read();
  const hashes = [await sha256(text(model.inputShape))];
  for (const [i, layer] of model.chain.slice(0, length).entries()) {
    const parts: unknown[] = [hashes[i], configs[i]];
    for (const { name } of walk(layer).flatMap(({ parameters }) => parameters)) {
      const { shape, data } = values.get(name)!;
      parts.push(shape, await sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
    }
    hashes.push(await sha256(text(parts)));
  }
  return layers => hashes[layers]!;
}

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
