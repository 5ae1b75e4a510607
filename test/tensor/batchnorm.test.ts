import { describe, expect, it, onTestFinished } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { DEFAULT_STEP, type Shape, sizeOf } from '../../src/kernels/spec.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { gradients } from '../../src/tensor/autograd.ts';
import { compile } from '../../src/tensor/compile.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { add, type BatchNorm2dOptions, batchNorm2d, relu } from '../../src/tensor/ops/index.ts';
import { gpuEngine, limitedEngine } from '../support/engine.ts';

interface Case {
  readonly x: ArrayLike<number>;
  readonly dy: ArrayLike<number>;
  readonly shape: Shape;
  readonly training: boolean;
  /** Valid rows; 0: all. */
  readonly rows?: number;
}

const ROUNDS = { y: 1e-5, dx: 1e-4, dgamma: 1e-4, dbeta: 1e-4, mean: 1e-6, variance: 1e-5 } as const;
type Results = Record<keyof typeof ROUNDS, number[]>;

/** Forward, gradients and running statistics on an engine. */
async function evaluate(engine: Engine, { x, dy, shape, training, rows = 0 }: Case): Promise<Results> {
  engine.setStep({ ...DEFAULT_STEP, rows });
  return engine.scope(async () => {
    const c = shape[shape.length - 1]!;
    const random = new Sampler(4);
    const running = { mean: engine.tensor(random.normals(c)), variance: engine.full([c], 1.5) };
    const input = engine.tensor(x, shape).watch();
    const [gamma, beta] = [engine.tensor(random.normals(c)).watch(), engine.tensor(random.normals(c)).watch()];
    const y = batchNorm2d(input, gamma, beta, { running, training, momentum: 0.9 });
    const grads = gradients(y, [input, gamma, beta], { dy: engine.tensor(dy, shape) });
    const read = async (tensor?: { data(): Promise<ArrayLike<number>> }) => Array.from(await tensor!.data());
    return {
      y: await read(y),
      dx: await read(grads[0]),
      dgamma: await read(grads[1]),
      dbeta: await read(grads[2]),
      mean: await read(running.mean),
      variance: await read(running.variance),
    };
  });
}

function draw(shape: Shape, mean = 0): Omit<Case, 'training'> {
  const random = new Sampler(sizeOf(shape));
  const x = random.normals(sizeOf(shape)).map(value => Math.fround(value + mean));
  return { x, dy: random.normals(sizeOf(shape)), shape };
}

function expectClose(actual: Results, expected: Results, factor = 1): void {
  for (const [name, allowed] of Object.entries(ROUNDS) as [keyof Results, number][]) {
    const largest = (values: number[]) => values.reduce((a, b) => Math.max(a, b), 0);
    const errors = actual[name].map((value, i) => Math.abs(value - expected[name][i]!));
    expect(
      errors.every(error => error >= 0),
      `${name} is a number`,
    ).toBe(true);
    expect(largest(errors), name).toBeLessThanOrEqual(
      factor * allowed * Math.max(1, largest(expected[name].map(Math.abs))),
    );
  }
}

async function shared(): Promise<Engine> {
  const engine = await gpuEngine();
  onTestFinished(() => engine.setStep(DEFAULT_STEP));
  return engine;
}

