/**
 * How many directions a matrix really uses. The effective rank is exp(H), H the entropy (in nats) of the singular values
 * over their sum: O. Roy, M. Vetterli, "The effective rank: a measure of effective dimensionality" (EUSIPCO 2007). It is
 * n for n equal singular values and 1 for a single one.
 */
import { ShapeError } from '../platform/errors.ts';
import { matmul, mean, sub } from '../tensor/ops/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { symmetricEigenvalues } from './eigenvalues.ts';

export interface SpectrumOptions {
  /** Takes the mean of each column away first: directions in which rows differ, not where they all lie. Default false. */
  readonly centred?: boolean;
}

/**
 * Singular values of a matrix [rows, columns], largest first, as many as its smaller side: roots of the eigenvalues of the
 * smaller Gram matrix, which the engine computes. In float32 those below 1e-3 of the largest drown in rounding, and what
 * is below the rounding of a Gram matrix of this size counts as zero.
 * @throws ShapeError when x is no matrix.
 */
export async function singularValues(x: Tensor, options: SpectrumOptions = {}): Promise<Float64Array> {
  const [rows, columns] = x.shape;
  if (x.rank !== 2 || rows === undefined || columns === undefined) {
    throw new ShapeError(`singular values: ${x} is no matrix; reshape it to [rows, columns]`);
  }
  const side = Math.min(rows, columns);
  const { engine } = x;
  const gram = await engine.scope(async () =>
    engine
      .noGrad(() => {
        const centred = options.centred ? sub(x, mean(x, { axes: 0, keepDims: true })) : x;
        return matmul(centred, centred, rows < columns ? { transposeB: true } : { transposeA: true });
      })
      .data(),
  );
  const eigenvalues = symmetricEigenvalues(gram as Float32Array, side);
  const noise = side * 2 ** -23 * Math.max(eigenvalues[0]!, 0);
  return eigenvalues.map(value => (value > noise ? Math.sqrt(value) : 0));
}

/** exp of the entropy of the singular values over their sum; 0 when all are 0. */
export function effectiveRank(singular: ArrayLike<number>): number {
  const values = Array.from(singular);
  const sum = values.reduce((a, b) => a + b, 0);
  if (sum === 0) return 0;
  const entropy = values.reduce(
    (total, value) => (value > 0 ? total - (value / sum) * Math.log(value / sum) : total),
    0,
  );
  return Math.exp(entropy);
}
