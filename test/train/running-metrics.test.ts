import { describe, expect, it, onTestFinished } from 'vitest';
import { DEFAULT_STEP } from '../../src/kernels/spec.ts';
import { compile } from '../../src/tensor/compile.ts';
import { RunningMetrics } from '../../src/train/running-metrics.ts';
import { gpuEngine } from '../support/engine.ts';

async function setUp() {
  const engine = await gpuEngine();
  const metrics = new RunningMetrics(engine);
  const loss = engine.full([], 0);
  const correct = engine.full([], 0);
  onTestFinished(() => {
    engine.setStep(DEFAULT_STEP);
    metrics[Symbol.dispose]();
    loss.dispose();
    correct.dispose();
  });
  return { engine, metrics, loss, correct };
}

describe('RunningMetrics', () => {
  it('adds up many steps without losing digits, the last one with fewer rows', async () => {
    const { engine, metrics, loss, correct } = await setUp();
    using step = await compile(engine, () => metrics.add(128, loss, correct));
    const steps = 1100;
    let [sum, right, rows] = [0, 0, 0];
    for (let t = 1; t <= steps; t++) {
      const valid = t === steps ? 17 : 128;
      const value = Math.fround(2 + Math.sin(t));
      loss.write([value]);
      correct.write([t % 100]);
      await step.run({ step: t, rows: valid % 128 });
      sum += value * valid;
      right += t % 100;
      rows += valid;
    }
    const read = await metrics.read();
    expect(read).toMatchObject({ rows, steps, accuracy: right / rows, notFinite: false });
    expect(Math.abs(read.loss - sum / rows)).toBeLessThan(1e-6);
  });

  it('remembers a loss that was not finite, until it is reset', async () => {
    const { engine, metrics, loss } = await setUp();
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const value of [1, bad, 1]) {
        loss.write([value]);
        metrics.add(4, loss);
      }
      expect(await metrics.read()).toMatchObject({ steps: 3, rows: 12, notFinite: true, accuracy: 0 });
      metrics.reset();
      engine.setStep({ rows: 3 });
      loss.write([5]);
      metrics.add(4, loss);
      expect(await metrics.read()).toEqual({ loss: 5, accuracy: 0, rows: 3, steps: 1, notFinite: false });
      metrics.reset();
      engine.setStep({ rows: 0 });
    }
  });
});
