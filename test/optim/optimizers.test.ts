import { describe, expect, it, onTestFinished } from 'vitest';
import { BLOCK } from '../../src/kernels/flat.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { DEFAULT_STEP } from '../../src/kernels/spec.ts';
import {
  adam,
  adamW,
  clipByGlobalNorm,
  makeOptimizer,
  type Optimizer,
  rmsprop,
  sgd,
  squaredGradientNorm,
  withAverage,
} from '../../src/optim/index.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { compile } from '../../src/tensor/compile.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { gpuEngine, limitedEngine } from '../support/engine.ts';

const BLOCKS = 5;
const SIZE = BLOCKS * BLOCK;
const ALL: Record<string, () => Optimizer> = {
  sgd: () => sgd(),
  'sgd with momentum': () => sgd({ momentum: 0.9, nesterov: true }),
  adam: () => adam({ amsgrad: true }),
  adamW: () => adamW(),
  rmsprop: () => rmsprop({ momentum: 0.5 }),
};

/** Flat tensors with random contents; `scales` and `decays` are the two columns of the segment table. */
function setUp(engine: Engine, optimizer: Optimizer, scales = [1, 1, 1, 1, 1], decays = [1, 1, 1, 1, 1]) {
  const random = new Sampler(5);
  const parameters = engine.tensor(random.normals(SIZE), [SIZE], 'f32', 'parameters');
  const gradients = engine.tensor(random.normals(SIZE), [SIZE], 'f32', 'gradients');
  const table = scales.flatMap((scale, i) => [scale, decays[i]!]);
  const segments = engine.tensor(table, [BLOCKS, 2], 'f32', 'segments');
  const notFinite = engine.tensor([0], [1], 'u32', 'not finite');
  const state = optimizer.init(parameters);
  return { parameters, gradients, segments, notFinite, state };
}

/** Runs `test` with a learning rate on the shared engine; frees what it made. */
async function onGpu(test: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await gpuEngine();
  onTestFinished(() => engine.setStep(DEFAULT_STEP));
  engine.setStep({ step: 1, learningRate: 0.1 });
  await engine.scope(() => test(engine));
}

const block = (values: ArrayLike<number>, i: number) => Array.from(values).slice(i * BLOCK, (i + 1) * BLOCK);

describe('segments', () => {
  for (const [name, make] of Object.entries(ALL)) {
    it(`${name}: a frozen one keeps parameters and state, even if its gradient is NaN`, () =>
      onGpu(async engine => {
        const inputs = setUp(engine, make(), [1, 0, 1, 1, 0]);
        const before = await inputs.parameters.data();
        const gradients = Float32Array.from(await inputs.gradients.data());
        gradients.fill(Number.NaN, BLOCK, 2 * BLOCK);
        inputs.gradients.write(gradients);
        make().update(inputs);
        const after = await inputs.parameters.data();
        for (const i of [1, 4]) expect(block(after, i)).toEqual(block(before, i));
        for (const i of [0, 2, 3])
          for (const [k, w] of block(after, i).entries()) expect(w).not.toBe(block(before, i)[k]);
        for (const tensor of Object.values(inputs.state)) {
          const values = await tensor.data();
          expect(block(values, 1).every(value => value === 0)).toBe(true);
          expect(block(values, 0).some(value => value !== 0)).toBe(true);
        }
        expect((await inputs.notFinite.data())[0]).toBe(0);
      }));
  }

  it('scale the learning rate', () =>
    onGpu(async engine => {
      const inputs = setUp(engine, sgd(), [1, 0.5, 0.1, 1, 1]);
      const [before, g] = [await inputs.parameters.data(), await inputs.gradients.data()];
      sgd().update(inputs);
      const after = await inputs.parameters.data();
      for (const [i, scale] of [1, 0.5, 0.1].entries()) {
        expect(after[i * BLOCK]).toBeCloseTo(before[i * BLOCK]! - 0.1 * scale * g[i * BLOCK]!, 6);
      }
    }));

  it('turn weight decay on and off', () =>
    onGpu(async engine => {
      const optimizer = sgd({ weightDecay: 0.5 });
      const inputs = setUp(engine, optimizer, [1, 1, 1, 1, 1], [1, 0, 1, 1, 1]);
      inputs.gradients.write(new Float32Array(SIZE));
      const before = await inputs.parameters.data();
      optimizer.update(inputs);
      const after = await inputs.parameters.data();
      expect(after[3]).toBeCloseTo(before[3]! * 0.95, 6);
      expect(block(after, 1)).toEqual(block(before, 1));
    }));
});

