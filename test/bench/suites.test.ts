import { describe, expect, it } from 'vitest';
import { bytesOf, flopsOf } from '../../bench/counts.ts';
import { hasModel, makeInputs } from '../../bench/inputs.ts';
import { COMPARED, kernelCall } from '../../bench/kernels.ts';
import { type Case, cases, suiteNames, type Work } from '../../bench/suites.ts';
import { difference, truthOf } from '../../bench/truth.ts';
import { sizeOf } from '../../src/kernels/spec.ts';

describe('the cases of the benchmark', () => {
  it('have names of their own and shapes of whole numbers', () => {
    const names = cases.map(({ name, mode }) => `${name}, ${mode}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { shape } of cases) {
      for (const size of Object.values(shape)) {
        if (typeof size === 'number') expect(Number.isInteger(size) && size >= 0).toBe(true);
      }
    }
  });

  it('give every suite but the slow ones a quick line', () => {
    const quick = new Set(cases.filter(c => c.quick).map(({ suite }) => suite));
    const slow = ['growth', 'startup', 'memory'];
    expect([...quick]).toEqual(suiteNames.filter(name => !slow.includes(name)));
  });

  it('name models that there are', () => {
    for (const { shape } of cases)
      if ('model' in shape) expect([shape.model, hasModel(shape.model)]).toEqual([shape.model, true]);
  });

  it('count what their kernels count', () => {
    for (const work of cases) {
      const call = kernelCall(work);
      if (!call || flopsOf(work) === 0) continue;
      expect([work.name, flopsOf(work)]).toEqual([work.name, call.spec.flops(call.p)]);
      expect(bytesOf(work)).toBeGreaterThan(0);
    }
  });

  it('lie on curves that grow', () => {
    const curves = new Map<string, number[]>();
    for (const { curve } of cases) if (curve) curves.set(curve.name, [...(curves.get(curve.name) ?? []), curve.at]);
    expect(curves.size).toBe(3);
    for (const points of curves.values()) expect(points).toEqual([...new Set(points)].sort((a, b) => a - b));
  });
});

const conv = { n: 3, h: 6, w: 5, cin: 3, cout: 5, kernel: 3, stride: 2, same: 1 };
const pool = { n: 3, h: 5, w: 6, c: 4, window: 2 };
const small: Work[] = [
  { op: 'matmul', shape: { m: 19, n: 7, k: 5 } },
  ...(['conv2d', 'conv2d_input_grad', 'conv2d_kernel_grad'] as const).map(op => ({ op, shape: conv })),
  ...(['max_pool2d', 'max_pool2d_grad'] as const).map(op => ({ op, shape: pool })),
  { op: 'softmax_cross_entropy', shape: { rows: 9, classes: 4 } },
];

describe('inputs and references', () => {
  it.each(small)('$op: has every input its kernel reads, and no pair of equal values in a window', work => {
    const { tensors } = makeInputs(work);
    const { spec, p } = kernelCall(work)!;
    for (const [name, { role, shape }] of Object.entries(spec.tensors)) {
      const size = shape(p);
      if (role === 'out' || !size || name === 'taps') continue;
      expect([name, tensors[name]?.data.length]).toEqual([name, sizeOf(size)]);
    }
    if ('x' in tensors && work.op.startsWith('max')) {
      expect(new Set(tensors.x!.data).size).toBe(tensors.x!.data.length);
    }
  });

  it.each(small)('$op: the reference of a part is that part of the whole reference', work => {
    const { tensors } = makeInputs(work);
    const { spec, p } = kernelCall(work)!;
    const inputs = Object.fromEntries(
      Object.entries(tensors).map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    if (work.op === 'max_pool2d_grad') {
      const forward = kernelCall({ op: 'max_pool2d', shape: work.shape })!;
      const step = { seed: 0, step: 1, rows: 0, learningRate: 0 };
      inputs.taps = forward.spec.reference({ ...forward.p, taps: 1 }, inputs, step).taps as never;
    }
    const whole = spec.reference(p, inputs, { seed: 0, step: 1, rows: 0, learningRate: 0 });
    const truth = truthOf(work, tensors)!;
    expect(COMPARED[work.op]).toContain(truth.name);
    const part = truth.part(Float32Array.from(whole[truth.name]!));
    expect(part.length).toBeGreaterThan(0);
    expect(difference(part, truth.values)).toBeLessThan(1e-6);
    // What differs in one place of that part is noticed.
    part[part.length - 1]! += 1;
    expect(difference(part, truth.values)).toBeGreaterThan(0.01);
  });

  it('measures differences as a share of the largest value, and never overlooks NaN or a missing value', () => {
    expect(difference([1, 2, -4], [1, 2, -5])).toBe(0.2);
    expect(difference([1, Number.NaN], [1, 2])).toBe(Number.POSITIVE_INFINITY);
    expect(difference([Number.NaN, 2], [1, 2])).toBe(Number.POSITIVE_INFINITY);
    expect(difference([1], [1, 2])).toBe(Number.POSITIVE_INFINITY);
    expect(difference([0, 0], [0, 0])).toBe(0);
  });

  it('compares every kind of work by something', () => {
    for (const { op } of cases as readonly Case[]) expect([op, COMPARED[op]?.length]).not.toEqual([op, 0]);
  });
});
