import { Batches, epochOrder } from '../data/batches.ts';
import type { Examples } from '../data/examples.ts';
import type { Model } from '../nn/index.ts';
import { InterruptedError, ValueError } from '../platform/errors.ts';
import { allOrNone, type CompiledStep, compile } from '../tensor/compile.ts';
import { matmul, mean, reshape, sub } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { peek } from '../train/peek.ts';
import { type CentredGram, CkaSums, centreGram, hsic, reorder, type Similarity } from './cka.ts';
import { captureAll, featureLayers } from './features.ts';

/** A network in a comparison. All must live on one engine. */
export interface Compared {
  /** What reports call it. */
  readonly name: string;
  readonly model: Model;
  /** Default: `featureLayers`. */
  readonly layers?: readonly string[];
}

export interface LayerComparison {
  /** Of all networks, in order. */
  readonly layers: readonly { readonly network: string; readonly layer: string }[];
  /** `similarity[i][j]` of layers i and j; symmetric. */
  readonly similarity: readonly (readonly Similarity[])[];
  /** Control: of each layer with itself on the same pictures in another order. About 0. */
  readonly shuffled: readonly Similarity[];
  /** Pictures that were looked at, a whole number of batches. */
  readonly images: number;
  readonly batch: number;
}

export interface LayerComparisonOptions {
  /** Pictures of a batch, between which all inner products are computed. Default 250. */
  readonly batch?: number;
  /** Key of the order of the control. Default 1. */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const BATCH = 250;

/**
 * CKA of every layer of some networks with every other. Whole batches only: what is left over of the pictures is not used.
 * @param data pictures that all of the networks take.
 * @throws ValueError when there are fewer pictures than 4, or for a layer that does not exist; InterruptedError when
 * `signal` fires.
 */
export async function compareLayers(
  networks: readonly Compared[],
  data: Examples,
  options: LayerComparisonOptions = {},
): Promise<LayerComparison> {
  const { seed = 1, signal, onProgress } = options;
  const batch = Math.min(options.batch ?? BATCH, data.count);
  if (batch < 4) throw new ValueError(`CKA: batches of ${batch} pictures; it needs at least 4`);
  const images = data.count - (data.count % batch);
  const batches = new Batches(
    Uint32Array.from({ length: images }, (_, i) => i),
    { batch },
  );
  using feed = data.feed(batch);
  const named = networks.map(network => ({ ...network, layers: network.layers ?? featureLayers(network.model) }));
  const layers = named.flatMap(({ name, layers }) => layers.map(layer => ({ network: name, layer })));
  const sums = layers.map((_, i) => layers.slice(0, i + 1).map(() => new CkaSums()));
  const controls = layers.map(() => new CkaSums());
  const order = epochOrder(batch, seed, 0);
  const steps = await allOrNone(named.map(network => gramStep(network, () => feed.batch().images)));
  try {
    for (let number = 0; number < batches.stepsPerEpoch; number++) {
      if (signal?.aborted) throw new InterruptedError('CKA: interrupted');
      feed.select(batches.at(0, number).indices);
      const grams: CentredGram[] = [];
      for (const step of steps) {
        await step.run({ rows: batch });
        for (const gram of await Promise.all(step.result.map(peek))) grams.push(centreGram(gram));
      }
      const own = grams.map(gram => hsic(gram, gram));
      sums.forEach((row, i) => {
        row.forEach((sum, j) => {
          sum.add(grams[i]!, grams[j]!, [own[i]!, own[j]!]);
        });
        controls[i]!.add(grams[i]!, reorder(grams[i]!, order), [own[i]!, own[i]!]);
      });
      onProgress?.((number + 1) * batch, images);
    }
  } finally {
    for (const step of steps) step[Symbol.dispose]();
    networks[0]?.model.engine.setStep({ rows: 0 });
  }
  const lower = sums.map(row => row.map(sum => sum.result()));
  const similarity = layers.map((_, i) => layers.map((_, j) => lower[Math.max(i, j)]![Math.min(i, j)]!));
  return { layers, similarity, shuffled: controls.map(sum => sum.result()), images, batch };
}

/** Inner products of the features of each picture of a batch with those of each other, for each layer: [batch, batch]. */
function gramStep(
  { model, layers }: { readonly model: Model; readonly layers: readonly string[] },
  images: () => Tensor,
): Promise<CompiledStep<Tensor[]>> {
  const fn = () =>
    model.engine.noGrad(() =>
      captureAll(model, images(), layers).map(output => {
        const flat = reshape(output, [output.shape[0]!, -1]);
        // The mean takes part in nothing, but its square would drown the rest in float32.
        const centred = sub(flat, mean(flat, { axes: 0, keepDims: true }));
        return matmul(centred, centred, { transposeB: true });
      }),
    );
  return compile(model.engine, fn, { label: 'inner products', constants: model.parameters.flats });
}
