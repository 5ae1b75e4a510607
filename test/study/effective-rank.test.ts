import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { NumericError, ShapeError } from '../../src/platform/errors.ts';
import { effectiveRank, singularValues } from '../../src/study/effective-rank.ts';
import { symmetricEigenvalues } from '../../src/study/eigenvalues.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { gpuEngine } from '../support/engine.ts';

/** Products of plane rotations: an orthogonal matrix whose entries are all in use. */
function rotation(n: number, random: Sampler): number[][] {
  const q = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)));
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const angle = random.uniform(0, 2 * Math.PI);
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (const row of q) [row[i], row[j]] = [c * row[i]! - s * row[j]!, s * row[i]! + c * row[j]!];
    }
  }
  return q;
}

/** U diag(values) V', row-major. */
function withSingularValues(values: readonly number[], rows: number, random: Sampler): Float64Array {
  const n = values.length;
  const [u, v] = [rotation(rows, random), rotation(n, random)];
  return Float64Array.from({ length: rows * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return values.reduce((sum, value, k) => sum + u[i]![k]! * value * v[j]![k]!, 0);
  });
}

describe('eigenvalues of a symmetric matrix', () => {
  it('are those that it was made with', () => {
    const random = new Sampler(3);
    for (const n of [1, 2, 3, 8, 33]) {
      // With equal ones, zeros and both signs among them.
      const wanted = Array.from({ length: n }, (_, i) => [7, 7, 0, -2, random.normal()][i % 5]!);
      const q = rotation(n, random);
      const matrix = Float64Array.from({ length: n * n }, (_, at) =>
        wanted.reduce((sum, value, k) => sum + q[Math.floor(at / n)]![k]! * value * q[at % n]![k]!, 0),
      );
      const found = symmetricEigenvalues(matrix, n);
      for (const [k, value] of wanted.sort((a, b) => b - a).entries()) expect(found[k]).toBeCloseTo(value, 11);
    }
  });

  it('keep trace and sum of squares of a random matrix', () => {
    const random = new Sampler(5);
    const n = 60;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = random.normal();
    const found = symmetricEigenvalues(matrix, n);
    const trace = Array.from({ length: n }, (_, i) => matrix[i * n + i]!).reduce((a, b) => a + b);
    expect(found.reduce((a, b) => a + b)).toBeCloseTo(trace, 10);
    expect(found.reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(
      matrix.reduce((sum, value) => sum + value ** 2, 0),
      8,
    );
  });

  it('are refused for what is not square or not finite', () => {
    expect(() => symmetricEigenvalues([1, 2], 2)).toThrow(ShapeError);
    expect(() => symmetricEigenvalues([1, Number.NaN, Number.NaN, 1], 2)).toThrow(NumericError);
  });
});

describe('effective rank', () => {
  it('is n for n equal singular values, 1 for one, 0 for none', () => {
    expect(effectiveRank([1, 1, 1, 1])).toBeCloseTo(4, 12);
    expect(effectiveRank([3, 0, 0])).toBe(1);
    expect(effectiveRank([0, 0])).toBe(0);
    // exp(-(0.75 ln 0.75 + 0.25 ln 0.25))
    expect(effectiveRank([3, 1])).toBeCloseTo(1.754765, 6);
  });

  const engines = [
    ['reference', async () => Engine.reference(), 6],
    ['GPU', gpuEngine, 3],
  ] as const;
  for (const [name, open, digits] of engines) {
    describe(`on the ${name} engine`, () => {
      it('is n for the identity and 1 for an outer product', async () => {
        const engine = await open();
        const n = 24;
        using identity = engine.tensor(
          Float32Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)),
          [n, n],
        );
        expect(effectiveRank(await singularValues(identity))).toBeCloseTo(n, 6);
        const random = new Sampler(1);
        const [a, b] = [random.normals(40), random.normals(n)];
        using outer = engine.tensor(
          Float64Array.from({ length: 40 * n }, (_, i) => a[Math.floor(i / n)]! * b[i % n]!),
          [40, n],
        );
        expect(effectiveRank(await singularValues(outer))).toBeCloseTo(1, 2);
      });

      it('does not change by rotation, scale or transposition, and sees the values that were put in', async () => {
        const engine = await open();
        const random = new Sampler(7);
        const wanted = [8, 4, 4, 2, 1];
        const values = withSingularValues(wanted, 9, random);
        using tall = engine.tensor(values, [9, 5]);
        using wide = engine.tensor(
          Float64Array.from({ length: 45 }, (_, i) => -3 * values[(i % 9) * 5 + Math.floor(i / 9)]!),
          [5, 9],
        );
        const found = await singularValues(tall);
        for (const [k, value] of wanted.entries()) expect(found[k]).toBeCloseTo(value, digits);
        expect(effectiveRank(await singularValues(wide))).toBeCloseTo(effectiveRank(wanted), digits);
      });

      it('sees only differences between rows when centred', async () => {
        const engine = await open();
        // Every row is (10, 20, 30) plus a multiple of (1, 0, -1).
        const rows = Array.from({ length: 12 }, (_, i) => [10 + i, 20, 30 - i]).flat();
        using x = engine.tensor(rows, [12, 3]);
        expect(effectiveRank(await singularValues(x, { centred: true }))).toBeCloseTo(1, 3);
        expect(effectiveRank(await singularValues(x))).toBeGreaterThan(1.1);
      });
    });
  }

  it('is refused for what is no matrix', async () => {
    using engine = Engine.reference();
    await expect(singularValues(engine.zeros([2, 2, 2]))).rejects.toThrow(ShapeError);
  });
});
