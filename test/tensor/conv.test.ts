import { describe, expect, it } from 'vitest';
import { conv2dKernelGradKernel } from '../../src/kernels/conv2d-kernel-grad.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { sizeOf } from '../../src/kernels/spec.ts';
import { windowAxis } from '../../src/kernels/window.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { gradients } from '../../src/tensor/autograd.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { GpuBackend } from '../../src/tensor/gpu-backend.ts';
import { avgPool2d, conv2d, dense, globalAvgPool, maxPool2d } from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gpuEngine, limitedEngine } from '../support/engine.ts';
import { relativeError } from '../support/goldens.ts';

/** Both backends: the float64 references, and the kernels. */
const engines: readonly [string, () => Promise<Engine>][] = [
  ['reference', async () => Engine.reference()],
  ['GPU', gpuEngine],
];

const normals = (engine: Engine, seed: number, shape: readonly number[]) =>
  engine.tensor(new Sampler(seed).normals(sizeOf(shape)), shape);

const list = async (tensor: Tensor | undefined) => Array.from(await tensor!.data());

describe('shapes that do not fit', () => {
  const engine = Engine.reference();
  const x = engine.zeros([2, 8, 8, 3]);
  const message = (fn: () => unknown): string => {
    try {
      fn();
    } catch (error) {
      expect(error instanceof ShapeError || error instanceof ValueError).toBe(true);
      return String(error);
    }
    throw new Error('nothing was thrown');
  };

  it.each([
    [
      "ShapeError: conv2d 'block2_conv1': input has 3 channels, kernel expects 64",
      () => conv2d(x, engine.zeros([3, 3, 64, 128]), undefined, { name: 'block2_conv1' }),
    ],
    ['ShapeError: conv2d: input must be [N, H, W, C]', () => conv2d(engine.zeros([8, 3]), engine.zeros([3, 3, 3, 4]))],
    ['ShapeError: conv2d: kernel must be [height, width, Cin, Cout]', () => conv2d(x, engine.zeros([3, 3]))],
    ['ShapeError: conv2d: bias must be [4]', () => conv2d(x, engine.zeros([3, 3, 3, 4]), engine.zeros([3]))],
    [
      'ShapeError: conv2d: a window of 9 x 9 does not fit into pictures of 8 x 8',
      () => conv2d(x, engine.zeros([5, 5, 3, 4]), undefined, { dilation: 2 }),
    ],
    [
      'ValueError: conv2d: stride must be a positive integer or [height, width], got 0',
      () => conv2d(x, engine.zeros([3, 3, 3, 4]), undefined, { stride: 0 }),
    ],
    [
      "ValueError: conv2d: padding must be 'valid' or 'same', got 'full'",
      () => conv2d(x, engine.zeros([3, 3, 3, 4]), undefined, { padding: 'full' as 'same' }),
    ],
    ['ShapeError: maxPool2d: a window of 9 x 2 does not fit', () => maxPool2d(x, { window: [9, 2] })],
    ["ShapeError: avgPool2d 'pool1': input must be", () => avgPool2d(engine.zeros([8, 8]), { name: 'pool1' })],
    ['ShapeError: globalAvgPool: input must be', () => globalAvgPool(engine.zeros([8, 8]))],
    [
      "ShapeError: dense 'head': input has 3 values a row, weights expect 4",
      () => dense(engine.zeros([2, 3]), engine.zeros([4, 5]), undefined, { name: 'head' }),
    ],
    ['ShapeError: dense: input must be [N, K], got f32[2, 8, 8, 3]; flatten', () => dense(x, engine.zeros([3, 5]))],
    ['ShapeError: dense: bias must be [5]', () => dense(engine.zeros([2, 4]), engine.zeros([4, 5]), engine.zeros([4]))],
  ])('%s', (expected, fn) => {
    expect(message(fn)).toContain(expected);
  });
});