describe('clipByGlobalNorm', () => {
  const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));

  it('scales the step of all gradients together to the largest norm', () =>
    onGpu(async engine => {
      const inputs = setUp(engine, sgd());
      const [before, g] = [await inputs.parameters.data(), await inputs.gradients.data()];
      clipByGlobalNorm(sgd(), 2).update(inputs);
      const after = await inputs.parameters.data();
      expect(norm(after.map((w, i) => (w - before[i]!) / 0.1))).toBeCloseTo(2, 4);
      expect((after[7]! - before[7]!) / g[7]!).toBeCloseTo((-0.1 * 2) / norm(g), 5);
    }));

  it('leaves short gradients alone, to the bit', () =>
    onGpu(async engine => {
      const [plain, clipped] = [setUp(engine, adam()), setUp(engine, adam())];
      adam().update(plain);
      clipByGlobalNorm(adam(), 1000).update(clipped);
      expect(await clipped.parameters.data()).toEqual(await plain.parameters.data());
    }));

  it('does not count what is frozen', () =>
    onGpu(async engine => {
      const inputs = setUp(engine, sgd(), [1, 0, 1, 0, 0]);
      const g = Array.from(await inputs.gradients.data());
      const squared = await squaredGradientNorm(inputs.gradients, inputs.segments).item();
      expect(Math.sqrt(squared)).toBeCloseTo(norm([...block(g, 0), ...block(g, 2)]), 4);
    }));
});

describe('a gradient that is not finite', () => {
  const BAD = { NaN: Number.NaN, infinity: Number.POSITIVE_INFINITY, 'minus infinity': Number.NEGATIVE_INFINITY };
  for (const [optimizer, make] of Object.entries(ALL)) {
    for (const [name, value] of Object.entries(BAD)) {
      it(`${optimizer}: ${name} is flagged, and stays so`, () =>
        onGpu(async engine => {
          const inputs = setUp(engine, make());
          const good = await inputs.gradients.data();
          make().update(inputs);
          expect((await inputs.notFinite.data())[0]).toBe(0);
          inputs.gradients.write(good.map((g, i) => (i === SIZE - 1 ? value : g)));
          make().update(inputs);
          expect((await inputs.notFinite.data())[0]).toBe(1);
          inputs.gradients.write(good);
          make().update(inputs);
          expect((await inputs.notFinite.data())[0]).toBe(1);
        }));
    }
  }
});

describe('withAverage', () => {
  it('starts at the weights and follows them', () =>
    onGpu(async engine => {
      const optimizer = withAverage(sgd(), 0.9);
      const inputs = setUp(engine, optimizer);
      const first = await inputs.parameters.data();
      expect(await inputs.state.average!.data()).toEqual(first);
      optimizer.update(inputs);
      const second = await inputs.parameters.data();
      const average = await inputs.state.average!.data();
      for (const i of [0, 77, SIZE - 1]) expect(average[i]).toBeCloseTo(0.9 * first[i]! + 0.1 * second[i]!, 6);
    }));
});

