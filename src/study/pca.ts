/**
 * Principal components: the orthogonal directions in which rows of numbers differ most.
 *
 *     const pca = await principalComponents(engine, features, { count: 2 });
 *     const points = await project(engine, pca, features);                      // [rows, 2]
 *     const { kernel, bias } = projectionLayer(pca);                            // the same as a dense layer of a network
 *
 * The engine multiplies matrices, the host keeps vectors orthogonal in float64.
 */
import { Sampler } from '../kernels/sampler.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import { add, matmul } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { symmetricEigen } from './jacobi.ts';
import { columnMeans, type Matrix, toMatrix } from './matrix.ts';

export interface PrincipalComponents {
  /** Mean of every column. */
  readonly mean: Float64Array;
  /** [count, columns]: orthonormal, the direction with the largest variance first. */
  readonly components: Matrix;
  /** Of the rows along each of them. */
  readonly variances: Float64Array;
  /** Of the rows along all directions: what the variances are shares of. */
  readonly totalVariance: number;
  /** Rounds of the iteration. */
  readonly rounds: number;
}

export interface PcaOptions {
  /** How many components, at most the number of columns and one less than that of rows. */
  readonly count: number;
  /** Ends when a round changes the variance within the subspace by less than this share. Default 1e-6. */
  readonly tolerance?: number;
  /** Default 100. */
  readonly rounds?: number;
  /** Key of the directions that it begins with. Default 1. */
  readonly seed?: number;
}

/** Directions more than wanted: the iteration converges by the gap behind them. */
const EXTRA = 10;
/** Rows that are multiplied at once. */
const ROWS = 1024;

/**
 * Subspace iteration on the covariance matrix from random directions, then the eigenvectors within the subspace (H. Rutishauser,
 * 1969; N. Halko, P.-G. Martinsson, J. Tropp, "Finding Structure with Randomness", 2011). In float32 components with less
 * than about 1e-6 of the largest variance are noise. With more columns than rows the inner products of rows take the
 * place of the covariance.
 * @throws ValueError for a count that the matrix cannot give.
 */
export async function principalComponents(
  engine: Engine,
  matrix: Matrix,
  options: PcaOptions,
): Promise<PrincipalComponents> {
  const { count, seed = 1 } = options;
  const { rows, columns } = matrix;
  const most = Math.min(columns, rows - 1);
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new ValueError(`PCA: ${count} components of ${rows} rows with ${columns} columns; there are 1 to ${most}`);
  }
  const mean = columnMeans(matrix);
  let total = 0;
  for (let i = 0; i < rows * columns; i++) total += (matrix.values[i]! - mean[i % columns]!) ** 2;
  const byRows = rows < columns;
  const side = byRows ? rows : columns;
  using square = engine.keep(innerProducts(engine, matrix, mean, byRows));
  const random = new Sampler(seed);
  const width = Math.min(most, count + EXTRA);
  const start = Float64Array.from({ length: width * side }, () => random.normal());
  const { vectors, values, rounds } = await subspace(engine, square, start, width, options);
  const found = byRows
    ? await fromRows(engine, matrix, mean, vectors.subarray(0, count * side), count)
    : vectors.subarray(0, count * side);
  return {
    mean,
    components: toMatrix(Float32Array.from(found), columns),
    variances: values.slice(0, count).map(value => Math.max(0, value) / (rows - 1)),
    totalVariance: total / (rows - 1),
    rounds,
  };
}

/** Some rows of a matrix, from the mean of the columns. */
function centredRows({ columns, values }: Matrix, mean: Float64Array, start: number, end: number): Float32Array {
  return values.slice(start * columns, end * columns).map((value, i) => value - mean[i % columns]!);
}

/** Of the centred rows X: X^T X, some rows after the others, since they need not fit on the device; or X X^T. */
function innerProducts(engine: Engine, matrix: Matrix, mean: Float64Array, byRows: boolean): Tensor {
  const { rows, columns } = matrix;
  const piece = (start: number, end: number) =>
    engine.tensor(centredRows(matrix, mean, start, end), [end - start, columns]);
  if (byRows) {
    return engine.scope(() => {
      const x = piece(0, rows);
      return matmul(x, x, { transposeB: true });
    });
  }
  let sum: Tensor | undefined;
  for (let start = 0; start < rows; start += ROWS) {
    const before = sum;
    sum = engine.scope(() => {
      const x = piece(start, Math.min(rows, start + ROWS));
      const part = matmul(x, x, { transposeA: true });
      return before ? add(before, part) : part;
    });
    before?.dispose();
  }
  return sum!;
}