describe('batchNorm2d', () => {
  for (const training of [true, false]) {
    for (const shape of [
      [128, 7, 7, 5],
      [33, 70],
      [2, 3, 1, 130],
    ] as Shape[]) {
      it(`agrees with the reference ${training ? 'in training' : 'at inference'} for [${shape}]`, async () => {
        const test = { ...draw(shape), training };
        expectClose(await evaluate(await shared(), test), await evaluate(Engine.reference(), test));
      });
    }

    it(`gives the same ${training ? 'in training' : 'at inference'} when x exceeds a binding`, async () => {
      const shape = [200, 4, 4, 3];
      const test = { ...draw(shape), training, rows: training ? 150 : 0 };
      // 13 slices of 16 rows; the valid ones end inside the tenth.
      const limited = await limitedEngine(16 * 4 * 4 * 3 * 4);
      expectClose(await evaluate(limited, test), await evaluate(Engine.reference(), test));
    });
  }

  it('takes statistics of the valid rows only; padded rows come out as 0, with gradient 0', async () => {
    const engine = await shared();
    const valid = { ...draw([5, 2, 2, 3]), training: true };
    const padding = new Array<number>(3 * 12).fill(1e6);
    const padded = {
      x: [...(valid.x as Float64Array), ...padding],
      dy: [...(valid.dy as Float64Array), ...padding],
      shape: [8, 2, 2, 3],
      training: true,
      rows: 5,
    };
    const [expected, actual] = [await evaluate(engine, valid), await evaluate(engine, padded)];
    const zeros = new Array<number>(padding.length).fill(0);
    // The shares of the first pass are cut elsewhere, so the last bits may differ.
    expectClose(actual, { ...expected, y: [...expected.y, ...zeros], dx: [...expected.dx, ...zeros] }, 0.1);
    expect(actual.y.slice(-padding.length)).toEqual(zeros);
    expect(actual.dx.slice(-padding.length)).toEqual(zeros);
  });

  it('does not cancel when the mean is a thousand times the deviation', async () => {
    const test = { ...draw([64, 8, 8, 2], 1000), training: true };
    const [actual, expected] = [await evaluate(await shared(), test), await evaluate(Engine.reference(), test)];
    // x itself is rounded to 6e-5 of its deviation; sums of squares would have lost all digits.
    expectClose({ ...actual, dgamma: [], dx: [] }, { ...expected, dgamma: [], dx: [] }, 20);
    expect(Math.max(...actual.y.map((y, i) => Math.abs(y - expected.y[i]!)))).toBeLessThan(2e-4);
  });

  it('gives the same bits eagerly and compiled, and moves the running statistics at every run', async () => {
    const engine = await shared();
    const { x, shape } = draw([9, 3, 3, 4]);
    const input = engine.tensor(x, shape);
    const [gamma, beta] = [engine.full([4], 1), engine.full([4], 0)];
    const start = () => ({ mean: engine.full([4], 0), variance: engine.full([4], 1) });
    const [eager, compiled] = [start(), start()];
    const options = { training: true, momentum: 0.5 };
    const results = [1, 2].map(() => batchNorm2d(input, gamma, beta, { running: eager, ...options }));
    using step = await compile(engine, () => batchNorm2d(input, gamma, beta, { running: compiled, ...options }));
    for (const result of results) {
      await step.run(DEFAULT_STEP);
      expect(await step.result.data()).toEqual(await result.data());
    }
    expect(await compiled.mean.data()).toEqual(await eager.mean.data());
    expect(await compiled.variance.data()).toEqual(await eager.variance.data());
    for (const tensor of [input, gamma, beta, ...results, ...Object.values(eager), ...Object.values(compiled)]) {
      tensor.dispose();
    }
  });

  it('refuses shapes and settings that do not fit, by name', async () => {
    const engine = await shared();
    engine.scope(() => {
      const [x, c3, c2] = [engine.zeros([2, 3]), engine.zeros([3]), engine.zeros([2])];
      const running = { mean: c3, variance: c3 };
      const options = { running, training: true };
      expect(() => batchNorm2d(c3, c3, c3, options)).toThrow(ShapeError);
      expect(() => batchNorm2d(x, c2, c3, options)).toThrow('gamma must be [3]');
      expect(() => batchNorm2d(x, c3, c3, { ...options, running: { mean: c3, variance: c2 } })).toThrow(
        'running variance',
      );
      expect(() => batchNorm2d(x, c3, c3, { ...options, momentum: 2 })).toThrow(ValueError);
      expect(() => batchNorm2d(x, c3, c3, { ...options, epsilon: 0 })).toThrow('epsilon is 0');
    });
  });

  it.each([true, false])('adds and masks with the same bits as ops of their own (training: %s)', async training => {
    const shape = [6, 4, 4, 8];
    const random = new Sampler(2);
    const [values, others, upstream] = [0, 1, 2].map(() => random.normals(sizeOf(shape)));
    for (const engine of [await shared(), await limitedEngine(2048)]) {
      // Two rows are padding.
      engine.setStep({ ...DEFAULT_STEP, rows: 4 });
      await engine.scope(async () => {
        const [x, residual] = [engine.tensor(values!, shape).watch(), engine.tensor(others!, shape).watch()];
        const [gamma, beta] = [engine.tensor(random.normals(8)).watch(), engine.tensor(random.normals(8)).watch()];
        const norm = (behind: Partial<BatchNorm2dOptions>) => {
          const running = { mean: engine.full([8], 0.1), variance: engine.full([8], 2) };
          return batchNorm2d(x, gamma, beta, { running, training, ...behind });
        };
        const pairs = [
          [norm({ residual, activation: 'relu' }), relu(add(norm({}), residual))],
          [norm({ residual }), add(norm({}), residual)],
          [norm({ activation: 'relu' }), relu(norm({}))],
        ] as const;
        const dy = engine.tensor(upstream!, shape);
        for (const [fused, separate] of pairs) {
          expect(await fused.data()).toEqual(await separate.data());
          const [found, expected] = [fused, separate].map(y => gradients(y, [x, gamma, beta, residual], { dy }));
          for (const [i, gradient] of found!.entries()) {
            expect(await gradient?.data()).toEqual(await expected![i]?.data());
          }
        }
      });
    }
  });

  it('refuses a residual of another shape', async () => {
    const engine = Engine.reference();
    const [x, c] = [engine.full([2, 3], 1), engine.full([3], 1)];
    const options = { running: { mean: c, variance: c }, training: true, residual: engine.full([2, 1], 1) };
    expect(() => batchNorm2d(x, c, c, options)).toThrow(
      'the residual must have the shape of x f32[2, 3], got f32[2, 1]',
    );
  });
});
