import { describe, expect, it } from 'vitest';
import { fillKernel } from '../../src/kernels/fill.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { gradients } from '../../src/tensor/autograd.ts';
import { compile } from '../../src/tensor/compile.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { add, axpy, conv2d, matmul, reshape } from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gpuEngine } from '../support/engine.ts';

/** A chain of products with a gradient through it: many intermediates, some alive for long. */
function chain(x: Tensor, weights: readonly Tensor[]): { y: Tensor; grads: Tensor[] } {
  const y = weights.reduce((value, w) => matmul(value, w), x);
  const grads = gradients(y, weights, { dy: x.engine.full(y.shape, 1) }) as Tensor[];
  return { y, grads };
}

function operands(engine: Engine, layers = 4) {
  const random = new Sampler(1);
  const x = engine.tensor(random.normals(9 * 16), [9, 16]);
  const weights = Array.from({ length: layers }, () => engine.tensor(random.normals(256), [16, 16]).watch());
  return { x, weights };
}

describe('compile', () => {
  it('gives the very bits of eager mode, run after run', async () => {
    const engine = await gpuEngine();
    const { x, weights } = operands(engine);
    const eager = chain(x, weights);
    const expected = [await eager.y.data(), ...(await Promise.all(eager.grads.map(g => g.data())))];
    using step = await compile(engine, () => chain(x, weights));
    for (let run = 0; run < 3; run++) {
      await step.run();
      const { y, grads } = step.result;
      expect([await y.data(), ...(await Promise.all(grads.map(g => g.data())))]).toEqual(expected);
    }
  });

  it('reads what was written into its inputs since', async () => {
    const engine = await gpuEngine();
    const x = engine.full([1, 1], 2);
    using step = await compile(engine, () => matmul(x, x));
    x.write([3]);
    await step.run();
    expect(await step.result.item()).toBe(9);
    x.write([5]);
    await step.run();
    expect(await step.result.item()).toBe(25);
  });

  it('shares buffers between intermediates, and never lets a dispatch read and write one', async () => {
    const engine = await gpuEngine();
    const { x, weights } = operands(engine, 8);
    using step = await compile(engine, () => chain(x, weights).grads[0]!);
    const { memory, work } = step;
    expect(memory.bufferBytes.length).toBeLessThan(memory.places.size);
    expect(memory.peakBytes).toBeLessThanOrEqual(1.2 * memory.liveBytes);
    for (const { dispatch } of work) {
      const written = dispatch.bindings.filter(b => b.access === 'write').map(b => b.memory.buffer);
      const read = dispatch.bindings.filter(b => b.access !== 'write').map(b => b.memory.buffer);
      expect(written.some(buffer => read.includes(buffer))).toBe(false);
    }
  });

  it('leaves out what nobody reads', async () => {
    const engine = await gpuEngine();
    const { x, weights } = operands(engine, 1);
    using step = await compile(engine, () => {
      matmul(x, weights[0]!);
      return matmul(x, x, { transposeB: true });
    });
    using alone = await compile(engine, () => matmul(x, x, { transposeB: true }));
    const notes = ({ work }: typeof step) => work.map(({ dispatch }) => dispatch.note);
    expect(notes(step)).toEqual(notes(alone));
  });

  it('keeps a buffer for tensors that somebody wants to look at', async () => {
    const engine = await gpuEngine();
    const { x, weights } = operands(engine, 3);
    let middle!: Tensor;
    using step = await compile(
      engine,
      () => {
        middle = matmul(x, weights[0]!);
        return matmul(matmul(middle, weights[1]!), weights[2]!);
      },
      { keep: () => [middle] },
    );
    await step.run();
    expect(await middle.data()).toEqual(await matmul(x, weights[0]!).data());
  });

  it('gives all its memory back', async () => {
    const engine = await gpuEngine();
    const { x, weights } = operands(engine);
    const before = engine.gpu.device.buffers.stats;
    const step = await compile(engine, () => chain(x, weights));
    await step.run();
    step[Symbol.dispose]();
    const after = engine.gpu.device.buffers.stats;
    expect([after.live, after.liveBytes]).toEqual([before.live, before.liveBytes]);
    await expect(step.run()).rejects.toThrow(ValueError);
  });

  it('says so when a step wants to read while it is traced', async () => {
    const engine = await gpuEngine();
    const { x } = operands(engine);
    let reading: Promise<unknown> | undefined;
    using _ = await compile(engine, () => {
      const y = matmul(x, x, { transposeB: true });
      reading = y.data();
      reading.catch(() => {});
      return y;
    });
    await expect(reading).rejects.toThrow(/traced step cannot read/);
  });

  it('passes errors of the step on and can trace again', async () => {
    const engine = await gpuEngine();
    const { x } = operands(engine);
    await expect(compile(engine, () => matmul(x, x))).rejects.toThrow(ShapeError);
    using step = await compile(engine, () => matmul(x, x, { transposeB: true }));
    await step.run();
  });

  it('measures every dispatch', async () => {
    const engine = await gpuEngine();
    const { x, weights } = operands(engine);
    using step = await compile(engine, () => chain(x, weights));
    const rows = await step.profile(2);
    expect(rows).toHaveLength(step.work.length);
    for (const row of rows) expect(row.milliseconds).toBeGreaterThan(0);
    expect(rows[0]).toMatchObject({ kernel: 'matmul', flops: 2 * 9 * 16 * 16 });
  });

  it('owns what it made, and only that', async () => {
    const engine = await gpuEngine();
    const { buffers } = engine.gpu.device;
    const { x, weights } = operands(engine, 1);
    const before = buffers.stats.live;
    const step = await compile(engine, () => ({ x, view: reshape(x, [16, 9]), y: matmul(x, weights[0]!) }));
    await step.run();
    // Disposing a result early gives nothing away that the next run still writes.
    step.result.y.dispose();
    const mine = engine.full([9, 16], 7);
    await step.run();
    expect(new Set(await mine.data())).toEqual(new Set([7]));
    mine.dispose();
    step[Symbol.dispose]();
    expect(x.isDisposed).toBe(false);
    expect(buffers.stats.live).toBe(before);
    x.dispose();
    expect(buffers.stats.live).toBe(before - 1);
  });

  it('refuses an async step, and leaves nothing behind when it fails', async () => {
    const engine = await gpuEngine();
    const { x } = operands(engine);
    const before = engine.gpu.device.buffers.stats.live;
    await expect(compile(engine, async () => matmul(x, x, { transposeB: true }))).rejects.toThrow(ValueError);
    const invalid = {
      shader: { text: 'fn main() {' },
      uniform: [1],
      bindings: ['out'],
      workgroups: [1, 1, 1],
    } as const;
    const broken = () => {
      const out = engine.empty([4]);
      engine.gpu.record(fillKernel, { size: 4, value: 0 }, 'broken', { dispatches: [invalid] }, { out: out.view });
      return out;
    };
    await expect(compile(engine, broken)).rejects.toThrow(/'fill\/broken'/);
    expect(engine.gpu.device.buffers.stats.live).toBe(before);
  });

  it('reads a result as of the run before, though another follows at once', async () => {
    const engine = await gpuEngine();
    const x = engine.full([1, 1], 2);
    using step = await compile(engine, () => matmul(x, x));
    await step.run();
    const first = step.result.data();
    x.write([3]);
    await step.run();
    expect([(await first)[0], await step.result.item()]).toEqual([4, 9]);
  });

  it('does not let a profile overtake what was recorded before', async () => {
    const engine = await gpuEngine();
    const [x, one] = [engine.full([4], 1), engine.full([4], 1)];
    using step = await compile(engine, () => axpy(x, one, 1, 1));
    using saved = engine.copy(x);
    await step.profile(1);
    expect(await saved.data()).toEqual(new Float32Array([1, 1, 1, 1]));
  });
});

