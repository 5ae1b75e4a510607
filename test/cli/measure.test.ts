import { expect, it } from 'vitest';
import { measureMatmul } from '../../src/cli/measure.ts';
import { matmulKernel } from '../../src/kernels/matmul.ts';
import { gpuEngine } from '../support/engine.ts';

it('times the kernel that training would use, and gives its buffers back', async () => {
  const engine = await gpuEngine();
  const { buffers } = engine.gpu.device;
  const before = buffers.stats.live;
  const { size, variant, gflops, milliseconds, repeats } = await measureMatmul(engine);
  const p = { m: size, n: size, k: size, ta: 0, tb: 0, bias: 0, relu: 0, accumulate: 0 };
  expect(variant).toBe(engine.gpu.chooser.choose(matmulKernel, p).name);
  expect(variant).not.toBe('plain');
  expect(gflops).toBeCloseTo((2 * size ** 3) / milliseconds / 1e6, 9);
  expect(gflops).toBeGreaterThan(0.1);
  expect(repeats).toBeGreaterThanOrEqual(5);
  expect(buffers.stats.live).toBe(before);
});
