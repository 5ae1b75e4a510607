import { describe, expect, it, vi } from 'vitest';
import { compile } from '../../src/tensor/compile.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { relu } from '../../src/tensor/ops/index.ts';
import { gpuEngine } from '../support/engine.ts';

const DISPATCHES = 40;
const IN_FLIGHT = 3;

/** A step of forty small dispatches, one after the other. */
async function chain(engine: Engine) {
  const x = engine.full([4096], 1);
  const step = await compile(engine, () => Array.from({ length: DISPATCHES }).reduce((y: typeof x) => relu(y), x));
  expect(step.work).toHaveLength(DISPATCHES);
  const release = () => {
    step[Symbol.dispose]();
    x.dispose();
  };
  return { step, [Symbol.dispose]: release };
}

describe('replaying a step', () => {
  it('makes nothing, reads nothing and submits once', async () => {
    const engine = await gpuEngine();
    const { device } = engine.gpu;
    using replayed = await chain(engine);
    await replayed.step.run();
    await device.finish();
    const made = (['createBuffer', 'createBindGroup', 'createShaderModule', 'createComputePipeline'] as const).map(
      name => vi.spyOn(device.handle, name),
    );
    const submit = vi.spyOn(device.handle.queue, 'submit');
    const read = vi.spyOn(device, 'read');
    const before = device.buffers.stats;
    const runs = 20;
    for (let i = 0; i < runs; i++) await replayed.step.run({ step: i + 1 });
    const calls = [...made, read].map(({ mock }) => mock.calls.length);
    const submissions = submit.mock.calls.length;
    vi.restoreAllMocks();
    await device.finish();
    expect(calls).toEqual([0, 0, 0, 0, 0]);
    expect(submissions).toBe(runs);
    expect(device.buffers.stats).toEqual(before);
  });

  it('submits one by one what exceeds the operations of a submission, with the same result', async () => {
    const engine = await gpuEngine();
    const x = engine.tensor(Float32Array.from({ length: 4096 }, (_, i) => i - 2000));
    const fn = () => Array.from({ length: 6 }).reduce((y: typeof x) => relu(y), x);
    using whole = await compile(engine, fn);
    using cut = await compile(engine, fn, { flopsPerSubmit: 2 * whole.work[0]!.dispatch.note.flops });
    const submit = vi.spyOn(engine.gpu.device.handle.queue, 'submit');
    await cut.run();
    const commands = submit.mock.calls.map(([buffers]) => Array.from(buffers).length);
    vi.restoreAllMocks();
    expect(commands).toEqual([1, 1, 1]);
    await whole.run();
    expect(await cut.result.data()).toEqual(await whole.result.data());
    x.dispose();
  });

  it('waits for the device only where three steps are unfinished, and then for the oldest', async () => {
    const engine = await gpuEngine();
    const { device } = engine.gpu;
    using replayed = await chain(engine);
    await device.finish();
    // A device that has not finished anything: the promises of submitted work settle when the test says so.
    const finish: (() => void)[] = [];
    const done = vi.spyOn(device.handle.queue, 'onSubmittedWorkDone');
    done.mockImplementation(() => new Promise(resolve => finish.push(() => resolve(undefined))));
    const returned = new Set<number>();
    const runs = Array.from({ length: 6 }, (_, i) => async () => {
      await replayed.step.run({ step: i + 1 });
      returned.add(i);
    });
    const running: Promise<void>[] = [];
    const turn = () => new Promise(resolve => setTimeout(resolve, 5));
    try {
      for (const [i, run] of runs.entries()) {
        running.push(run());
        await turn();
        const unfinished = Math.max(0, i + 1 - IN_FLIGHT);
        expect([...returned]).toEqual(Array.from({ length: i + 1 }, (_, k) => k).filter(k => k < IN_FLIGHT || k < i));
        // The caller would wait here; the oldest step ends.
        if (unfinished > 0) {
          finish.shift()!();
          await turn();
          expect(returned).toContain(i);
        }
      }
    } finally {
      for (const settle of finish) settle();
      vi.restoreAllMocks();
    }
    await Promise.all(running);
    await device.finish();
  });
});