describe('constants of a compiled step', () => {
  /** A convolution whose kernel some variants lay out anew, on any device. */
  async function frozenNet() {
    const engine = await gpuEngine();
    const random = new Sampler(3);
    const draw = (shape: number[]) => engine.tensor(random.normals(shape.reduce((a, b) => a * b)), shape);
    const x = draw([2, 6, 6, 8]);
    const kernel = draw([3, 3, 8, 8]);
    const twice = () => conv2d(x, add(kernel, kernel), undefined, { padding: 'same' });
    return { engine, x, kernel, twice, values: random.normals(kernel.size) };
  }

  it('prepares once what depends on them alone, and gives the same bits', async () => {
    const { engine, kernel, twice } = await frozenNet();
    using plain = await compile(engine, twice);
    using step = await compile(engine, twice, { constants: [kernel] });
    const all = plain.work.map(({ dispatch }) => dispatch.note.kernel);
    expect([...step.prepared, ...step.work].map(({ dispatch }) => dispatch.note.kernel)).toEqual(all);
    expect(step.prepared.length).toBeGreaterThan(0);
    expect(step.work.map(({ dispatch }) => dispatch.note.kernel)).not.toContain('binary');
    await plain.run();
    for (let run = 0; run < 2; run++) {
      await step.run();
      expect(await step.result.data()).toEqual(await plain.result.data());
    }
  });

  it('prepares anew after they have been written, by the host, by an op or by another step', async () => {
    const { engine, kernel, twice, values } = await frozenNet();
    using plain = await compile(engine, twice);
    using step = await compile(engine, twice, { constants: [kernel] });
    const other = engine.tensor(values, kernel.shape);
    using change = await compile(engine, () => axpy(kernel, other, 1, 0.5));
    const writes = [() => kernel.write(values), () => axpy(kernel, other, 1, 0.25), () => change.run()];
    await step.run();
    let before = await step.result.data();
    for (const write of writes) {
      await write();
      await plain.run();
      await step.run();
      const now = await step.result.data();
      expect(now).toEqual(await plain.result.data());
      expect(now).not.toEqual(before);
      before = now;
    }
  });

  it('counts what is kept in the memory plan, and never gives its place to others', async () => {
    const { engine, kernel, twice } = await frozenNet();
    const busy = () => {
      const y = twice();
      return add(add(y, y), add(y, y));
    };
    using step = await compile(engine, busy, { constants: [kernel] });
    const written = step.prepared.flatMap(({ dispatch }) => dispatch.bindings.filter(b => b.access === 'write'));
    const read = new Set(step.work.flatMap(({ dispatch }) => dispatch.bindings.map(({ memory }) => memory)));
    const kept = written.map(({ memory }) => memory).filter(memory => read.has(memory));
    expect(kept.length).toBeGreaterThan(0);
    const { places, bufferBytes, peakBytes } = step.memory;
    for (const memory of kept) {
      const { buffer, offset } = places.get(memory)!;
      const inIt = [...places].filter(
        ([other, place]) =>
          place.buffer === buffer && place.offset < offset + memory.bytes && offset < place.offset + other.bytes,
      );
      expect(inIt).toHaveLength(1);
    }
    expect(peakBytes).toBe(bufferBytes.reduce((a, b) => a + b));
    expect(peakBytes).toBeGreaterThan(kept.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it('goes by ranges: the rest of a flat tensor may change', async () => {
    const { engine } = await frozenNet();
    const flat = engine.tensor(new Sampler(4).normals(128), [128]);
    const [still, moving] = [engine.segment(flat, 0, [8, 8]), engine.segment(flat, 64, [8, 8])];
    using step = await compile(engine, () => matmul(add(still, still), add(moving, moving)), { constants: [still] });
    expect([step.prepared.length, step.work.length]).toEqual([1, 2]);
  });

  it('refuses a constant that the step writes to, and a step whose tensors have been freed', async () => {
    const { engine, x, kernel, twice } = await frozenNet();
    const other = engine.full(kernel.shape, 1);
    const writing = () => axpy(kernel, other, 1, 1);
    await expect(compile(engine, writing, { constants: [kernel] })).rejects.toThrow(
      /is said to be constant, but kernel 'axpy.*writes to it/,
    );
    using step = await compile(engine, twice, { constants: [kernel], label: 'net' });
    x.dispose();
    await expect(step.run()).rejects.toThrow(/'net'.*has been freed; compile it anew/);
  });
});
