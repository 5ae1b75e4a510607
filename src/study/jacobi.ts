import { NumericError } from '../platform/errors.ts';

/** Eigenvalues of a symmetric matrix, largest first, with their eigenvectors. */
export interface Eigen {
  readonly values: Float64Array;
  /** [n, n]: row i is the unit eigenvector of value i. */
  readonly vectors: Float64Array;
}

const SWEEPS = 60;

/**
 * All eigenvalues and eigenvectors of a symmetric matrix [n, n], by Jacobi's rotations in cyclic order: slow for large n,
 * accurate to the last digits for all. The vectors' signs are such that their largest component is positive.
 * @throws NumericError when an element is not finite.
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): Eigen {
  const a = Float64Array.from(matrix);
  if (!a.every(Number.isFinite)) throw new NumericError('eigenvalues: the matrix holds a value that is not finite');
  // Rows are the vectors so far: a rotation mixes two contiguous rows.
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < SWEEPS && rotateAll(a, v, n) > 0; sweep++);
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    const row = v.subarray(from * n, (from + 1) * n);
    const largest = row.reduce((most, x) => (Math.abs(x) > Math.abs(most) + 1e-12 ? x : most), 0);
    vectors.set(largest < 0 ? row.map(x => -x) : row, to * n);
  });
  return { values: Float64Array.from(order, i => a[i * n + i]!), vectors };
}

/** One rotation for each pair that is not zero beside its diagonal; how many there were. */
function rotateAll(a: Float64Array, v: Float64Array, n: number): number {
  let rotations = 0;
  for (let p = 0; p < n; p++) {
    for (let q = p + 1; q < n; q++) {
      const beside = a[p * n + q]!;
      const [app, aqq] = [a[p * n + p]!, a[q * n + q]!];
      if (Math.abs(beside) <= 1e-14 * Math.sqrt(Math.abs(app * aqq)) || beside === 0) continue;
      rotations++;
      const theta = (aqq - app) / (2 * beside);
      const tangent = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
      const cosine = 1 / Math.hypot(tangent, 1);
      const sine = tangent * cosine;
      rotateRows(a, n, p, q, cosine, sine);
      for (let i = 0; i < n; i++) {
        const [x, y] = [a[i * n + p]!, a[i * n + q]!];
        a[i * n + p] = cosine * x - sine * y;
        a[i * n + q] = sine * x + cosine * y;
      }
      a[p * n + q] = 0;
      a[q * n + p] = 0;
      rotateRows(v, n, p, q, cosine, sine);
    }
  }
  return rotations;
}

function rotateRows(a: Float64Array, n: number, p: number, q: number, cosine: number, sine: number): void {
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[p * n + i]!, a[q * n + i]!];
    a[p * n + i] = cosine * x - sine * y;
    a[q * n + i] = sine * x + cosine * y;
  }
}
