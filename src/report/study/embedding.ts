import { GpuDataset } from '../../data/gpu-dataset.ts';
import { type Embedding, embed, type Plane } from '../../study/embedding.ts';
import { describeReduction, featureLayers, layerFeatures, PIXELS, penultimateLayer } from '../../study/features.ts';
import { type Block, charts, muted, text } from '../document.ts';
import { count, percent } from '../format.ts';
import { pointChart } from '../point-chart.ts';
import type { Study, Subject } from './study.ts';

interface EmbeddingResult {
  readonly layer: string;
  readonly classes: readonly string[];
  readonly labels: readonly number[];
  /** Of each image, its number in the data set. */
  readonly numbers: readonly number[];
  readonly what: string;
  /** Of the layer, of the same layer with random weights, and of the pixels. */
  readonly embeddings: readonly Embedded[];
}

interface Embedded {
  readonly of: string;
  readonly pca: PlaneResult & { readonly explained: readonly [number, number] };
  readonly umap: PlaneResult;
  readonly neighbourAccuracy: number;
  readonly shuffledNeighbourAccuracy: number;
  readonly neighbours: number;
}

interface PlaneResult extends Omit<Plane, 'points'> {
  /** x, y of each image in turn. */
  readonly points: readonly number[];
}

/** Images that UMAP, which runs on the host, is given at most. */
const MOST = 2000;
/** Features of an image at most. */
const WIDTH = 2048;
/** Fewer have too few neighbours. */
const FEWEST = 40;

/** The last layer before the logits, as a picture. */
export const embedding: Study<EmbeddingResult> = {
  name: 'embedding',
  title: 'The images as the network arranges them',
  describe:
    'the last features before the logits in the plane, by PCA and UMAP, beside those of random weights and the pixels',
  unfit({ run, unseen }) {
    if (featureLayers(run.model).length < 2) return 'it has no hidden layer';
    return unseen.images.count < FEWEST ? `it needs at least ${FEWEST} images` : undefined;
  },
  run: study,
  section,
};

async function study({ engine, run, unseen, signal, progress }: Subject): Promise<EmbeddingResult> {
  using data = new GpuDataset(engine, unseen.images);
  const images = Uint32Array.from({ length: Math.min(MOST, data.count) }, (_, i) => i);
  const labels = Array.from(images, i => data.labels[i]!);
  const layer = penultimateLayer(run.model);
  const sources = [
    { of: layer, model: run.model, name: layer },
    { of: `${layer}, random weights`, model: await run.untrained(), name: layer },
    { of: PIXELS, model: run.model, name: PIXELS },
  ];
  const embeddings: Embedded[] = [];
  for (const { of, model, name } of sources) {
    progress(`embedding: ${of}`);
    const [features] = await layerFeatures(model, data, { images, layers: [name], width: WIDTH, signal });
    const found = await embed(engine, features!.values, labels);
    const reduced = describeReduction(features!.reduction);
    embeddings.push({
      of: reduced ? `${of} (${reduced})` : of,
      ...found,
      pca: { ...found.pca, ...plane(found.pca) },
      umap: plane(found.umap),
    });
  }
  const numbers = Array.from(images, i => unseen.numbers[i]!);
  return { layer, classes: data.classes, labels, numbers, what: unseen.what, embeddings };
}

const plane = ({ points, ...rest }: Embedding['umap']): PlaneResult => ({
  ...rest,
  points: Array.from(points.values, value => Number(value.toPrecision(5))),
});

function section({ layer, classes, labels, numbers, what, embeddings }: EmbeddingResult): Block[] {
  const [own] = embeddings as [Embedded];
  const chart = (title: string, { points }: PlaneResult) =>
    pointChart({
      title,
      groups: classes,
      points: labels.map((group, i) => ({
        ...{ x: points[2 * i]!, y: points[2 * i + 1]!, group },
        what: `${classes[group]}, image ${numbers[i]}`,
      })),
    });
  return [
    text(
      `What ${layer} gives for ${count(labels.length)} ${what}, in the plane. Of their ${own.neighbours} nearest ` +
        `neighbours most are of their own class for ${percent(own.neighbourAccuracy, 0)} of the images, ` +
        `${percent(own.umap.neighbourAccuracy, 0)} in UMAP's plane and ${percent(own.pca.neighbourAccuracy, 0)} in that ` +
        'of the two principal components.',
    ),
    charts(
      chart(`UMAP of ${own.of}`, own.umap),
      chart(`PCA of ${own.of}`, own.pca),
      ...embeddings.slice(1).map(other => chart(`UMAP of ${other.of}`, other.umap)),
    ),
    {
      kind: 'table',
      name: 'What the pictures keep',
      head: [
        '',
        'own class',
        'in the UMAP',
        'in the PCA',
        'UMAP trusted',
        'PCA trusted',
        'variance',
        'shuffled labels',
      ],
      rows: embeddings.map(found => [
        found.of,
        ...[found.neighbourAccuracy, found.umap.neighbourAccuracy, found.pca.neighbourAccuracy].map(v => percent(v, 1)),
        ...[found.umap.trustworthiness, found.pca.trustworthiness].map(value => value.toFixed(2)),
        percent(found.pca.explained[0] + found.pca.explained[1], 0),
        percent(found.shuffledNeighbourAccuracy, 1),
      ]),
    },
    muted(
      `Own class: share of images of whose ${own.neighbours} nearest neighbours most are of their class, among the ` +
        'features and in each plane. Trusted: trustworthiness, 1 where neighbours in the plane are neighbours among the ' +
        'features, about 0.5 by chance. Variance: share of it that the two principal components have. In a plane by UMAP ' +
        'neither distances between groups nor their sizes mean anything. Controls: random weights, the pixels, and ' +
        'shuffled labels.',
    ),
  ];
}
