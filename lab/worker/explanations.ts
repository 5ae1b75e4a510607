import { sha256 } from '../../src/data/dataset.ts';
import { Model, RunFolder, ValueError } from '../../src/index.ts';
import { browserFiles } from '../../src/platform/browser.ts';
import { type HostArray, probabilitiesOf } from '../../src/study/arrays.ts';
import { defaultMapLayer, mapLayers } from '../../src/study/grad-cam.ts';
import { sobel } from '../../src/study/image-filters.ts';
import { type Explanation, findMethod, type MethodOptions, methods, whyNot } from '../../src/study/methods.ts';
import { cascade } from '../../src/study/randomisation.ts';
import type { MapSimilarity } from '../../src/study/similarity.ts';
import { trace } from '../../src/study/trace.ts';
import type { Lab } from './lab.ts';
import { readTrained } from './open.ts';
import { Recent } from './recent.ts';
import { modelOf, readSnapshot, type Snapshot, snapshotNow, takeSnapshot } from './snapshot.ts';

/**
 * A network to explain: the one that everything is about, as it is or as it began; the CNN that comes trained; that of the run
 * that the page was served with; or one that was kept, by its key.
 */
export type Which = 'now' | 'start' | 'trained' | 'run' | { readonly key: string };

/** A network as it is explained. */
export interface ExplainedNetwork {
  readonly key: string;
  readonly step: number;
  /** Of each class, for the picture. */
  readonly probabilities: readonly number[];
  /** Layers whose maps Grad-CAM can add up, and the one that is usually meant. */
  readonly layers: readonly string[];
  readonly layer: string | undefined;
  /** Methods that cannot explain it, by name, and why. */
  readonly impossible: Readonly<Record<string, string>>;
}

/** A picture and the networks that it is explained by. */
export interface Begun {
  readonly image: string;
  readonly pixels: HostArray;
  /** What an edge detector makes of the picture, which knows no network. */
  readonly edges: HostArray;
  readonly networks: readonly ExplainedNetwork[];
}

/** What one map is asked for by. */
export interface MapRequest {
  /** Key of a picture and of a network, as they were begun with. */
  readonly image: string;
  readonly network: string;
  readonly method: string;
  /** Class. */
  readonly target: number;
  readonly layer?: string | undefined;
  /** Whether the same by a network of random numbers is wanted too. */
  readonly control: boolean;
}

/** A map by a network some of whose layers have random numbers in place of what they learned. */
export interface ForgetfulMap extends Explanation {
  /** Those that it forgot in addition to the map before; none for the whole network. */
  readonly layers: readonly string[];
  /** With the map of the whole network. */
  readonly alike: MapSimilarity;
  /** With what an edge detector makes of the picture. */
  readonly edges: MapSimilarity;
}

export interface ExplainedMap extends Explanation {
  /** By the same network with random numbers in all layers. */
  readonly control?: ForgetfulMap;
  /** How alike the map is to what an edge detector makes of the picture. */
  readonly edges?: MapSimilarity;
}

/** Without a GPU, one that takes seconds in place of minutes. */
const WITHOUT_GPU = { rough: true, batch: 4 } as const;

/** Pictures and networks that are explained, and what came of it: numbers on the host, which a lost device does not touch. */
export class Explanations {
  private readonly kept = new Map<string, Snapshot>();
  private readonly snapshots = new Recent<Snapshot>(8);
  private readonly images = new Recent<HostArray>(16);
  private readonly maps = new Recent<ExplainedMap>(1000);
  private readonly cascades = new Recent<readonly ForgetfulMap[]>(50);

  /** Keeps the network as it is. In a turn, as all that follow. */
  async keep(lab: Lab): Promise<Pick<Snapshot, 'key' | 'step'>> {
    return this.shelve(await snapshotNow(lab));
  }

  /** Keeps a network from a file. @throws as {@link readSnapshot}. */
  async load(...file: Parameters<typeof readSnapshot>): Promise<Pick<Snapshot, 'key' | 'step'>> {
    return this.shelve(await readSnapshot(...file));
  }

  private shelve(snapshot: Snapshot): Pick<Snapshot, 'key' | 'step'> {
    this.kept.set(snapshot.key, snapshot);
    const { key, step } = snapshot;
    return { key, step };
  }

  /** Takes the chosen picture and these networks as they are now, and gives what the networks say of it. */
  async begin(lab: Lab, which: readonly Which[]): Promise<Begun> {
    const { chosen } = lab.bench.pictures;
    const values = Float32Array.from(await chosen.data());
    const pixels = { shape: chosen.shape.slice(1), values };
    const image = await sha256(new Uint8Array(values.buffer));
    this.images.set(image, pixels);
    const networks: ExplainedNetwork[] = [];
    for (const one of which) {
      const snapshot = await this.find(lab, one);
      this.snapshots.set(snapshot.key, snapshot);
      using model = modelOf(lab.bench.engine, snapshot);
      networks.push({ key: snapshot.key, step: snapshot.step, ...(await describe(model, pixels)) });
    }
    return { image, pixels, edges: sobel(pixels), networks };
  }

