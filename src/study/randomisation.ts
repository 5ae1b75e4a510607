import { type BuiltLayer, initialValues, Model, walk } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';
import type { HostArray } from './arrays.ts';
import { sobel } from './image-filters.ts';
import { compareMaps, type MapSimilarity } from './similarity.ts';

/** Makes a map [H, W] or [H, W, C] of what a model sees in the picture that it has in mind. */
export type Explain = (model: Model) => Promise<HostArray>;

export interface CascadeOptions {
  /** Of the random weights; default 1. */
  readonly seed?: number;
  /** Steps at most, each of as many layers; default 8. */
  readonly steps?: number;
  /** Called before each step, and at the end. */
  readonly progress?: (done: number, total: number) => void;
}

export interface CascadeStep {
  /** Layers that became random in this step; none in the first, which is the trained network. */
  readonly layers: readonly string[];
  /** Whether no layer is as it was trained. */
  readonly all: boolean;
  readonly map: HostArray;
  /** With the map of the trained network. */
  readonly trained: MapSimilarity;
  /** With an edge detector's, which knows no network. */
  readonly edges: MapSimilarity;
}

/**
 * Cascading randomisation: the layers get random weights from the last to the first, and after each step the picture is
 * explained again. What shows what the network has learned must change; a map that stays as it is was drawn from the picture
 * alone, as an edge detector (Sobel) does. J. Adebayo et al., "Sanity Checks for Saliency Maps" (2018). The model itself is
 * left as it is: a copy of it forgets.
 *
 * @param explainers by name; all see the same random networks.
 * @returns of each explainer its steps, the trained network's first.
 * @throws ValueError for less than one step.
 */
export async function cascade<K extends string>(
  model: Model,
  image: HostArray,
  explainers: Readonly<Record<K, Explain>>,
  options: CascadeOptions = {},
): Promise<Record<K, CascadeStep[]>> {
  const { seed = 1, steps = 8, progress } = options;
  if (!Number.isInteger(steps) || steps < 1) throw new ValueError(`cascade: ${steps} steps; take 1 or more`);
  const stages = stagesOf(model, steps);
  const edges = sobel(image);
  const similarity = compareMaps(image);
  const names = Object.keys(explainers) as K[];
  const found = Object.fromEntries(names.map(name => [name, [] as CascadeStep[]])) as Record<K, CascadeStep[]>;
  using copy = copyOf(model);
  for (const [i, stage] of [[], ...stages].entries()) {
    progress?.(i, stages.length + 1);
    for (const layer of stage) randomise(copy, layer, seed);
    for (const name of names) {
      const map = await explainers[name](copy);
      found[name].push({
        layers: stage.map(layer => layer.name),
        all: i === stages.length,
        map,
        trained: similarity(map, found[name][0]?.map ?? map),
        edges: similarity(map, edges),
      });
    }
  }
  progress?.(stages.length + 1, stages.length + 1);
  return found;
}

/** Layers that have learned something, the last first, in at most so many groups; a residual block is one layer. */
function stagesOf(model: Model, most: number): BuiltLayer[][] {
  const learned = model.chain.filter(layer => walk(layer).some(({ parameters }) => parameters.length > 0)).reverse();
  const count = Math.min(most, learned.length);
  return Array.from({ length: count }, (_, i) =>
    learned.slice(Math.floor((i * learned.length) / count), Math.floor(((i + 1) * learned.length) / count)),
  );
}

/** The same model on the same engine with weights of its own. */
function copyOf(model: Model): Model {
  const { engine, layer, name, inputShape } = model;
  const copy = new Model(engine, layer, { name, inputShape });
  const { segments, stateSegments } = model.parameters;
  for (const { name: parameter } of [...segments, ...stateSegments]) {
    engine.copy(model.parameters.get(parameter), copy.parameters.get(parameter));
  }
  return copy;
}

/**
 * Gives a layer, with what is inside, random values as it would start training with; never those that this model did start
 * with, to which a trained network stays related.
 */
function randomise(model: Model, layer: BuiltLayer, seed: number): void {
  for (const { name, shape, initializer } of walk(layer).flatMap(({ parameters }) => parameters)) {
    // What was loaded never had random values; those that suit its ReLUs are He's.
    const own = initializer === 'pretrained' ? 'heNormal' : initializer;
    model.parameters.get(name).write(initialValues(own, shape, seed, `${name} forgotten`));
  }
}
