import { describe, expect, it } from 'vitest';
import { measureRoofline } from '../../src/tensor/roofline.ts';
import { gpuEngine } from '../support/engine.ts';

describe('the roofline of a device', () => {
  it('is measured, tells how far it is, and leaves nothing behind', async () => {
    const engine = await gpuEngine();
    const { live } = engine.gpu.device.buffers.stats;
    const told: number[] = [];
    const { gflops, gigabytesPerSecond } = await measureRoofline(engine, {
      rounds: 1,
      onProgress: (done, total) => told.push(done / total),
    });
    // Any machine of this century, none of the next decades.
    for (const { median, min, max } of [gflops, gigabytesPerSecond]) {
      expect(median).toBeGreaterThan(0.1);
      expect(median).toBeLessThan(1e7);
      expect(min <= median && median <= max).toBe(true);
    }
    expect(told).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map(done => done / 8));
    expect(engine.gpu.device.buffers.stats.live).toBe(live);
  });

  it('ends where it is told to, with nothing left', async () => {
    const engine = await gpuEngine();
    const { live } = engine.gpu.device.buffers.stats;
    const stop = () => {
      throw new Error('enough');
    };
    await expect(measureRoofline(engine, { onProgress: stop })).rejects.toThrow('enough');
    expect(engine.gpu.device.buffers.stats.live).toBe(live);
  });
});