  /** @throws ValueError when it is no longer here, FileError and ShapeError when it cannot be read or is for other pictures. */
  async find(lab: Lab, which: Which): Promise<Snapshot> {
    if (which === 'now') return await snapshotNow(lab);
    if (which === 'start') {
      const { config, seed } = lab.state.model!.network;
      using model = Model.fromJSON(lab.bench.engine, config, { seed });
      return { ...(await takeSnapshot({ model })), seed };
    }
    if (which === 'trained') return await readBrought(lab);
    if (which === 'run') return await readRun(lab);
    const found = this.kept.get(which.key);
    if (found) return found;
    throw new ValueError('that network is no longer here; load it anew');
  }

  /**
   * One map, from before or computed now.
   * @throws InterruptedError when `signal` fires; ShapeError, ValueError for what does not fit.
   */
  async map(lab: Lab, request: MapRequest, signal: AbortSignal): Promise<ExplainedMap> {
    return await this.computed(lab, request, signal, this.maps, explain);
  }

  /** The same as its layers forget one after the other. @throws as `map`. */
  async forget(lab: Lab, request: MapRequest, signal: AbortSignal): Promise<readonly ForgetfulMap[]> {
    return await this.computed(lab, request, signal, this.cascades, forget);
  }

  private async computed<T>(lab: Lab, request: MapRequest, signal: AbortSignal, known: Recent<T>, compute: Compute<T>) {
    const name = JSON.stringify(request);
    const [image, snapshot] = [this.images.get(request.image), this.snapshots.get(request.network)];
    const before = known.get(name);
    if (before !== undefined) return before;
    if (!image || !snapshot) throw new ValueError('that picture or network is no longer here; explain anew');
    const { engine, trains } = lab.bench;
    using model = modelOf(engine, snapshot);
    const found = await compute(model, image, request, { signal, ...(!trains && WITHOUT_GPU) });
    known.set(name, found);
    return found;
  }
}

type Compute<T> = (model: Model, image: HostArray, request: MapRequest, effort: Partial<MethodOptions>) => Promise<T>;

/** The CNN that comes trained. @throws FileError */
async function readBrought(lab: Lab): Promise<Snapshot> {
  const { network, bytes, where } = await readTrained();
  return { ...(await readSnapshot(lab, bytes, where, network.config)), seed: network.seed };
}

/** The run that the page was served with. @throws FileError */
async function readRun(lab: Lab): Promise<Snapshot> {
  const folder = new RunFolder(browserFiles, 'run');
  const { model, training } = await folder.readConfig();
  const snapshot = await readSnapshot(lab, await folder.readModel(), folder.at('model.safetensors'), model);
  return { ...snapshot, seed: training.seed };
}

/** What the network says of the picture, and which methods can explain it. */
async function describe(model: Model, pixels: HostArray): Promise<Omit<ExplainedNetwork, 'key' | 'step'>> {
  const { output } = await trace(model, pixels);
  const layers = mapLayers(model);
  const reasons = methods.map(method => [method.name, whyNot(method, model)] as const);
  const impossible = Object.fromEntries(reasons.filter((entry): entry is [string, string] => entry[1] !== undefined));
  return {
    probabilities: [...probabilitiesOf(output).values],
    ...{ layers, layer: layers.length > 0 ? defaultMapLayer(model) : undefined, impossible },
  };
}

async function explain(...[model, image, request, effort]: Parameters<Compute<ExplainedMap>>): Promise<ExplainedMap> {
  const { method, options } = findOptions(request, effort);
  const explanation = await method.explain(model, image, options);
  if (!request.control) return explanation;
  // All layers forget at once; both maps that are compared are made with the same effort.
  const [trained, random] = await forget(model, image, request, effort, 1);
  return { ...explanation, edges: trained!.edges, control: random! };
}

async function forget(
  ...[model, image, request, effort, steps]: [...Parameters<Compute<unknown>>, steps?: number]
): Promise<readonly ForgetfulMap[]> {
  const { method, options } = findOptions(request, effort);
  const natives: Explanation[] = [];
  const again = async (one: Model) => {
    natives.push(await method.explain(one, image, { ...options, rough: true }));
    return natives[natives.length - 1]!.map;
  };
  const found = (await cascade(model, image, { again }, steps === undefined ? {} : { steps })).again;
  return found.map(({ layers, trained: alike, edges }, i) => ({ ...natives[i]!, layers, alike, edges }));
}

function findOptions({ method: name, target, layer }: MapRequest, effort: Partial<MethodOptions>) {
  const method = findMethod(name);
  const options: MethodOptions = { target, ...effort, ...(layer !== undefined && { layer }) };
  return { method, options };
}
