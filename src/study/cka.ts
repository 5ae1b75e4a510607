/**
 * Centred kernel alignment: how alike two layers, of one network or of two, arrange the same pictures. 1 when one layer's
 * features are the other's turned, mirrored or scaled as a whole, 0 when they have nothing to do with each other. Linear CKA
 * of S. Kornblith et al., "Similarity of Neural Network Representations Revisited" (2019), with the unbiased HSIC of L. Song
 * et al., "Feature Selection via Dependence Maximization" (2012), added up over batches as T. Nguyen, M. Raghu, S. Kornblith,
 * "Do Wide and Deep Networks Learn the Same Things?" (2021) do. The plain, biased CKA calls any two layers alike that have
 * more features than there are pictures, even random ones.
 */
import { ShapeError } from '../platform/errors.ts';

/** An [n, n] matrix of inner products, centred so that inner products of such matrices estimate HSIC without bias. */
export interface CentredGram {
  readonly n: number;
  readonly values: Float64Array;
}

/**
 * Takes from a Gram matrix its diagonal and whatever is a sum of a term of the row and one of the column (G. Szekely,
 * M. Rizzo, 2014: "U-centred"). Adding a constant to the features changes nothing.
 * @param gram [n, n], inner products of the features of n pictures. @throws ShapeError with fewer than 4 pictures.
 */
export function centreGram(gram: ArrayLike<number>): CentredGram {
  const n = Math.sqrt(gram.length);
  if (!Number.isInteger(n) || n < 4) {
    throw new ShapeError(`CKA: ${gram.length} inner products; it needs those of at least 4 pictures, each with each`);
  }
  const sums = new Float64Array(n);
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) if (i !== j) sums[i]! += gram[i * n + j]!;
    total += sums[i]!;
  }
  const shift = total / ((n - 1) * (n - 2));
  const values = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (i !== j) values[i * n + j] = gram[i * n + j]! - (sums[i]! + sums[j]!) / (n - 2) + shift;
    }
  }
  return { n, values };
}

/** Unbiased estimate of the Hilbert-Schmidt independence criterion of the features behind two Gram matrices. */
export function hsic(a: CentredGram, b: CentredGram): number {
  if (a.n !== b.n) throw new ShapeError(`CKA: of ${a.n} and of ${b.n} pictures; it compares the same ones`);
  let sum = 0;
  for (let i = 0; i < a.values.length; i++) sum += a.values[i]! * b.values[i]!;
  return sum / (a.n * (a.n - 3));
}

/** The same pictures in another order, as the features of others: the control of a comparison. */
export function reorder({ n, values }: CentredGram, order: ArrayLike<number>): CentredGram {
  const moved = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) moved[i * n + j] = values[order[i]! * n + order[j]!]!;
  }
  return { n, values: moved };
}

/** A similarity with its standard error. */
export interface Similarity {
  /** At most 1, up to chance; NaN where a layer gives the same for all pictures. */
  readonly cka: number;
  /** By leaving out each batch in turn (jackknife); NaN with a single batch. */
  readonly error: number;
}

/** HSIC of two layers, and of each with itself, batch by batch. */
export class CkaSums {
  private readonly batches: { ab: number; aa: number; bb: number }[] = [];

  /** @param own HSIC of each with itself, when known already. */
  add(a: CentredGram, b: CentredGram, own: readonly [number, number] = [hsic(a, a), hsic(b, b)]): void {
    this.batches.push({ ab: hsic(a, b), aa: own[0], bb: own[1] });
  }

  result(): Similarity {
    const { batches } = this;
    const total = (part: 'ab' | 'aa' | 'bb') => batches.reduce((sum, batch) => sum + batch[part], 0);
    const [ab, aa, bb] = [total('ab'), total('aa'), total('bb')];
    const without = batches.map(batch => ratio(ab - batch.ab, aa - batch.aa, bb - batch.bb));
    const n = batches.length;
    const mean = without.reduce((sum, value) => sum + value, 0) / n;
    const spread = without.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { cka: ratio(ab, aa, bb), error: n > 1 ? Math.sqrt(((n - 1) / n) * spread) : Number.NaN };
  }
}

const ratio = (ab: number, aa: number, bb: number) => (aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : Number.NaN);