describe("padding 'same'", () => {
  it('puts the smaller half before the picture', () => {
    // Stride 2 over 4 pixels wants one padded pixel for a window of 3: behind. Over 5 pixels two: one on each side.
    expect(windowAxis(4, 3, 2, 1, 'same')).toEqual({ out: 2, before: 0 });
    expect(windowAxis(5, 3, 2, 1, 'same')).toEqual({ out: 3, before: 1 });
    expect(windowAxis(4, 2, 1, 1, 'same')).toEqual({ out: 4, before: 0 });
    expect(windowAxis(7, 3, 1, 3, 'same')).toEqual({ out: 7, before: 3 });
    // A stride beyond the window needs no padding at all.
    expect(windowAxis(7, 1, 3, 1, 'same')).toEqual({ out: 3, before: 0 });
  });

  it.each(engines)('convolves as TensorFlow does (%s)', async (_, open) => {
    const engine = await open();
    const x = engine.tensor([1, 2, 3, 4], [1, 1, 4, 1]).watch();
    const kernel = engine.tensor([1, 10, 100], [1, 3, 1, 1]).watch();
    const y = conv2d(x, kernel, undefined, { stride: [1, 2], padding: 'same' });
    // Windows 1 2 3 and 3 4 0: nothing before the picture, one zero behind.
    expect(await list(y)).toEqual([321, 43]);
    const [dx, dkernel] = gradients(y, [x, kernel], { dy: engine.tensor([1, 2], [1, 1, 2, 1]) });
    expect(await list(dx)).toEqual([1, 10, 102, 20]);
    expect(await list(dkernel)).toEqual([7, 10, 3]);
  });

  it.each(engines)('averages over real pixels only (%s)', async (_, open) => {
    const engine = await open();
    const x = engine.tensor([1, 2, 3], [1, 1, 3, 1]).watch();
    const y = avgPool2d(x, { window: [1, 2], padding: 'same' });
    expect(await list(y)).toEqual([1.5, 3]);
    const [dx] = gradients(y, [x], { dy: engine.tensor([2, 4], [1, 1, 2, 1]) });
    expect(await list(dx)).toEqual([1, 1, 4]);
  });
});

describe.each(engines)('on the %s', (_, open) => {
  it('dilation spreads the taps', async () => {
    const engine = await open();
    const x = engine.tensor([1, 2, 3, 4, 5], [1, 5, 1, 1]).watch();
    const kernel = engine.tensor([1, 10, 100], [3, 1, 1, 1]).watch();
    const y = conv2d(x, kernel, undefined, { dilation: [2, 1] });
    expect(await list(y)).toEqual([531]);
    const [dx, dkernel] = gradients(y, [x, kernel]);
    expect(await list(dx)).toEqual([1, 0, 10, 0, 100]);
    expect(await list(dkernel)).toEqual([1, 3, 5]);
  });

  it('a fused ReLU stops the gradient where the result is not positive', async () => {
    const engine = await open();
    const x = engine.tensor([1, -1], [1, 1, 2, 1]).watch();
    const kernel = engine.tensor([2], [1, 1, 1, 1]).watch();
    const bias = engine.tensor([0.5], [1]).watch();
    const y = conv2d(x, kernel, bias, { activation: 'relu' });
    expect(await list(y)).toEqual([2.5, 0]);
    const grads = gradients(y, [x, kernel, bias], { dy: engine.tensor([3, 5], [1, 1, 2, 1]) });
    expect(await Promise.all(grads.map(list))).toEqual([[6, 0], [3], [3]]);

    const rows = engine.tensor([1, -1], [2, 1]).watch();
    const weights = engine.tensor([2], [1, 1]).watch();
    const z = dense(rows, weights, bias, { activation: 'relu' });
    expect(await list(z)).toEqual([2.5, 0]);
    const denseGrads = gradients(z, [rows, weights, bias], { dy: engine.tensor([3, 5], [2, 1]) });
    expect(await Promise.all(denseGrads.map(list))).toEqual([[6, 0], [3], [3]]);
  });

  it('gives the gradient of equal maxima to the first in row-major order', async () => {
    const engine = await open();
    // Windows of 2 x 2 with stride 1 on 2 x 3: both hold the 7 of the middle column twice.
    const x = engine.tensor([0, 7, 0, 0, 7, 7], [1, 2, 3, 1]).watch();
    const y = maxPool2d(x, { stride: 1 });
    expect(await list(y)).toEqual([7, 7]);
    const [dx] = gradients(y, [x], { dy: engine.tensor([1, 10], [1, 1, 2, 1]) });
    expect(await list(dx)).toEqual([0, 11, 0, 0, 0, 0]);
  });

  it('keeps apart windows that do not overlap, and gives nothing to pixels outside of them', async () => {
    const engine = await open();
    const x = engine.tensor([1, 2, 9, 4, 3, 9, 9, 9, 9], [1, 3, 3, 1]).watch();
    const y = maxPool2d(x);
    expect(await list(y)).toEqual([4]);
    expect(await list(gradients(y, [x])[0])).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0]);
  });

  it('lets NaN through pooling, convolution and their ReLU', async () => {
    const engine = await open();
    const x = engine.tensor([Number.NaN, 5, 1, 2], [1, 2, 2, 1]).watch();
    expect(await list(maxPool2d(x))).toEqual([Number.NaN]);
    expect(await list(avgPool2d(x))).toEqual([Number.NaN]);
    const y = conv2d(x, engine.full([1, 1, 1, 1], 1), undefined, { activation: 'relu' });
    expect(await list(y)).toEqual([Number.NaN, 5, 1, 2]);
    const [dx] = gradients(maxPool2d(x), [x]);
    expect(await list(dx)).toEqual([1, 0, 0, 0]);
  });

  it('averages whole pictures', async () => {
    const engine = await open();
    const x = engine.tensor([1, 10, 2, 20, 3, 30, 6, 60], [1, 2, 2, 2]).watch();
    const y = globalAvgPool(x);
    expect(y.shape).toEqual([1, 2]);
    expect(await list(y)).toEqual([3, 30]);
    const [dx] = gradients(y, [x], { dy: engine.tensor([4, 8], [1, 2]) });
    expect(await list(dx)).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
  });
});

