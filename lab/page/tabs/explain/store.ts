/** What is explained, by which networks, and the maps so far. */
import { computed, signal } from '@preact/signals';
import type { RequestOutput } from '../../../protocol.ts';
import type { Begun, ExplainedMap, ExplainedNetwork, ForgetfulMap, MapRequest } from '../../../worker/explanations.ts';
import { ask, unlessStopped } from '../../client.ts';
import { type Beside, putOnShelf } from '../../shelf.ts';
import { attempt, momentName, notify, state } from '../../store.ts';

export type MethodAbout = RequestOutput<'explain.methods'>[number];

export const methods = signal<readonly MethodAbout[]>([]);
/** The class that is explained; undefined is the one that the network takes the picture for. */
export const target = signal<number | undefined>(undefined);
/** Of Grad-CAM; undefined is the usual one. */
export const layer = signal<string | undefined>(undefined);

/** Of those on the shelf. */
export const beside = signal<Beside | undefined>(undefined);
/** Whether maps lie over the picture. */
export const over = signal(false);

export const begun = signal<(Begun & { readonly titles: readonly string[] }) | undefined>(undefined);
/** By side (0: the network, 1: the one beside it) and method: a map, or why there is none. */
export const maps = signal<Readonly<Record<string, ExplainedMap | { readonly problem: string }>>>({});
export const progress = signal<{ readonly done: number; readonly total: number } | undefined>(undefined);

export const nameOf = (side: number, method: string) => `${side} ${method}`;

/** The class that the maps are about. */
export const explained = computed(() => {
  const { probabilities = [] } = begun.value?.networks[0] ?? {};
  return target.value ?? probabilities.indexOf(Math.max(...probabilities));
});

/** The newest wish; an older one stops when it sees another. */
let latest = 0;

/** Explains the chosen picture anew, map by map. What has been computed before is there at once. */
export async function explain(): Promise<void> {
  const mine = ++latest;
  void ask('explain.stop');
  const [first, second] = [{ title: '', which: 'now' as const }, beside.value];
  await attempt('The picture could not be explained', async () => {
    if (methods.value.length === 0) methods.value = await ask('explain.methods');
    const chosen = second ? [first, second] : [first];
    const found = await ask('explain.begin', { which: chosen.map(({ which }) => which) });
    if (mine !== latest) return;
    const titles = chosen.map(({ title }, side) => title || momentName(found.networks[side]!.step));
    begun.value = { ...found, titles };
    maps.value = {};
    await compute(found, () => mine === latest);
  });
  if (mine === latest) progress.value = undefined;
}

async function compute({ image, networks }: Begun, isWanted: () => boolean): Promise<void> {
  const all = methods.value.flatMap(method => networks.map((network, side) => ({ method, network, side })));
  for (const [done, { method, network, side }] of all.entries()) {
    progress.value = { done, total: all.length };
    const problem = network.impossible[method.name];
    const found = problem
      ? { problem }
      : await unlessStopped(ask('explain.map', requestFor(image, network, method, side === 0)));
    if (!isWanted() || !found) return;
    maps.value = { ...maps.value, [nameOf(side, method.name)]: found };
  }
}

function requestFor(image: string, network: ExplainedNetwork, method: MethodAbout, control: boolean): MapRequest {
  return {
    ...{ image, network: network.key, method: method.name, target: explained.value, control },
    ...(method.needsMaps && { layer: layerOf(network) }),
  };
}

/** The maps of a method as the network's layers forget one after the other. */
export async function forget(method: MethodAbout): Promise<readonly ForgetfulMap[] | undefined> {
  const { image, networks } = begun.value!;
  const request = requestFor(image, networks[0]!, method, false);
  return await attempt('The layers could not be made to forget', () => unlessStopped(ask('explain.forget', request)));
}

/** The chosen layer where the network has it, else the one that is usual for it. */
export function layerOf({ layers, layer: usual }: ExplainedNetwork): string | undefined {
  return layer.value !== undefined && layers.includes(layer.value) ? layer.value : usual;
}

/** Leaves the maps as far as they are. */
export function stop(): void {
  latest++;
  progress.value = undefined;
  void ask('explain.stop');
}

/** Chooses a picture of the data set. */
export async function chooseData(index: number): Promise<void> {
  await attempt('That picture cannot be shown', () => ask('image.choose', { index }));
  await explain();
}

/** Chooses a picture of the reader's own: values of the network's input shape. */
export async function chooseOwn(name: string, pixels: Float32Array): Promise<void> {
  await attempt('That picture cannot be shown', () => ask('image.own', { name, pixels }));
  await explain();
}

/** Keeps the network as it is now, to be seen beside a later one. */
export async function keep(): Promise<void> {
  await attempt('The network could not be kept', async () => {
    const { key, step } = await ask('explain.keep');
    putOnShelf(`${momentName(step)}, kept`, key);
    notify({
      kind: 'information',
      title: 'Kept',
      text: `The network (${momentName(step)}) can be chosen beside later ones.`,
    });
  });
}

/** Puts a network from files beside the one that is trained. */
export async function load(chosen: readonly File[], title = chosen.find(isWeights)?.name ?? 'file'): Promise<void> {
  await attempt('That network could not be loaded', async () => {
    const files = await Promise.all(
      chosen.map(async file => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
    );
    const { key } = await ask('explain.load', { files });
    beside.value = putOnShelf(title, key);
    await explain();
  });
}

const isWeights = ({ name }: File) => name.endsWith('.safetensors');

/** Whether the maps are about the network as it was some steps ago. */
export const isStale = computed(
  () => begun.value !== undefined && begun.value.networks[0]!.step !== (state.value.training?.step ?? 0),
);