describe('an update', () => {
  it('gives the same bits eagerly, compiled, and, but for rounding, in slices', () =>
    onGpu(async engine => {
      const make = () => withAverage(clipByGlobalNorm(adamW({ amsgrad: true }), 3), 0.99);
      const small = await limitedEngine(32 * BLOCK * 4);
      // 70 blocks: three slices of 32, since a slice of the segment table must begin on 256 bytes.
      const blocks = 70;
      const results: ArrayLike<number>[] = [];
      for (const [on, compiled] of [
        [engine, false],
        [engine, true],
        [small, false],
      ] as const) {
        const random = new Sampler(9);
        const size = blocks * BLOCK;
        const parameters = on.keep(on.tensor(random.normals(size)));
        const gradients = on.keep(on.tensor(random.normals(size)));
        const segments = on.keep(on.tensor(new Float32Array(2 * blocks).fill(1), [blocks, 2]));
        const notFinite = on.keep(on.tensor([0], [1], 'u32'));
        const optimizer = make();
        const state = optimizer.init(parameters);
        const update = () => optimizer.update({ parameters, gradients, segments, state, notFinite });
        const step = compiled ? await compile(on, update) : undefined;
        for (let t = 1; t <= 3; t++) {
          if (step) await step.run({ step: t, learningRate: 0.1 });
          else {
            on.setStep({ step: t, learningRate: 0.1 });
            on.scope(update);
          }
        }
        results.push(await parameters.data(), await state.average!.data());
        step?.[Symbol.dispose]();
        for (const tensor of [parameters, gradients, segments, notFinite, ...Object.values(state)]) tensor.dispose();
      }
      const [eager, eagerAverage, compiled, compiledAverage, sliced, slicedAverage] = results;
      expect(compiled).toEqual(eager);
      expect(compiledAverage).toEqual(eagerAverage);
      // The norm is added up slice by slice, so it may differ in its last bit.
      for (const [a, b] of [
        [sliced, eager],
        [slicedAverage, eagerAverage],
      ] as const) {
        Array.from(a!).forEach((value, i) => {
          expect(value).toBeCloseTo(b![i]!, 5);
        });
      }
    }));
});

describe('settings', () => {
  it('out of their range are refused by name', () => {
    expect(() => sgd({ momentum: 1 })).toThrow(ValueError);
    expect(() => adam({ beta2: 1 })).toThrow(/adam: beta2 is 1/);
    expect(() => adam({ beta1: 0 })).toThrow(/beta1/);
    expect(() => adamW({ weightDecay: -1 })).toThrow(/adamW: weightDecay is -1/);
    expect(() => rmsprop({ rho: Number.NaN })).toThrow(/rho is NaN/);
    expect(() => clipByGlobalNorm(sgd(), 0)).toThrow(/maxNorm is 0/);
    expect(() => withAverage(sgd(), 1)).toThrow(/decay is 1/);
  });

  it('reach what only some optimizers know, and refuse it of the others', () => {
    const nesterov = makeOptimizer({ optimizer: 'sgd', momentum: 0.9, nesterov: true });
    expect(nesterov.config).toMatchObject({ momentum: 0.9, nesterov: true });
    for (const optimizer of ['adam', 'adamw'] as const) {
      expect(makeOptimizer({ optimizer, amsgrad: true }).config.amsgrad).toBe(true);
      expect(() => makeOptimizer({ optimizer, momentum: 0.9 })).toThrow(
        `optimizer '${optimizer}': knows no momentum; leave it out, or choose sgd or rmsprop`,
      );
    }
    for (const settings of [
      { optimizer: 'rmsprop', momentum: 0.9, nesterov: true },
      { optimizer: 'sgd', amsgrad: true },
      { optimizer: 'sgd', nesterov: true },
    ] as const) {
      expect(() => makeOptimizer(settings)).toThrow(ValueError);
    }
  });

  it('name an optimizer with all that wraps it', () => {
    const made = makeOptimizer({ optimizer: 'sgd', momentum: 0.8, weightDecay: 0.01, clipNorm: 2, emaDecay: 0.9 });
    expect(made.name).toBe('sgd');
    expect(made.config).toEqual({ momentum: 0.8, nesterov: false, weightDecay: 0.01, maxNorm: 2, averageDecay: 0.9 });
    expect(makeOptimizer({ optimizer: 'adamw' }).config.weightDecay).toBe(0.004);
    expect(makeOptimizer({ optimizer: 'adam' }).name).toBe('adam');
    expect(makeOptimizer({ optimizer: 'rmsprop', momentum: 0.5 }).config.momentum).toBe(0.5);
  });
});
