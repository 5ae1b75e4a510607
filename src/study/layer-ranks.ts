import type { ImageData8 } from '../data/dataset.ts';
import { sizeOf } from '../kernels/spec.ts';
import type { BuiltLayer, Model } from '../nn/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { effectiveRank, singularValues } from './effective-rank.ts';
import { inspectedLayers, mainParameter } from './inspect.ts';
import { overImages } from './passes.ts';

export interface RankOf {
  /** Effective rank, between 1 and `most`. */
  readonly rank: number;
  /** What it could be: the smaller side of the matrix. */
  readonly most: number;
}

export interface LayerRanks {
  readonly layer: string;
  /** Of the kernel as a matrix [inputs of a value, units]; absent where it has none. */
  readonly weights?: RankOf;
  /** Of what the layer gives, [places in images, units], around its mean. */
  readonly activations: RankOf;
}

export interface LayerRanksOptions {
  /** Places at which outputs are looked at, spread over all images; default 8192. */
  readonly places?: number;
  /** Images of a pass; default 50. */
  readonly batch?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * How many directions each layer uses, of its weights and of what it gives for some images.
 * @throws ShapeError when the images do not fit the model; InterruptedError when `signal` fires.
 */
export async function layerRanks(
  model: Model,
  images: ImageData8,
  { places = 8192, batch = 50, signal }: LayerRanksOptions = {},
): Promise<LayerRanks[]> {
  const layers = inspectedLayers(model);
  const samples = layers.map(layer => new PlaceSample(layer, images.count, places));
  const { engine } = model;
  const capture = layers.map(({ name }) => name);
  await overImages(
    engine,
    images,
    { batch, signal },
    pictures => engine.noGrad(() => model.forward(pictures.images, { capture }).captured),
    async captured => {
      for (const sample of samples) sample.add((await captured[sample.layer.name]!.data()) as Float32Array);
    },
  );
  const ranks: LayerRanks[] = [];
  for (const [i, layer] of layers.entries()) {
    const { rows, units } = samples[i]!;
    using outputs = engine.tensor(Float32Array.from(rows), [rows.length / units, units]);
    const activations = await rankOf(outputs, true);
    ranks.push({ layer: layer.name, ...(await weightRank(model, layer)), activations });
  }
  return ranks;
}

async function weightRank(model: Model, layer: BuiltLayer): Promise<{ weights?: RankOf }> {
  const name = mainParameter(layer);
  const kernel = name === undefined ? undefined : model.parameters.get(name);
  if (!kernel || kernel.rank < 2) return {};
  const units = kernel.shape[kernel.rank - 1]!;
  using matrix = model.engine.alias(kernel, [kernel.size / units, units]);
  return { weights: await rankOf(matrix, false) };
}

async function rankOf(matrix: Tensor, centred: boolean): Promise<RankOf> {
  const singular = await singularValues(matrix, { centred });
  return { rank: effectiveRank(singular), most: singular.length };
}

/** What a layer gives at some places, evenly spread over all places of all images. */
class PlaceSample {
  /** [places, units]. */
  readonly rows: number[] = [];
  readonly units: number;
  private readonly every: number;
  private seen = 0;

  constructor(
    readonly layer: BuiltLayer,
    images: number,
    places: number,
  ) {
    const { output } = layer;
    this.units = output[output.length - 1]!;
    this.every = Math.max(1, Math.floor((images * sizeOf(output)) / this.units / places));
  }

  /** @param values [rows, ...output]. */
  add(values: Float32Array): void {
    const { units, every } = this;
    for (let at = 0; at < values.length; at += units) {
      if (this.seen++ % every !== 0) continue;
      for (let unit = 0; unit < units; unit++) this.rows.push(values[at + unit]!);
    }
  }
}
