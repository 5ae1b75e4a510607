import { ShapeError } from '../platform/errors.ts';

/** Numbers of some examples on the host, a row for each, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns]. */
  readonly values: Float32Array;
}

/** @throws ShapeError when the values do not fill whole rows. */
export function toMatrix(values: Float32Array, columns: number): Matrix {
  const rows = values.length / columns;
  if (!Number.isInteger(rows) || rows < 1) {
    throw new ShapeError(`matrix: ${values.length} values are no whole rows of ${columns}`);
  }
  return { rows, columns, values };
}

/** Some rows, in this order. */
export function takeRows({ columns, values }: Matrix, rows: ArrayLike<number>): Matrix {
  const taken = new Float32Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) {
    taken.set(values.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), i * columns);
  }
  return toMatrix(taken, columns);
}

/** The rows of one matrix, then those of another. @throws ShapeError when they are not of one width. */
export function stack(a: Matrix, b: Matrix): Matrix {
  if (a.columns !== b.columns) throw new ShapeError(`matrix: rows of ${a.columns} and of ${b.columns} do not stack`);
  const values = new Float32Array(a.values.length + b.values.length);
  values.set(a.values);
  values.set(b.values, a.values.length);
  return toMatrix(values, a.columns);
}

/** The mean of each column, in float64. */
export function columnMeans({ rows, columns, values }: Matrix): Float64Array {
  const means = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) means[i % columns]! += values[i]!;
  return means.map(sum => sum / rows);
}

/** What is subtracted from each column and what it is then multiplied by. */
export interface Scaling {
  readonly mean: Float64Array;
  readonly factor: Float64Array;
}

/** Makes each column of `matrix` have mean 0 and variance 1; one that does not vary becomes 0. */
export function standardScaling(matrix: Matrix): Scaling {
  const { rows, columns, values } = matrix;
  const mean = columnMeans(matrix);
  const squares = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) squares[i % columns]! += (values[i]! - mean[i % columns]!) ** 2;
  const factor = squares.map((sum, c) => {
    const deviation = Math.sqrt(sum / rows);
    // Less than what rounding to float32 makes of a constant.
    return deviation > 1e-6 * Math.abs(mean[c]!) && deviation > 0 ? 1 / deviation : 0;
  });
  return { mean, factor };
}

export function rescale({ columns, values }: Matrix, { mean, factor }: Scaling): Matrix {
  return toMatrix(
    values.map((value, i) => (value - mean[i % columns]!) * factor[i % columns]!),
    columns,
  );
}
