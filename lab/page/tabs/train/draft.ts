/** A network that is being built, beside the one that is trained. */
import { signal } from '@preact/signals';
import type { LayerConfig, ModelConfig } from '../../../../src/nn/index.ts';
import { layersOf, type Network, networkOf } from '../../../network.ts';
import type { LayerRow } from '../../../protocol.ts';
import { ask } from '../../client.ts';
import { attempt, state } from '../../store.ts';
import { freshLayer, withOption } from './builder.ts';

export interface Draft {
  readonly config: ModelConfig;
  readonly layers: readonly LayerRow[];
  readonly parameters: number;
  readonly flops: number;
  readonly possible: boolean;
}

/** None while nothing is changed. */
export const draft = signal<Draft | undefined>(undefined);

/** The layers that are being changed: the draft's, else the model's. */
function present(): readonly LayerConfig[] {
  const config = draft.value?.config ?? state.value.model?.network.config;
  return config ? layersOf(config) : [];
}

async function propose(layers: readonly LayerConfig[]): Promise<void> {
  const { data, model } = state.value;
  if (!data || !model) return;
  const config = networkOf('own', model.network.config.inputShape, layers);
  const described = await ask('model.describe', { config });
  draft.value = { config, ...described };
}

export const setOption = (at: number, option: string, value: string | number) =>
  propose(present().map((layer, i) => (i === at ? withOption(layer, option, value) : layer)));

export const removeLayer = (at: number) => propose(present().filter((_, i) => i !== at));

/** Puts a new layer behind the one at `at`; -1 is the beginning. */
export function insertLayer(at: number, type: string): Promise<void> {
  const layers = present();
  return propose([...layers.slice(0, at + 1), freshLayer(type, layers), ...layers.slice(at + 1)]);
}

export function moveLayer(at: number, by: 1 | -1): Promise<void> {
  const layers = [...present()];
  const [moved] = layers.splice(at, 1);
  layers.splice(at + by, 0, moved!);
  return propose(layers);
}

export function discard(): void {
  draft.value = undefined;
}

/** Makes the draft the model; it starts at random. */
export async function adopt(): Promise<void> {
  const { network } = state.value.model ?? {};
  const { value } = draft;
  if (value?.possible && network) await use({ ...network, config: value.config });
}

/** Makes this network the model, and forgets the draft. */
export async function use(network: Network): Promise<void> {
  await attempt('That network cannot be made', async () => {
    await ask('model.set', { network });
    discard();
  });
}
