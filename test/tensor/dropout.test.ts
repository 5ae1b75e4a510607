import { describe, expect, it, onTestFinished } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { DEFAULT_STEP } from '../../src/kernels/spec.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { gradients } from '../../src/tensor/autograd.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { dense, dropout, maxPool2d } from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gpuEngine, limitedEngine } from '../support/engine.ts';

const SIZE = 40_000;

/** What is left of ones after dropout. */
async function draw(engine: Engine, rate: number, id: number, step: { seed?: number; step?: number } = {}) {
  engine.setStep({ ...DEFAULT_STEP, seed: 7, ...step });
  return engine.scope(async () => Array.from(await dropout(engine.full([SIZE], 1), rate, id).data()));
}

async function shared(): Promise<Engine> {
  const engine = await gpuEngine();
  onTestFinished(() => engine.setStep(DEFAULT_STEP));
  return engine;
}

describe('dropout', () => {
  it('drops the share it is told and keeps the mean', async () => {
    const engine = await shared();
    for (const rate of [0.1, 0.25, 0.5, 0.9]) {
      const values = await draw(engine, rate, 3);
      const kept = values.filter(value => value !== 0);
      // Four standard deviations of a binomial share.
      expect(Math.abs(1 - kept.length / SIZE - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / SIZE));
      expect([...new Set(kept)]).toEqual([Math.fround(1 / (1 - rate))]);
    }
  });

  it('drops neighbours independently', async () => {
    const values = await draw(await shared(), 0.5, 0);
    for (const distance of [1, 2, 3, 4, 64]) {
      let both = 0;
      for (let i = distance; i < SIZE; i++) if (values[i] === 0 && values[i - distance] === 0) both++;
      expect(Math.abs(both / SIZE - 0.25)).toBeLessThan(0.01);
    }
  });

  it('draws anew for each seed, step and id, and the same again for the same', async () => {
    const engine = await shared();
    const first = await draw(engine, 0.5, 1);
    const agreement = (other: number[]) => other.filter((value, i) => value === first[i]).length / SIZE;
    expect(await draw(engine, 0.5, 1)).toEqual(first);
    for (const other of [
      await draw(engine, 0.5, 2),
      await draw(engine, 0.5, 1, { seed: 8 }),
      await draw(engine, 0.5, 1, { step: 2 }),
    ]) {
      expect(Math.abs(agreement(other) - 0.5)).toBeLessThan(0.02);
    }
  });

  it('has the gradient of its own mask, written where it is wanted', async () => {
    const engine = await shared();
    engine.setStep({ seed: 3, step: 5 });
    await engine.scope(async () => {
      const x = engine.full([30, 10], 1).watch();
      const y = dropout(x, 0.4, 2);
      const dx = engine.zeros([30, 10]);
      const [grad] = gradients(y, [x], { dy: engine.full([30, 10], 1), into: [dx] });
      expect(grad).toBe(dx);
      expect(await dx.data()).toEqual(await y.data());
    });
  });

  it('draws the same mask in slices and in TypeScript', async () => {
    const whole = await draw(await shared(), 0.3, 4);
    expect(await draw(await limitedEngine(16_384), 0.3, 4)).toEqual(whole);
    const reference = await draw(Engine.reference(), 0.3, 4);
    expect(reference.map(Math.fround)).toEqual(whole);
  });

  it('is the identity at rate 0, and refuses rates that are none', async () => {
    const engine = await shared();
    const x = engine.full([4], 1);
    expect(dropout(x, 0)).toBe(x);
    for (const rate of [1, -0.1, 1.5, Number.NaN]) expect(() => dropout(x, rate, 6)).toThrow(ValueError);
    expect(() => dropout(x, 1, 6)).toThrow('dropout 6: rate is 1');
    expect(() => dropout(x, 0.5, -1)).toThrow(ValueError);
    x.dispose();
  });

  it('gives the same bits as a part of another op, forward and backward, whole and in slices', async () => {
    const random = new Sampler(3);
    const [pictures, rows] = [random.normals(8 * 4 * 4 * 16), random.normals(64 * 12)];
    const [weights, bias] = [random.normals(12 * 10), random.normals(10)];
    const choice = { rate: 0.25, id: 4 };
    for (const engine of [await shared(), await limitedEngine(2048)]) {
      engine.setStep({ seed: 7, step: 3 });
      await engine.scope(async () => {
        const x = engine.tensor(pictures, [8, 4, 4, 16]).watch();
        const pooled = maxPool2d(x, { dropout: choice });
        await expectSame(pooled, dropout(maxPool2d(x), choice.rate, choice.id), [x]);
        const inputs = [engine.tensor(rows, [64, 12]), engine.tensor(weights, [12, 10]), engine.tensor(bias, [10])];
        const [a, w, b] = inputs.map(input => input.watch()) as [Tensor, Tensor, Tensor];
        for (const activation of ['relu', undefined] as const) {
          const options = activation ? { activation } : {};
          const fused = dense(a, w, b, { ...options, dropout: choice });
          await expectSame(fused, dropout(dense(a, w, b, options), choice.rate, choice.id), [a, w, b]);
        }
      });
    }
  });
});

/** Two ways to compute one thing: the same results, and the same gradients. */
async function expectSame(one: Tensor, other: Tensor, xs: readonly Tensor[]): Promise<void> {
  expect(await one.data()).toEqual(await other.data());
  const dy = one.engine.tensor(new Sampler(5).normals(one.size), one.shape);
  const [found, expected] = [one, other].map(y => gradients(y, xs, { dy }));
  for (const [i, gradient] of found!.entries()) expect(await gradient!.data()).toEqual(await expected![i]!.data());
}
