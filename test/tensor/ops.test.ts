import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import { LimitError, ShapeError, ValueError } from '../../src/platform/errors.ts';
import { gradients } from '../../src/tensor/autograd.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { GpuBackend } from '../../src/tensor/gpu-backend.ts';
import * as ops from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gpuEngine } from '../support/engine.ts';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

/** Evaluates on the GPU; the scope frees what was made. */
async function onGpu(fn: (engine: Engine) => Tensor): Promise<{ values: number[]; shape: readonly number[] }> {
  const engine = await gpuEngine();
  return engine.scope(async () => {
    const y = fn(engine);
    return { values: Array.from(await y.data()), shape: y.shape };
  });
}

const valuesOf = async (fn: (engine: Engine) => Tensor) => (await onGpu(fn)).values;
const gradientOf = (x: Tensor, y: Tensor) => gradients(y, [x], { dy: x.engine.full(y.shape, 1) })[0]!;

describe('a NaN is never hidden', () => {
  const through: Record<string, (x: Tensor) => Tensor> = {
    relu: ops.relu,
    leakyRelu: ops.leakyRelu,
    clamp: x => ops.clamp(x, -1, 1),
    abs: ops.abs,
    gelu: ops.gelu,
    sigmoid: ops.sigmoid,
    tanh: ops.tanh,
    silu: ops.silu,
    'maximum, first': x => ops.maximum(x, x.engine.zeros([3])),
    'maximum, second': x => ops.maximum(x.engine.zeros([3]), x),
    'minimum, first': x => ops.minimum(x, x.engine.zeros([3])),
    'minimum, second': x => ops.minimum(x.engine.zeros([3]), x),
    where: x => ops.where(x.engine.full([3], 1), x, x.engine.zeros([3])),
    'pow number': x => ops.pow(x, 3),
  };
  for (const [name, op] of Object.entries(through)) {
    it(`by ${name}`, async () => {
      const values = await valuesOf(engine => op(engine.tensor([0.5, nan, -0.5])));
      expect(values.map(Number.isNaN)).toEqual([false, true, false]);
    });
  }

  it('by max, min and argmax', async () => {
    const values = [1, 9, nan, 2, nan, -4];
    for (const op of [ops.max, ops.min]) expect(await valuesOf(engine => op(engine.tensor(values)))).toEqual([nan]);
    expect(await valuesOf(engine => ops.argmax(engine.tensor(values)))).toEqual([2]);
    expect(await valuesOf(engine => ops.argmin(engine.tensor(values)))).toEqual([2]);
  });
});

describe('elementwise ops at the edges', () => {
  it('saturate without overflow', async () => {
    const far = [-1e4, -100, 100, 1e4];
    expect(await valuesOf(engine => ops.sigmoid(engine.tensor(far)))).toEqual([0, expect.closeTo(0, 30), 1, 1]);
    expect(await valuesOf(engine => ops.tanh(engine.tensor(far)))).toEqual([-1, -1, 1, 1]);
    expect(await valuesOf(engine => ops.gelu(engine.tensor(far)))).toEqual([-0, -0, 100, 1e4]);
  });

  it('keep the digits of tanh near zero', async () => {
    const [y] = await valuesOf(engine => ops.tanh(engine.tensor([1e-4])));
    expect(Math.abs(y! / Math.tanh(Math.fround(1e-4)) - 1)).toBeLessThan(2e-7);
  });

  it('have gradient 0 where they are flat or have a kink', async () => {
    const gradient = (op: (x: Tensor) => Tensor, ...values: number[]) =>
      valuesOf(engine => {
        const x = engine.tensor(values).watch();
        return gradientOf(x, op(x));
      });
    expect(await gradient(ops.relu, -1, 0, 2)).toEqual([0, 0, 1]);
    expect(await gradient(ops.abs, -3, 0, 2)).toEqual([-1, 0, 1]);
    expect(await gradient(x => ops.clamp(x, 0, 1), -1, 0, 0.5, 1, 2)).toEqual([0, 1, 1, 1, 0]);
  });

  it('take open bounds', async () => {
    const clamped = await valuesOf(engine => ops.clamp(engine.tensor([-1e30, 5]), -infinity, 1));
    expect(clamped).toEqual([Math.fround(-1e30), 1]);
  });

  it('raise negative numbers to whole powers', async () => {
    const cubes = await valuesOf(engine => ops.pow(engine.tensor([-2, 2, -1]), 3));
    expect(cubes).toEqual([-8, 8, -1].map(v => expect.closeTo(v, 5)));
    expect(await valuesOf(engine => ops.pow(engine.tensor([-2]), 2))).toEqual([4]);
  });

  it('take numbers on either side', async () => {
    const x = [1, 2, 4];
    expect(await valuesOf(e => ops.sub(1, e.tensor(x)))).toEqual([0, -1, -3]);
    expect(await valuesOf(e => ops.sub(e.tensor(x), 1))).toEqual([0, 1, 3]);
    expect(await valuesOf(e => ops.div(8, e.tensor(x)))).toEqual([8, 4, 2]);
    expect(await valuesOf(e => ops.div(e.tensor(x), 2))).toEqual([0.5, 1, 2]);
    expect(await valuesOf(e => ops.pow(2, e.tensor(x)))).toEqual([2, 4, 16]);
    expect(() => ops.add(1, 2)).toThrow(ValueError);
  });

  it('compare to 1 and 0', async () => {
    const pair = (e: Engine) => [e.tensor([1, 2, 3]), e.tensor([2])] as const;
    expect(await valuesOf(e => ops.greater(...pair(e)))).toEqual([0, 0, 1]);
    expect(await valuesOf(e => ops.less(...pair(e)))).toEqual([1, 0, 0]);
    expect(await valuesOf(e => ops.equal(...pair(e)))).toEqual([0, 1, 0]);
  });
});

