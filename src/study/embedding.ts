/**
 * Features of many pictures as points in the plane: by their two principal components, which keep large distances, and by
 * UMAP (L. McInnes, J. Healy, J. Melville, 2018), which keeps neighbourhoods and means nothing by distances between groups.
 * How far to believe the picture is said beside it: which share of the neighbours is right, and whether the classes are told
 * apart in the plane as well as among the features themselves.
 */
import { Sampler } from '../kernels/sampler.ts';
import { ValueError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import { type Matrix, toMatrix } from './matrix.ts';
import { neighbourAccuracy, neighbourOrder, trustworthiness } from './neighbours.ts';
import { principalComponents, project } from './pca.ts';

/** Points in the plane, and what they are worth. */
export interface Plane {
  /** [rows, 2]. */
  readonly points: Matrix;
  /** Share of points whose class is that of most of their nearest neighbours in the plane. */
  readonly neighbourAccuracy: number;
  /** See `trustworthiness`: 1 at best, about 0.5 for points at random. */
  readonly trustworthiness: number;
}

export interface Embedding {
  readonly pca: Plane & {
    /** Shares of the variance that the two components have. */
    readonly explained: readonly [number, number];
  };
  readonly umap: Plane;
  /** The same share among the features themselves, of which a plane can only lose. */
  readonly neighbourAccuracy: number;
  /** Control: with the labels in another order. */
  readonly shuffledNeighbourAccuracy: number;
  /** Neighbours that vote, and that trustworthiness counts. */
  readonly neighbours: number;
}

export interface EmbeddingOptions {
  /** Neighbours of UMAP. Default 15. */
  readonly umapNeighbours?: number;
  /** How close UMAP puts points. Default 0.1. */
  readonly minimumDistance?: number;
  /** Components that UMAP is given in place of the features. Default 50. */
  readonly components?: number;
  /** Neighbours that vote. Default 10. */
  readonly neighbours?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** @param labels of the rows. @throws ValueError with fewer rows than UMAP has neighbours. */
export async function embed(
  engine: Engine,
  features: Matrix,
  labels: ArrayLike<number>,
  options: EmbeddingOptions = {},
): Promise<Embedding> {
  const { components = 50, neighbours = 10, seed = 1 } = options;
  const count = Math.min(components, features.columns, features.rows - 1);
  const pca = await principalComponents(engine, features, { count, seed });
  const projected = await project(engine, pca, features);
  const own = neighbourOrder(features);
  const plane = (points: Matrix): Plane => {
    const order = neighbourOrder(points);
    return {
      points,
      neighbourAccuracy: neighbourAccuracy(order, labels, neighbours),
      trustworthiness: trustworthiness(own, order, neighbours),
    };
  };
  const share = (i: number) => (pca.variances[i] ?? 0) / pca.totalVariance;
  return {
    pca: { ...plane(firstTwo(projected)), explained: [share(0), share(1)] },
    umap: plane(await umap(projected, options)),
    neighbourAccuracy: neighbourAccuracy(own, labels, neighbours),
    shuffledNeighbourAccuracy: neighbourAccuracy(own, shuffled(labels, seed), neighbours),
    neighbours,
  };
}

type UmapJs = typeof import('umap-js');

/**
 * Loaded by those who use it: whoever imports the library need not wait for it. It is CommonJS, of which some loaders give the
 * names and others, such as bundlers that split code, only the whole as default export.
 */
async function loadUmap(): Promise<UmapJs> {
  const loaded = (await import('umap-js')) as UmapJs & { readonly default?: UmapJs };
  return loaded.UMAP ? loaded : loaded.default!;
}

/** Rows as points in the plane by UMAP. The same seed gives the same points. @throws ValueError with too few rows. */
export async function umap(matrix: Matrix, options: EmbeddingOptions = {}): Promise<Matrix> {
  const { umapNeighbours = 15, minimumDistance = 0.1, seed = 1 } = options;
  const { rows, columns, values } = matrix;
  if (rows <= umapNeighbours) {
    throw new ValueError(`UMAP: ${rows} rows for ${umapNeighbours} neighbours; give more rows, or fewer neighbours`);
  }
  const { UMAP } = await loadUmap();
  const random = new Sampler(seed);
  const fit = new UMAP({
    nNeighbors: umapNeighbours,
    minDist: minimumDistance,
    random: () => random.uniform(),
  });
  const points = fit.fit(
    Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns))),
  );
  return toMatrix(Float32Array.from(points.flat()), 2);
}

function firstTwo({ rows, columns, values }: Matrix): Matrix {
  const points = new Float32Array(2 * rows);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < Math.min(2, columns); k++) points[2 * i + k] = values[i * columns + k]!;
  }
  return toMatrix(points, 2);
}

function shuffled(labels: ArrayLike<number>, seed: number): number[] {
  const random = new Sampler(seed);
  const order = Array.from(labels, label => ({ label, key: random.uniform() }));
  return order.sort((a, b) => a.key - b.key).map(({ label }) => label);
}
