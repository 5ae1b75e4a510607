import { NumericError, ShapeError } from '../platform/errors.ts';

/** Turns of the QL iteration for one eigenvalue; three are usual. */
const TURNS = 60;

/**
 * Eigenvalues of a real symmetric matrix, largest first, in float64: Householder's reduction to three diagonals, then the
 * QL iteration with implicit shifts (J. Wilkinson, C. Reinsch, "Linear Algebra", 1971: tred1, imtql1). About 4/3 n^3
 * multiply-adds: a matrix of 512 takes a fraction of a second. Only the lower triangle is read. (`jacobi.ts` finds vectors
 * too, for many times the work.)
 *
 * @param matrix [n, n], row-major.
 * @throws ShapeError when it is not square; NumericError when it holds NaN or infinity.
 */
export function symmetricEigenvalues(matrix: ArrayLike<number>, n: number): Float64Array {
  if (!Number.isInteger(n) || n < 1 || matrix.length !== n * n) {
    throw new ShapeError(`eigenvalues: ${matrix.length} values are no matrix of ${n} x ${n}`);
  }
  const values = Float64Array.from(matrix);
  if (!values.every(Number.isFinite)) {
    throw new NumericError('eigenvalues: the matrix holds NaN or infinity; look for where they came from');
  }
  const { diagonal, beside } = tridiagonalise(values, n);
  diagonaliseByQl(diagonal, beside);
  return diagonal.sort((a, b) => b - a);
}

/** The same eigenvalues with all else outside three diagonals gone. `beside[i]` stands between i - 1 and i. */
function tridiagonalise(a: Float64Array, n: number): { diagonal: Float64Array; beside: Float64Array } {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    const row = a.subarray(i * n, i * n + i);
    let norm = 0;
    for (const value of row) norm = Math.hypot(norm, value);
    diagonal[i] = a[i * n + i]!;
    if (norm === 0) continue;
    // The mirror that takes the row to a multiple of its last axis; the sign avoids a difference of near numbers.
    const last = row[i - 1]!;
    const image = last >= 0 ? -norm : norm;
    beside[i] = image;
    row[i - 1] = last - image;
    const half = norm * (norm + Math.abs(last));
    // p = A v / h, q = p - (v . p / 2 h) v, A -= v q' + q v'.
    const p = new Float64Array(i);
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let k = 0; k <= j; k++) sum += a[j * n + k]! * row[k]!;
      for (let k = j + 1; k < i; k++) sum += a[k * n + j]! * row[k]!;
      p[j] = sum / half;
    }
    let along = 0;
    for (let j = 0; j < i; j++) along += row[j]! * p[j]!;
    along /= 2 * half;
    for (let j = 0; j < i; j++) p[j] = p[j]! - along * row[j]!;
    for (let j = 0; j < i; j++) {
      for (let k = 0; k <= j; k++) a[j * n + k] = a[j * n + k]! - row[j]! * p[k]! - p[j]! * row[k]!;
    }
  }
  diagonal[0] = a[0]!;
  return { diagonal, beside };
}

/** Leaves the eigenvalues in `diagonal`, in no order. */
function diagonaliseByQl(diagonal: Float64Array, beside: Float64Array): void {
  const n = diagonal.length;
  beside.copyWithin(0, 1);
  beside[n - 1] = 0;
  for (let low = 0; low < n; low++) {
    for (let turn = 0; ; turn++) {
      let high = low;
      while (high < n - 1 && !isNegligible(beside[high]!, diagonal[high]!, diagonal[high + 1]!)) high++;
      if (high === low) break;
      if (turn === TURNS) throw new NumericError(`eigenvalues: no convergence in ${TURNS} turns; this is a defect`);
      // Wilkinson's shift.
      let g = (diagonal[low + 1]! - diagonal[low]!) / (2 * beside[low]!);
      let r = Math.hypot(g, 1);
      g = diagonal[high]! - diagonal[low]! + beside[low]! / (g + (g >= 0 ? r : -r));
      let [sine, cosine, shifted] = [1, 1, 0];
      let i = high - 1;
      for (; i >= low; i--) {
        const f = sine * beside[i]!;
        const b = cosine * beside[i]!;
        r = Math.hypot(f, g);
        beside[i + 1] = r;
        if (r === 0) {
          diagonal[i + 1] = diagonal[i + 1]! - shifted;
          beside[high] = 0;
          break;
        }
        sine = f / r;
        cosine = g / r;
        g = diagonal[i + 1]! - shifted;
        r = (diagonal[i]! - g) * sine + 2 * cosine * b;
        shifted = sine * r;
        diagonal[i + 1] = g + shifted;
        g = cosine * r - b;
      }
      if (r === 0 && i >= low) continue;
      diagonal[low] = diagonal[low]! - shifted;
      beside[low] = g;
      beside[high] = 0;
    }
  }
}

const isNegligible = (value: number, a: number, b: number) =>
  Math.abs(value) <= Number.EPSILON * (Math.abs(a) + Math.abs(b));