describe('reductions', () => {
  it('give the first of several extrema, and the gradient to it alone', async () => {
    const values = [3, 7, 7, 1, 7, 0];
    expect(await valuesOf(e => ops.argmax(e.tensor(values)))).toEqual([1]);
    expect(await valuesOf(e => ops.argmax(e.tensor(values, [2, 3]), { axis: 1 }))).toEqual([1, 1]);
    expect(await valuesOf(e => ops.argmin(e.tensor(values, [2, 3]), { axis: -2 }))).toEqual([1, 0, 1]);
    const gradient = await valuesOf(e => {
      const x = e.tensor(values, [2, 3]).watch();
      return gradientOf(x, ops.max(x));
    });
    expect(gradient).toEqual([0, 1, 0, 0, 0, 0]);
  });

  it('give the first over axes that are not neighbours, in row-major order', async () => {
    const gradient = await valuesOf(e => {
      const x = e.tensor([0, 5, 1, 2, 5, 0, 2, 1], [2, 2, 2]).watch();
      return gradientOf(x, ops.max(x, { axes: [0, 2] }));
    });
    expect(gradient).toEqual([0, 1, 0, 1, 0, 0, 0, 0]);
  });

  it('shape their results', async () => {
    const shape = async (options: ops.ReduceOptions) =>
      (await onGpu(e => ops.sum(e.full([2, 3, 1, 4], 1), options))).shape;
    expect(await shape({})).toEqual([]);
    expect(await shape({ axes: -1 })).toEqual([2, 3, 1]);
    expect(await shape({ axes: [0, 2], keepDims: true })).toEqual([1, 3, 1, 4]);
    expect(await shape({ axes: [] })).toEqual([2, 3, 1, 4]);
  });

  it('add up long sums in parts', async () => {
    const values = new Sampler(3).normals(50_000);
    const expected = values.reduce((a, b) => a + b, 0);
    const [total] = await valuesOf(e => ops.sum(e.tensor(values)));
    expect(Math.abs(total! - expected)).toBeLessThan(1e-2);
    const [mean] = await valuesOf(e => ops.mean(e.tensor(values)));
    expect(Math.abs(mean! - expected / 50_000)).toBeLessThan(1e-6);
  });
});

describe('gathered rows', () => {
  it('are NaN outside of the table, and add up their gradients', async () => {
    const rows = await valuesOf(e => ops.gatherRows(e.tensor([1, 2, 3, 4], [2, 2]), e.tensor([1, 2], [2], 'u32')));
    expect(rows).toEqual([3, 4, nan, nan]);
    const gradient = await valuesOf(e => {
      const table = e.tensor([1, 2, 3, 4, 5, 6], [3, 2]).watch();
      const y = ops.gatherRows(table, e.tensor([2, 0, 2], [3], 'u32'));
      return gradients(y, [table], { dy: e.tensor([1, 2, 3, 4, 5, 6], [3, 2]) })[0]!;
    });
    expect(gradient).toEqual([3, 4, 0, 0, 6, 8]);
  });
});

describe('axpy', () => {
  it('scales and adds in place, and forgets with beta 0', async () => {
    const result = await valuesOf(e => {
      const y = e.tensor([1, 2]);
      ops.axpy(y, e.tensor([10, 20]), 0.5, 2);
      return y;
    });
    expect(result).toEqual([7, 14]);
    const fresh = await valuesOf(e => {
      const y = e.tensor([nan, nan]);
      ops.axpy(y, e.tensor([10, 20]), 1, 0);
      return y;
    });
    expect(fresh).toEqual([10, 20]);
  });
});

describe('mse', () => {
  it('leaves out the padding of the last batch', async () => {
    const engine = await gpuEngine();
    engine.setStep({ rows: 2 });
    try {
      await engine.scope(async () => {
        const prediction = engine.tensor([1, 2, 3, 4, nan, nan], [3, 2]).watch();
        const loss = ops.mse(prediction, engine.zeros([3, 2]));
        expect(await loss.item()).toBe((1 + 4 + 9 + 16) / 4);
        const [gradient] = gradients(loss, [prediction]);
        expect(Array.from(await gradient!.data())).toEqual([0.5, 1, 1.5, 2, 0, 0]);
      });
    } finally {
      engine.setStep({ rows: 0 });
    }
  });
});

