import { GpuDataset } from '../../data/gpu-dataset.ts';
import type { Similarity } from '../../study/cka.ts';
import { compareLayers } from '../../study/compare-layers.ts';
import { type Block, charts, muted, text } from '../document.ts';
import { count, minus } from '../format.ts';
import { similarityChart } from '../similarity-chart.ts';
import type { Study, Subject } from './study.ts';

interface CkaResult {
  readonly images: number;
  readonly batch: number;
  /** This network, the same with random weights, and the other runs. */
  readonly networks: readonly { readonly name: string; readonly layers: readonly string[] }[];
  /** Of all layers of all networks in order: [row][column], with standard errors; null where there is no number. */
  readonly similarity: readonly (readonly (number | null)[])[];
  readonly errors: readonly (readonly (number | null)[])[];
  /** Control: of each layer with itself, the images in another order. */
  readonly shuffled: readonly (number | null)[];
}

/** Which layers see the same images alike, within a network and between networks. */
export const cka: Study<CkaResult> = {
  name: 'cka',
  title: 'How alike the layers are',
  describe: 'similarity of layers (CKA) within the network, to random weights, and to the networks beside it',
  unfit: ({ unseen }) => (unseen.images.count < 8 ? 'it needs at least 8 images' : undefined),
  run: study,
  section,
};

async function study({ engine, run, others, unseen, signal, progress }: Subject): Promise<CkaResult> {
  using data = new GpuDataset(engine, unseen.images);
  const networks = [
    { name: 'this network', model: run.model },
    { name: 'random weights', model: await run.untrained() },
    ...others.map(({ path, model }) => ({ name: path, model })),
  ];
  // At least two batches, so that their differences tell how sure a number is.
  const batch = Math.min(250, Math.floor(data.count / 2));
  const onProgress = (done: number, total: number) => progress(`cka: ${done} of ${total} images`);
  const { layers, similarity, shuffled, images } = await compareLayers(networks, data, { batch, signal, onProgress });
  const orNull = (value: number) => (Number.isFinite(value) ? value : null);
  const each = (part: keyof Similarity) => similarity.map(row => row.map(found => orNull(found[part])));
  return {
    ...{ images, batch },
    networks: networks.map(({ name }) => ({
      name,
      layers: layers.filter(({ network }) => network === name).map(({ layer }) => layer),
    })),
    ...{ similarity: each('cka'), errors: each('error') },
    shuffled: shuffled.map(found => orNull(found.cka)),
  };
}

function section({ images, batch, networks, similarity, errors, shuffled }: CkaResult): Block[] {
  const starts = networks.map((_, i) => networks.slice(0, i).reduce((sum, { layers }) => sum + layers.length, 0));
  const [own] = networks as [CkaResult['networks'][number]];
  const part = (network: number) =>
    own.layers.map((_, r) => networks[network]!.layers.map((_, c) => similarity[r]![starts[network]! + c]!));
  const columns = networks.slice(1).map(({ name, layers }, i): Column => {
    const values = (row: number) => layers.map((_, c) => similarity[row]![starts[i + 1]! + c]!);
    if (own.layers.some(layer => layers.includes(layer))) {
      return {
        head: [`to the same of ${name}`],
        cells: r => [textOf(values(r)[layers.indexOf(own.layers[r]!)] ?? null)],
      };
    }
    // Another architecture has no layer of that name. The likest of many is flattered by chance, hence the control.
    return {
      head: [`to the closest of ${name}`, 'with random weights'],
      cells: r => [r, starts[1]! + r].map(row => closest(layers, values(row))),
    };
  });
  const largest = Math.max(...shuffled.map(value => Math.abs(value ?? 0)));
  const error = Math.max(...errors.flat().map(value => value ?? 0));
  return [
    text(
      'Centred kernel alignment: 1 where two layers arrange the images in the same way, up to a rotation and a factor, ' +
        '0 where they have nothing in common. A row for each layer of this network.',
    ),
    charts(
      ...networks.map(({ name, layers }, i) =>
        similarityChart({
          title: i === 0 ? 'Within this network' : `This network and ${name}`,
          rows: own.layers,
          columns: layers,
          values: part(i),
        }),
      ),
    ),
    {
      kind: 'table',
      name: 'Similarity of each layer',
      head: ['Layer', ...columns.flatMap(({ head }) => head), 'images in another order'],
      rows: own.layers.map((layer, r) => [layer, ...columns.flatMap(({ cells }) => cells(r)), textOf(shuffled[r]!)]),
    },
    muted(
      `Linear CKA without bias, by ${count(images)} images in batches of ${count(batch)}; standard errors up to ` +
        `${error.toFixed(3)}. Control: compared with itself on the same images in another order no layer is more like ` +
        `than ${largest.toFixed(2)}.`,
    ),
  ];
}

interface Column {
  readonly head: readonly string[];
  readonly cells: (row: number) => readonly string[];
}

/** The largest similarity and whose it is. */
function closest(layers: readonly string[], values: readonly (number | null)[]): string {
  const known = values.map(value => value ?? Number.NEGATIVE_INFINITY);
  const best = known.indexOf(Math.max(...known));
  return values[best] == null ? 'n/a' : `${textOf(values[best])} (${layers[best]})`;
}

const textOf = (value: number | null) => (value === null ? 'n/a' : minus(value.toFixed(2)));
