import { matmulKernel } from '../../kernels/matmul.ts';
import { ShapeError } from '../../platform/errors.ts';
import type { Tensor } from '../tensor.ts';
import type { OpExample } from './registry.ts';

export interface MatmulOptions {
  /** Take a as stored [K, M]. */
  transposeA?: boolean;
  /** Take b as stored [N, K]. */
  transposeB?: boolean;
}

/**
 * Matrix product [M, K] x [K, N] -> [M, N].
 * @throws ShapeError when an operand is not a matrix or the inner dimensions differ.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA: ta = false, transposeB: tb = false } = options;
  if (a.rank !== 2 || b.rank !== 2) throw new ShapeError(`matmul: both operands must be matrices, got ${a} and ${b}`);
  const [m, k] = ta ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [kb, n] = tb ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (k !== kb) {
    throw new ShapeError(
      `matmul: inner dimensions differ: ${a}${ta ? ' transposed' : ''} times ${b}${tb ? ' transposed' : ''}`,
    );
  }
  const out = product(a, b, m, n, k, ta, tb);
  return a.engine.record('matmul', [a, b], out, ({ dy, needs, into }) => [
    // C = A B: dA = dC B^T, dB = A^T dC. An operand that is stored transposed wants its gradient transposed too.
    needs[0] && (ta ? product(b, dy, k, m, n, tb, true, into[0]) : product(dy, b, m, k, n, false, !tb, into[0])),
    needs[1] && (tb ? product(dy, a, n, k, m, true, ta, into[1]) : product(a, dy, k, n, m, !ta, false, into[1])),
  ]);
}

/** [m, k] x [k, n], either operand stored transposed. */
function product(
  a: Tensor,
  b: Tensor,
  m: number,
  n: number,
  k: number,
  ta: boolean,
  tb: boolean,
  into?: Tensor,
): Tensor {
  const p = { m, n, k, ta: Number(ta), tb: Number(tb), bias: 0, relu: 0, accumulate: 0 };
  return a.engine.run(matmulKernel, p, { a, b }, { out: into }).out!;
}

export const matmulExample: OpExample = {
  name: 'matmul',
  draw: r => {
    const [m, n, k] = [r.int(1, 6), r.int(1, 6), r.int(1, 6)];
    const options = { transposeA: r.int(0, 1) === 1, transposeB: r.int(0, 1) === 1 };
    return {
      inputs: [options.transposeA ? [k, m] : [m, k], options.transposeB ? [n, k] : [k, n]],
      apply: ([a, b]) => matmul(a!, b!, options),
    };
  },
};
