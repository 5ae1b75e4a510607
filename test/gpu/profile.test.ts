import { describe, expect, it } from 'vitest';
import { timeEach } from '../../src/gpu/profile.ts';
import { compile } from '../../src/tensor/compile.ts';
import { relu } from '../../src/tensor/ops/index.ts';
import { gpuEngine } from '../support/engine.ts';

describe('timing each dispatch of a step', () => {
  it('tells more of more work, with and without timestamps, however short one run is', async () => {
    const engine = await gpuEngine();
    using small = engine.keep(engine.full([64], 1));
    using large = engine.keep(engine.full([1 << 21], 1));
    using step = await compile(engine, () => [relu(small), relu(large)]);
    const { device } = engine.gpu;
    const blind = Object.create(device, { caps: { value: { ...device.caps, timestamps: false } } }) as typeof device;
    for (const clock of [device, blind]) {
      const asked: number[] = [];
      const [one, other] = await timeEach(clock, step.work, 5, done => asked.push(done));
      expect(step.work.length).toBe(2);
      expect(asked).toEqual([0, 1]);
      expect(one).toBeGreaterThan(0);
      // 32,768 times the work.
      expect(other).toBeGreaterThan(3 * one!);
    }
  });
});