describe('one network, computed in other ways', () => {
  /** Forward and all gradients of a small network of these ops. */
  async function run(engine: Engine): Promise<Record<string, ArrayLike<number>>> {
    return engine.scope(async () => {
      const x = normals(engine, 1, [32, 12, 12, 4]).watch();
      const kernel = normals(engine, 2, [3, 3, 4, 8]).watch();
      const bias = normals(engine, 3, [8]).watch();
      const convolved = conv2d(x, kernel, bias, { padding: 'same', activation: 'relu' });
      const overlapping = maxPool2d(convolved, { window: 3, stride: 2 });
      const pooled = avgPool2d(maxPool2d(overlapping, { window: 2 }), { window: 2, stride: 1, padding: 'same' });
      const y = globalAvgPool(pooled);
      const [dx, dkernel, db] = gradients(y, [x, kernel, bias], { dy: normals(engine, 4, y.shape) });
      const results: Record<string, Tensor | undefined> = { convolved, overlapping, pooled, y, dx, dkernel, db };
      const values = await Promise.all(Object.values(results).map(tensor => tensor!.data()));
      return Object.fromEntries(Object.keys(results).map((name, i) => [name, values[i]!]));
    });
  }

  it('slices change nothing but the order of sums', async () => {
    const whole = await run(await gpuEngine());
    // 64 KiB hold at most 14 of the 32 pictures that conv2d makes.
    const sliced = await run(await limitedEngine(64 << 10));
    for (const [name, values] of Object.entries(whole)) {
      const error = relativeError(Float32Array.from(sliced[name]!), Float32Array.from(values));
      expect(error, name).toBeLessThanOrEqual(1e-6);
    }
  });

  it('kernels chosen as for a real GPU, which mask in their loads, agree', async () => {
    const engine = await gpuEngine();
    const whole = await run(engine);
    const planned = await run(new Engine(new GpuBackend(engine.gpu.device, { caps: { software: false } })));
    for (const [name, values] of Object.entries(whole)) {
      const error = relativeError(Float32Array.from(planned[name]!), Float32Array.from(values));
      expect(error, name).toBeLessThanOrEqual(1e-6);
    }
  });

  it('kernel gradients add up over slices', async () => {
    const small = await limitedEngine(4 << 10);
    const p = {
      ...{ n: 32, h: 8, w: 8, cin: 1, oh: 8, ow: 8, cout: 1, kh: 1, kw: 1, strideH: 1, strideW: 1 },
      ...{ dilationH: 1, dilationW: 1, padTop: 0, padLeft: 0, mask: 0, db: 1, accumulate: 0 },
    };
    const ones = small.full([32, 8, 8, 1], 1);
    const { dkernel, db } = small.run(conv2dKernelGradKernel, p, { x: ones, dy: ones });
    expect(await list(dkernel)).toEqual([2048]);
    expect(await list(db)).toEqual([2048]);
  });
});
