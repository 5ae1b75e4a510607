/** A network as a part of the address, so that a link makes the same one: by name where it is one of those offered. */
import type { LayerConfig } from '../../src/nn/index.ts';
import { layersOf, type Network, networkOf, type TrainingSettings } from '../network.ts';
import type { RequestOutput } from '../protocol.ts';

/** In the address, the network that the lab brings with it. */
export const TRAINED = 'trained';

type Offers = RequestOutput<'model.offers'>;

/** What stands in the address of a network that is not offered as it is, packed. */
interface Packed {
  readonly layers: readonly LayerConfig[];
  readonly training: TrainingSettings;
}

/** More than any network that a person builds; what a link unpacks to must not fill the memory. */
const MAX_CHARACTERS = 1 << 16;

/** `{ net: 'cnn', seed: '1' }`, or `{ own: ..., seed: '1' }`. */
export async function toParams({ config, training, seed }: Network, offers: Offers): Promise<Record<string, string>> {
  const offer = offers.find(({ name }) => name === config.name);
  if (offer && isSame([config.layer, training], [offer.config.layer, offer.training])) {
    return { net: offer.name, seed: String(seed) };
  }
  const packed: Packed = { layers: layersOf(config), training };
  return { own: await pack(JSON.stringify(packed)), seed: String(seed) };
}

/**
 * The network that an address names; undefined when it names none.
 * @throws Error when it is damaged, or names something that there is not.
 */
export async function fromParams(
  params: URLSearchParams,
  offers: Offers,
  inputShape: readonly number[],
): Promise<Network | undefined> {
  const [net, own] = [params.get('net'), params.get('own')];
  const seed = Number(params.get('seed') ?? 1);
  if (!(Number.isSafeInteger(seed) && seed >= 0)) throw new Error(`its seed is '${params.get('seed')}'`);
  if (net !== null) {
    const offer = offers.find(({ name }) => name === net);
    if (!offer) throw new Error(`there is no network '${net}'; there are ${offers.map(({ name }) => name).join(', ')}`);
    return { config: offer.config, training: offer.training, seed };
  }
  if (own === null) return undefined;
  const { layers, training } = JSON.parse(await unpack(own)) as Packed;
  if (!Array.isArray(layers) || typeof training !== 'object') throw new Error('it is damaged');
  return { config: networkOf('own', inputShape, layers), training, seed };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function pack(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

async function unpack(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), sign => sign.charCodeAt(0));
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    text += decoder.decode(next.value, { stream: true });
    if (text.length > MAX_CHARACTERS) {
      await reader.cancel();
      throw new Error('it is too large');
    }
  }
  return text;
}