/** Largest eigenvalues of a symmetric matrix [n, n] and their eigenvectors, as rows; `width` rows to begin with. */
async function subspace(
  engine: Engine,
  square: Tensor,
  start: Float64Array,
  width: number,
  { tolerance = 1e-6, rounds = 100 }: PcaOptions,
) {
  const n = square.shape[0]!;
  const multiply = async (rows: Float64Array) =>
    Float64Array.from(await engine.scope(async () => matmul(engine.tensor(rows, [width, n]), square).data()));
  let basis = start;
  let before = 0;
  for (let round = 1; ; round++) {
    orthonormalise(basis, width, n);
    const image = await multiply(basis);
    let trace = 0;
    for (let i = 0; i < width; i++) trace += dot(rowOf(basis, i, n), rowOf(image, i, n));
    if (round === rounds || Math.abs(trace - before) <= tolerance * Math.abs(trace)) {
      return { ...turnToEigenvectors(basis, image, width, n), rounds: round };
    }
    before = trace;
    basis = image;
  }
}

/** Of an orthonormal basis and what the matrix makes of it (Rayleigh and Ritz). */
function turnToEigenvectors(basis: Float64Array, image: Float64Array, width: number, n: number) {
  const inner = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      // Symmetric but for rounding.
      const value = (dot(rowOf(basis, i, n), rowOf(image, j, n)) + dot(rowOf(basis, j, n), rowOf(image, i, n))) / 2;
      inner[i * width + j] = value;
      inner[j * width + i] = value;
    }
  }
  const { values, vectors } = symmetricEigen(inner, width);
  return { values, vectors: combine(vectors, basis, width, n) };
}

/** Directions among columns from those among rows: X^T u, of length 1. */
async function fromRows(
  engine: Engine,
  matrix: Matrix,
  mean: Float64Array,
  vectors: Float64Array,
  count: number,
): Promise<Float64Array> {
  const { rows, columns } = matrix;
  const product = await engine.scope(async () => {
    const x = engine.tensor(centredRows(matrix, mean, 0, rows), [rows, columns]);
    return matmul(engine.tensor(vectors, [count, rows]), x).data();
  });
  const found = Float64Array.from(product);
  orthonormalise(found, count, columns);
  return found;
}

/** Gram and Schmidt's way, twice, since once loses digits where rows are nearly alike. */
function orthonormalise(vectors: Float64Array, count: number, n: number): void {
  for (let i = 0; i < count; i++) {
    const own = rowOf(vectors, i, n);
    for (let again = 0; again < 2; again++) {
      for (let j = 0; j < i; j++) {
        const other = rowOf(vectors, j, n);
        const along = dot(own, other);
        for (let k = 0; k < n; k++) own[k]! -= along * other[k]!;
      }
      const length = Math.sqrt(dot(own, own));
      for (let k = 0; k < n; k++) own[k]! /= length || 1;
    }
  }
}

const rowOf = (vectors: Float64Array, i: number, n: number) => vectors.subarray(i * n, (i + 1) * n);

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

/** [width, width] x [width, n]. */
function combine(weights: Float64Array, basis: Float64Array, width: number, n: number): Float64Array {
  const out = new Float64Array(width * n);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) {
      const weight = weights[i * width + j]!;
      for (let k = 0; k < n; k++) out[i * n + k]! += weight * basis[j * n + k]!;
    }
  }
  return out;
}

/** Coordinates of rows along the components, from their mean: [rows, count]. @throws ShapeError for another width. */
export async function project(
  engine: Engine,
  { mean, components }: Pick<PrincipalComponents, 'mean' | 'components'>,
  matrix: Matrix,
): Promise<Matrix> {
  const { rows, columns } = matrix;
  if (columns !== components.columns) {
    throw new ShapeError(`PCA: rows of ${columns}, the components are of ${components.columns}`);
  }
  const projected = new Float32Array(rows * components.rows);
  for (let start = 0; start < rows; start += ROWS) {
    const end = Math.min(rows, start + ROWS);
    const part = await engine.scope(async () => {
      const x = engine.tensor(centredRows(matrix, mean, start, end), [end - start, columns]);
      const directions = engine.tensor(components.values, [components.rows, columns]);
      return matmul(x, directions, { transposeB: true }).data();
    });
    projected.set(part, start * components.rows);
  }
  return toMatrix(projected, components.rows);
}

/**
 * The projection as weights of a dense layer without activation, for a network whose features are to be made narrower: x
 * kernel + bias. Its kernel is [columns, count], its bias [count]; both stay as they are in training.
 */
export function projectionLayer({ mean, components }: Pick<PrincipalComponents, 'mean' | 'components'>): {
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
} {
  const { rows: count, columns, values } = components;
  const kernel = new Float32Array(columns * count);
  const bias = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let shift = 0;
    for (let k = 0; k < columns; k++) {
      kernel[k * count + i] = values[i * columns + k]!;
      shift -= mean[k]! * values[i * columns + k]!;
    }
    bias[i] = shift;
  }
  return { kernel, bias };
}
