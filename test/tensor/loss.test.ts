import { describe, expect, it, onTestFinished } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { DEFAULT_STEP } from '../../src/kernels/spec.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { gradients } from '../../src/tensor/autograd.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from '../../src/tensor/ops/index.ts';
import { gpuEngine, limitedEngine } from '../support/engine.ts';

interface Case {
  readonly logits: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly classes: number;
  /** Valid rows; 0: all. */
  readonly rows?: number;
  readonly labelSmoothing?: number;
  readonly classWeights?: readonly number[];
}

/** Loss, count of right rows and gradient on an engine. */
async function evaluate(engine: Engine, { logits, labels, classes, rows = 0, labelSmoothing, classWeights }: Case) {
  engine.setStep({ ...DEFAULT_STEP, rows });
  return engine.scope(async () => {
    const z = engine.tensor(logits, [labels.length, classes]).watch();
    const options: SoftmaxCrossEntropyOptions = {
      ...(labelSmoothing !== undefined && { labelSmoothing }),
      ...(classWeights && { classWeights: engine.tensor(classWeights) }),
    };
    const { loss, correct } = softmaxCrossEntropy(z, engine.tensor(labels, [labels.length], 'u32'), options);
    const [dz] = gradients(loss, [z]);
    return { loss: await loss.item(), correct: await correct.item(), dz: Array.from(await dz!.data()) };
  });
}

async function shared(): Promise<Engine> {
  const engine = await gpuEngine();
  onTestFinished(() => engine.setStep(DEFAULT_STEP));
  return engine;
}

const draw = (rows: number, classes: number, seed = 1) => {
  const random = new Sampler(seed);
  const logits = random.normals(rows * classes);
  return { logits, classes, labels: Array.from({ length: rows }, () => random.int(0, classes - 1)) };
};

describe('softmaxCrossEntropy', () => {
  it('is stable at logits of 300 and more', async () => {
    const engine = await shared();
    const result = await evaluate(engine, { logits: [300, -300, 0, -300, 300, 0], labels: [0, 0], classes: 3 });
    expect(result.loss).toBeCloseTo(300, 4);
    expect(result.correct).toBe(1);
    expect(result.dz).toEqual([0, 0, 0, -0.5, 0.5, 0]);
    const smooth = await evaluate(engine, { logits: [3e4, -3e4], labels: [1], classes: 2, labelSmoothing: 0.5 });
    expect(smooth.loss / 45_000).toBeCloseTo(1, 6);
  });

  it('leaves padded rows out of loss, count and gradient, whatever they hold', async () => {
    const engine = await shared();
    const batch = draw(7, 4);
    const padded = {
      logits: [...batch.logits, ...new Array(4).fill(Number.NaN), ...new Array(4).fill(1e30)],
      labels: [...batch.labels, 0, 99],
      classes: 4,
      rows: 7,
    };
    const [expected, actual] = [await evaluate(engine, batch), await evaluate(engine, padded)];
    expect(actual.loss).toBe(expected.loss);
    expect(actual.correct).toBe(expected.correct);
    expect(actual.dz).toEqual([...expected.dz, ...new Array(8).fill(0)]);
  });

  it('weights rows by the class of their label and divides by their number', async () => {
    const engine = await shared();
    const [a, b] = [draw(1, 3, 1), draw(1, 3, 2)];
    const classWeights = [0.5, 2, 3];
    const both = { logits: [...a.logits, ...b.logits], labels: [...a.labels, ...b.labels], classes: 3 };
    const weighted = await evaluate(engine, { ...both, classWeights });
    const [la, lb] = [(await evaluate(engine, a)).loss, (await evaluate(engine, b)).loss];
    const expected = (classWeights[a.labels[0]!]! * la + classWeights[b.labels[0]!]! * lb) / 2;
    expect(weighted.loss).toBeCloseTo(expected, 5);
  });

  it('counts the first maximum among equal logits', async () => {
    const engine = await shared();
    const equal = { logits: [1, 1, 0, 1, 1, 0], classes: 3 };
    expect((await evaluate(engine, { ...equal, labels: [0, 0] })).correct).toBe(2);
    expect((await evaluate(engine, { ...equal, labels: [1, 1] })).correct).toBe(0);
  });

  it('is NaN for a label that does not exist, and reads nothing for it', async () => {
    const engine = await shared();
    const { loss, dz, correct } = await evaluate(engine, { logits: [1, 2, 3, 4], labels: [0, 2], classes: 2 });
    expect(loss).toBeNaN();
    expect(dz.map(Number.isNaN)).toEqual([false, false, true, true]);
    expect(correct).toBe(0);
    expect((await evaluate(engine, { logits: [1, 2], labels: [0xffffffff], classes: 2 })).loss).toBeNaN();
  });

  it('does not hide a NaN among the logits', async () => {
    for (const at of [0, 1, 2]) {
      const logits = [1, 2, 3].map((z, i) => (i === at ? Number.NaN : z));
      expect((await evaluate(await shared(), { logits, labels: [1], classes: 3 })).loss).toBeNaN();
    }
  });

  for (const [rows, classes] of [
    [128, 10],
    [3000, 10],
    [9, 1001],
    [1, 1],
  ] as const) {
    it(`agrees with the reference for ${rows} rows of ${classes} classes, whole and in slices`, async () => {
      const batch = { ...draw(rows, classes), labelSmoothing: 0.1, rows: Math.ceil(0.9 * rows) };
      const expected = await evaluate(Engine.reference(), batch);
      const engines = [await shared()];
      // Slices begin at multiples of 64 rows.
      if (rows > 64) engines.push(await limitedEngine(64 * classes * 4));
      for (const engine of engines) {
        const actual = await evaluate(engine, batch);
        expect(actual.loss).toBeCloseTo(expected.loss, 4);
        expect(actual.correct).toBe(expected.correct);
        const errors = actual.dz.map((value, i) => Math.abs(value - expected.dz[i]!));
        expect(errors.reduce((a, b) => Math.max(a, b))).toBeLessThan(1e-6 / rows);
      }
    });
  }

  it('multiplies its gradient by what comes from above', async () => {
    const engine = await shared();
    const batch = draw(5, 3);
    const { dz } = await evaluate(engine, batch);
    await engine.scope(async () => {
      const z = engine.tensor(batch.logits, [5, 3]).watch();
      const { loss } = softmaxCrossEntropy(z, engine.tensor(batch.labels, [5], 'u32'));
      const into = engine.zeros([5, 3]);
      const [scaled] = gradients(loss, [z], { dy: engine.full([], -2), into: [into] });
      expect(scaled).toBe(into);
      expect(Array.from(await into.data())).toEqual(dz.map(value => -2 * value));
    });
  });

  it('refuses shapes and settings that do not fit, by name', async () => {
    const engine = await shared();
    engine.scope(() => {
      const z = engine.zeros([2, 3]);
      const labels = engine.tensor([0, 1], [2], 'u32');
      expect(() => softmaxCrossEntropy(engine.zeros([6]), labels)).toThrow(ShapeError);
      expect(() => softmaxCrossEntropy(z, engine.tensor([0], [1], 'u32'))).toThrow('labels must be u32[2]');
      expect(() => softmaxCrossEntropy(z, engine.tensor([0, 1]))).toThrow('labels must be u32[2]');
      expect(() => softmaxCrossEntropy(z, labels, { classWeights: engine.zeros([2]) })).toThrow('must be [3]');
      expect(() => softmaxCrossEntropy(z, labels, { labelSmoothing: 1 })).toThrow(ValueError);
    });
  });
});