describe('tensors larger than a binding', () => {
  const LIMIT = 64 << 10;
  const rows = 140;
  const width = 256;
  const cases: Record<string, (x: Tensor) => Tensor> = {
    relu: ops.relu,
    'add of one shape': x => ops.add(x, x),
    'add of a row': x => ops.add(x, x.engine.tensor(new Sampler(1).normals(width))),
    'mul by a column': x => ops.mul(x, x.engine.tensor(new Sampler(1).normals(rows), [rows, 1])),
    'where by a column': x => ops.where(x.engine.tensor(new Sampler(1).normals(rows), [rows, 1]), x, x),
    'sum to a row': x => ops.sum(x, { axes: 0 }),
    'sum to a column': x => ops.sum(ops.reshape(x, [rows / 2, 2, width]), { axes: 2 }),
    'sum to a number': x => ops.sum(x),
    'max to a row': x => ops.max(x, { axes: 0 }),
    'min to a column': x => ops.min(x, { axes: 1 }),
    'slice of columns': x => ops.slice(x, [0, 3], [rows, 64]),
    'pad of columns': x =>
      ops.pad(x, [
        [0, 0],
        [1, 63],
      ]),
    'concat of columns': x => ops.concat([x, x], 1),
    mse: x => ops.mse(x, ops.mul(x, 0.5)),
  };
  for (const [name, op] of Object.entries(cases)) {
    it(`are cut: ${name}`, async () => {
      const values = new Sampler(2).normals(rows * width);
      const evaluate = async (engine: Engine) =>
        engine.scope(async () => {
          const x = engine.tensor(values, [rows, width]).watch();
          const y = op(x);
          return [await y.data(), await gradientOf(x, y).data()];
        });
      const { device } = (await gpuEngine()).gpu;
      const cut = await evaluate(new Engine(new GpuBackend(device, { caps: { maxBindingBytes: LIMIT } })));
      const expected = await evaluate(Engine.reference());
      for (const [i, whole] of expected.entries()) {
        expect(cut[i]!.length).toBe(whole.length);
        const largest = Math.max(1, ...whole.map(Math.abs));
        const error = Math.max(...Array.from(whole, (value, k) => Math.abs(cut[i]![k]! - value)));
        expect(error / largest, i === 0 ? 'forward' : 'gradient').toBeLessThan(1e-5);
      }
    });
  }

  it('are refused by name where they cannot be cut', async () => {
    const { device } = (await gpuEngine()).gpu;
    const engine = new Engine(new GpuBackend(device, { caps: { maxBindingBytes: LIMIT } }));
    engine.scope(() => {
      expect(() => ops.transpose(engine.empty([rows, width]))).toThrow(LimitError);
    });
  });
});

describe('shapes that do not fit', () => {
  const engine = Engine.reference();
  const x = engine.zeros([2, 3]);
  const wrong: Record<string, [() => unknown, RegExp]> = {
    add: [() => ops.add(x, engine.zeros([2])), /add: shapes \[2, 3\] and \[2\] do not broadcast: axis 1/],
    where: [() => ops.where(x, x, engine.zeros([4, 3])), /where: .* do not broadcast/],
    reshape: [() => ops.reshape(x, [4, -1]), /reshape: .* has 6 elements, they do not fit \[4, -1\]/],
    transpose: [() => ops.transpose(x, [0, 0]), /transpose: \[0, 0\] must name each of the 2 axes/],
    pad: [() => ops.pad(x, [[1, 1]]), /pad: .* needs 2 pairs/],
    slice: [() => ops.slice(x, [0, 1], [2, 3]), /slice: .* does not lie in f32\[2, 3\]/],
    concat: [() => ops.concat([x, engine.zeros([3, 3])], 1), /concat: .* does not fit .* along axis 1/],
    'concat of nothing': [() => ops.concat([], 0), /concat: it needs at least one tensor/],
    sum: [() => ops.sum(x, { axes: [2] }), /sum: .* has axes 0 to 1, got \[2\]/],
    'sum over an axis twice': [() => ops.sum(x, { axes: [1, -1] }), /an axis stands twice/],
    gatherRows: [() => ops.gatherRows(x, x), /gatherRows: .* u32 indices/],
    mse: [() => ops.mse(x, engine.zeros([3, 2])), /mse: prediction and target must be of one shape/],
    axpy: [() => ops.axpy(x, engine.zeros([5]), 1, 1), /axpy: .* must be of one size/],
  };
  for (const [name, [call, message]] of Object.entries(wrong)) {
    it(`are refused by ${name}`, () => {
      expect(call).toThrow(message);
      expect(call).toThrow(ShapeError);
    });
  }

  it('a clamp without room, an axpy onto itself', () => {
    expect(() => ops.clamp(x, 1, 0)).toThrow(ValueError);
    expect(() => ops.axpy(x, x, 1, 1)).toThrow(ValueError);
  });
});
