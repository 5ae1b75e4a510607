import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { minimise } from '../../src/study/lbfgs.ts';
import { type LogisticFit, LogisticRegression } from '../../src/study/logistic.ts';
import { type Matrix, toMatrix } from '../../src/study/matrix.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { gpuEngine } from '../support/engine.ts';

const CLASSES = 3;

/** Normal features, and labels drawn from the probabilities that planted weights say. */
function planted(rows: number, columns: number, seed = 1) {
  const random = new Sampler(seed);
  const truth = Float64Array.from({ length: columns * CLASSES }, () => random.normal());
  const features = toMatrix(Float32Array.from(random.normals(rows * columns)), columns);
  const labels = Array.from({ length: rows }, (_, i) => {
    const p = softmax(features, { parameters: Float64Array.of(...truth, 0, 0, 0) }, i);
    let u = random.uniform();
    return p.findIndex(share => (u -= share) < 0);
  });
  return { features, labels: labels.map(label => Math.max(0, label)), truth };
}

function softmax({ columns, values }: Matrix, { parameters }: Pick<LogisticFit, 'parameters'>, row: number): number[] {
  const z = Array.from({ length: CLASSES }, (_, c) => {
    let sum = parameters[columns * CLASSES + c]!;
    for (let k = 0; k < columns; k++) sum += values[row * columns + k]! * parameters[k * CLASSES + c]!;
    return Math.exp(sum);
  });
  const total = z.reduce((a, b) => a + b);
  return z.map(value => value / total);
}

/** X^T (p - onehot) / n + l2 W, and mean(p - onehot) for the bias: what must be 0 at the optimum. Computed apart. */
function gradientOf(features: Matrix, labels: readonly number[], fit: LogisticFit, l2: number): number[] {
  const { rows, columns, values } = features;
  const gradient = new Array<number>(fit.parameters.length).fill(0);
  for (let i = 0; i < rows; i++) {
    softmax(features, fit, i).forEach((p, c) => {
      const error = (p - Number(c === labels[i])) / rows;
      for (let k = 0; k < columns; k++) gradient[k * CLASSES + c]! += error * values[i * columns + k]!;
      gradient[columns * CLASSES + c]! += error;
    });
  }
  return gradient.map((g, i) => (i < columns * CLASSES ? g + l2 * fit.parameters[i]! : g));
}

describe('logistic regression', () => {
  it('ends where the gradient, computed apart, is 0: the only optimum of a convex loss', async () => {
    const { features, labels } = planted(60, 4);
    using engine = Engine.reference();
    using regression = new LogisticRegression(engine, features, labels, CLASSES);
    for (const l2 of [1, 1e-2, 1e-4]) {
      const fit = await regression.fit({ l2, tolerance: 1e-9 });
      expect(fit.gradient).toBeLessThan(1e-8);
      for (const g of gradientOf(features, labels, fit, l2)) expect(Math.abs(g)).toBeLessThan(2e-8);
    }
  });

  it('comes out the same from wherever it begins', async () => {
    const { features, labels } = planted(60, 4, 2);
    using engine = Engine.reference();
    using regression = new LogisticRegression(engine, features, labels, CLASSES);
    const plain = await regression.fit({ l2: 1e-2, tolerance: 1e-9 });
    const random = new Sampler(9);
    const parameters = Float64Array.from(plain.parameters, () => 3 * random.normal());
    const other = await regression.fit({ l2: 1e-2, tolerance: 1e-9, start: { ...plain, parameters } });
    other.parameters.slice(0, 12).forEach((w, i) => {
      expect(w).toBeCloseTo(plain.parameters[i]!, 6);
    });
  });

  it('finds planted weights again, and keeps them smaller with a larger penalty', async () => {
    const { features, labels, truth } = planted(4000, 3, 3);
    const engine = await gpuEngine();
    using regression = new LogisticRegression(engine, features, labels, CLASSES);
    const free = await regression.fit({ l2: 1e-5 });
    expect(free.gradient).toBeLessThan(1e-4);
    // Logits are known up to what all classes have in common.
    const own = (weights: ArrayLike<number>, k: number, c: number) =>
      weights[k * CLASSES + c]! - (weights[k * CLASSES]! + weights[k * CLASSES + 1]! + weights[k * CLASSES + 2]!) / 3;
    for (let k = 0; k < 3; k++) {
      for (let c = 0; c < CLASSES; c++) {
        expect(Math.abs(own(free.parameters, k, c) - own(truth, k, c))).toBeLessThan(0.2);
      }
    }
    const held = await regression.fit({ l2: 1, start: free });
    const norm = (fit: LogisticFit) => Math.hypot(...fit.parameters.slice(0, 9));
    expect(norm(held)).toBeLessThan(norm(free) / 3);
  });

  it('gives logits of other rows', async () => {
    const { features, labels } = planted(50, 3);
    using engine = Engine.reference();
    using regression = new LogisticRegression(engine, features, labels, CLASSES);
    const fit = await regression.fit({ l2: 0.1 });
    const logits = await regression.logits(fit, toMatrix(Float32Array.of(0, 0, 0), 3));
    logits.forEach((z, c) => {
      expect(z).toBeCloseTo(fit.parameters[9 + c]!, 6);
    });
  });

  it('refuses labels that do not fit', async () => {
    using engine = Engine.reference();
    const features = toMatrix(new Float32Array(4), 2);
    expect(() => new LogisticRegression(engine, features, [0], CLASSES)).toThrow(ShapeError);
    expect(() => new LogisticRegression(engine, features, [0, 3], CLASSES)).toThrow(ValueError);
    expect(() => toMatrix(new Float32Array(5), 2)).toThrow(ShapeError);
  });
});

it("finds the minimum of Rosenbrock's valley", async () => {
  const fn = async ([x, y]: Float64Array) => ({
    value: (1 - x!) ** 2 + 100 * (y! - x! * x!) ** 2,
    gradient: Float64Array.of(-2 * (1 - x!) - 400 * x! * (y! - x! * x!), 200 * (y! - x! * x!)),
  });
  const { point, iterations } = await minimise(fn, Float64Array.of(-1.2, 1), { tolerance: 1e-8 });
  expect(point[0]).toBeCloseTo(1, 6);
  expect(point[1]).toBeCloseTo(1, 6);
  expect(iterations).toBeLessThan(60);
});
