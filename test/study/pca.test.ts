import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { NumericError, ShapeError, ValueError } from '../../src/platform/errors.ts';
import { symmetricEigen } from '../../src/study/jacobi.ts';
import { type Matrix, toMatrix } from '../../src/study/matrix.ts';
import { principalComponents, project, projectionLayer } from '../../src/study/pca.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { gpuEngine } from '../support/engine.ts';

/** Rows with variance 16 along the first of two hidden directions, 4 along the other, and 0.01 everywhere, around a mean. */
function planted(rows: number, columns: number): { matrix: Matrix; directions: number[][] } {
  const random = new Sampler(1);
  const first = Array.from({ length: columns }, (_, k) => Number(k < columns / 2));
  const second = first.map((value, k) => (value === 1 ? 0 : k % 2 === 0 ? 1 : -1));
  const directions = [first, second].map(d => d.map(value => value / Math.hypot(...d)));
  const values = Array.from({ length: rows }, () => {
    const [a, b] = [4 * random.normal(), 2 * random.normal()];
    return first.map((_, k) => 5 + a * directions[0]![k]! + b * directions[1]![k]! + 0.1 * random.normal());
  });
  return { matrix: toMatrix(Float32Array.from(values.flat()), columns), directions };
}

const row = ({ columns, values }: Matrix, i: number) => Array.from(values.subarray(i * columns, (i + 1) * columns));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, k) => sum + value * b[k]!, 0);

describe.each([
  ['covariance', 300, 40],
  ['inner products of rows', 60, 200],
])('principal components by %s', (_, rows, columns) => {
  it('finds planted directions and their variances', async () => {
    const { matrix, directions } = planted(rows, columns);
    const found = await principalComponents(await gpuEngine(), matrix, { count: 3 });
    expect(Math.abs(dot(row(found.components, 0), directions[0]!))).toBeGreaterThan(0.95);
    expect(Math.abs(dot(row(found.components, 1), directions[1]!))).toBeGreaterThan(0.95);
    expect(Math.abs(found.variances[0]! / 16 - 1)).toBeLessThan(0.5);
    expect(Math.abs(found.variances[1]! / 4 - 1)).toBeLessThan(0.5);
    expect(found.variances[2]!).toBeLessThan(0.1);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        expect(dot(row(found.components, i), row(found.components, j))).toBeCloseTo(Number(i === j), 4);
      }
    }
  });

  it('gives coordinates that are uncorrelated, with those variances, and lose nothing when all are kept', async () => {
    const { matrix } = planted(24, 6 + (columns > rows ? 30 : 0));
    using engine = Engine.reference();
    const count = Math.min(matrix.columns, 23);
    const found = await principalComponents(engine, matrix, { count, tolerance: 1e-12 });
    const points = await project(engine, found, matrix);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let r = 0; r < 24; r++) sum += points.values[r * count + i]! * points.values[r * count + j]!;
        expect(sum / 23).toBeCloseTo(i === j ? found.variances[i]! : 0, 3);
      }
    }
    expect(found.variances.reduce((a, b) => a + b)).toBeCloseTo(found.totalVariance, 3);
    const back = row(found.components, 0).map((_, k) =>
      row(points, 5).reduce((sum, value, i) => sum + value * row(found.components, i)[k]!, found.mean[k]!),
    );
    back.forEach((value, k) => {
      expect(value).toBeCloseTo(row(matrix, 5)[k]!, 3);
    });
  });
});

it('is a dense layer', async () => {
  const { matrix } = planted(40, 8);
  using engine = Engine.reference();
  const found = await principalComponents(engine, matrix, { count: 3 });
  const points = await project(engine, found, matrix);
  const { kernel, bias } = projectionLayer(found);
  for (let i = 0; i < 3; i++) {
    const sum = row(matrix, 7).reduce((total, value, k) => total + value * kernel[k * 3 + i]!, bias[i]!);
    expect(sum).toBeCloseTo(points.values[7 * 3 + i]!, 4);
  }
});

it('refuses more components than there are, and rows of another width', async () => {
  const { matrix } = planted(5, 8);
  using engine = Engine.reference();
  await expect(principalComponents(engine, matrix, { count: 5 })).rejects.toThrow(ValueError);
  const found = await principalComponents(engine, matrix, { count: 2 });
  await expect(project(engine, found, toMatrix(new Float32Array(6), 3))).rejects.toThrow(ShapeError);
});

describe('eigenvectors of a symmetric matrix', () => {
  it('solve A v = lambda v, are orthonormal, and come by size', () => {
    const random = new Sampler(8);
    const n = 12;
    const a = Array.from({ length: n }, () => new Array<number>(n).fill(0));
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i]![j] = a[j]![i] = random.normal();
    const { values, vectors } = symmetricEigen(a.flat(), n);
    for (let e = 0; e < n; e++) {
      const v = Array.from(vectors.subarray(e * n, (e + 1) * n));
      for (let i = 0; i < n; i++) expect(dot(a[i]!, v)).toBeCloseTo(values[e]! * v[i]!, 10);
      expect(dot(v, v)).toBeCloseTo(1, 12);
      if (e > 0) expect(values[e]!).toBeLessThanOrEqual(values[e - 1]!);
    }
    expect(() => symmetricEigen([1, Number.NaN, Number.NaN, 1], 2)).toThrow(NumericError);
  });

  it('take a diagonal matrix as it is, equal values and zeros too', () => {
    const { values, vectors } = symmetricEigen([2, 0, 0, 0, 5, 0, 0, 0, 2], 3);
    expect([...values]).toEqual([5, 2, 2]);
    expect([...vectors.subarray(0, 3)]).toEqual([0, 1, 0]);
    expect([...symmetricEigen([0, 0, 0, 0], 2).values]).toEqual([0, 0]);
  });
});
