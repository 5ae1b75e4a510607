import { describe, expect, it } from 'vitest';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { gradients } from '../../src/tensor/autograd.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { add, exp, matmul, mul, relu, reshape, sum } from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gpuEngine } from '../support/engine.ts';

/** A watched vector on a float64 engine. */
function vector(engine: Engine, ...values: number[]): Tensor {
  return engine.tensor(values).watch();
}

async function numbers(tensor: Tensor | undefined): Promise<number[]> {
  expect(tensor).toBeDefined();
  return Array.from(await tensor!.data());
}

/** Names of the kernels that run. */
function watchKernels(engine: Engine): string[] {
  const names: string[] = [];
  const run = engine.backend.run.bind(engine.backend);
  engine.backend.run = (spec, p, tensors) => {
    names.push(spec.name);
    run(spec, p, tensors);
  };
  return names;
}

describe('gradients', () => {
  it('adds up over every use of a tensor', async () => {
    const x = vector(Engine.reference(), 2, -3);
    // x^3 + x + x, in which x is used five times.
    const y = add(add(mul(mul(x, x), x), x), x);
    expect(await numbers(gradients(sum(y), [x])[0])).toEqual([3 * 4 + 2, 3 * 9 + 2]);
  });

  it('adds up over paths that part and meet again', async () => {
    const x = vector(Engine.reference(), 0.5);
    const [left, right] = [mul(x, 3), mul(x, x)];
    const middle = mul(left, right);
    // (3x * x^2) * 3x + x^2 = 9x^4 + x^2
    const y = add(mul(middle, left), right);
    expect((await numbers(gradients(y, [x], { dy: x.engine.full([1], 1) })[0]))[0]).toBeCloseTo(36 * 0.125 + 1, 12);
  });

  it('runs through thousands of ops', async () => {
    const x = vector(Engine.reference(), 1);
    let y = x;
    for (let i = 0; i < 2000; i++) y = add(y, x);
    expect(await numbers(gradients(sum(y), [x])[0])).toEqual([2001]);
  });

  it('gives those of intermediate results, and of the result itself', async () => {
    const x = vector(Engine.reference(), 3);
    const square = mul(x, x);
    const y = sum(mul(square, square));
    const [dx, dsquare, dy] = gradients(y, [x, square, y]);
    expect([await numbers(dx), await numbers(dsquare), await numbers(dy)]).toEqual([[108], [18], [1]]);
  });

  it('gives undefined for what the result does not depend on', () => {
    const engine = Engine.reference();
    const [x, other] = [vector(engine, 1), vector(engine, 1)];
    const unused = mul(other, x);
    const [dx, dother, dunused] = gradients(sum(x), [x, other, unused]);
    expect(dx).toBeDefined();
    expect([dother, dunused]).toEqual([undefined, undefined]);
  });

  it('starts from dy where it is given', async () => {
    const engine = Engine.reference();
    const x = vector(engine, 1, 2, 3);
    const [dx] = gradients(mul(x, x), [x], { dy: engine.tensor([1, 10, 100]) });
    expect(await numbers(dx)).toEqual([2, 40, 600]);
  });

  it('stops at detached tensors', async () => {
    const x = vector(Engine.reference(), 5);
    const constant = x.detach();
    expect(constant.tracked).toBe(false);
    expect(await numbers(gradients(sum(mul(x, constant)), [x])[0])).toEqual([5]);
  });

  it('keeps no tape inside noGrad', () => {
    const engine = Engine.reference();
    const x = vector(engine, 5);
    const y = engine.noGrad(() => mul(x, x));
    expect(y.node).toBeUndefined();
    expect(() => gradients(y, [x])).toThrow(ValueError);
    // The tape goes on afterwards, also when something was thrown.
    expect(() =>
      engine.noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(mul(x, x).node).toBeDefined();
  });

  it('lets a hook say what flows on from a tensor, once all has arrived there', async () => {
    const x = vector(Engine.reference(), 1, 2);
    const square = mul(x, x);
    // -3 from both uses, which 2 and -5 are not when each is cut off by itself.
    const y = sum(add(mul(square, 2), mul(square, -5)));
    const hooks = new Map([[square, (dy: Tensor) => mul(dy, dy)]]);
    const [dx, dsquare] = gradients(y, [x, square], { hooks });
    expect([await numbers(dx), await numbers(dsquare)]).toEqual([
      [18, 36],
      [-3, -3],
    ]);
  });

  it('leaves no tape behind itself', () => {
    const x = vector(Engine.reference(), 5);
    const [dx] = gradients(sum(mul(x, x)), [x]);
    expect(dx!.tracked).toBe(false);
  });

  it('computes only what was asked for', () => {
    const engine = Engine.reference();
    const [a, b] = [engine.full([2, 3], 1).watch(), engine.full([3, 4], 1)];
    const y = sum(matmul(a, b));
    const ran = watchKernels(engine);
    gradients(y, [a]);
    expect(ran.filter(name => name === 'matmul')).toHaveLength(1);
  });

  it('does not walk the part of the graph that leads nowhere', () => {
    const engine = Engine.reference();
    const [a, b] = [vector(engine, 1), vector(engine, 2)];
    const y = sum(add(exp(a), mul(b, b)));
    const ran = watchKernels(engine);
    gradients(y, [b]);
    expect(ran).not.toContain('unary_grad');
  });
});

describe('gradients into given places', () => {
  // Each case: what is differentiated, and the gradient at x = (1, 2).
  const cases: Record<string, [(x: Tensor) => Tensor, number[]]> = {
    'written by the op itself': [x => sum(exp(mul(x, 0))), [0, 0]],
    'summed over several uses': [x => sum(mul(mul(x, x), x)), [3, 12]],
    'of an op that passes its upstream on': [x => sum(reshape(x, [2, 1])), [1, 1]],
    'of an op that gives one tensor to both operands': [x => sum(add(x, x)), [2, 2]],
  };
  for (const [what, [loss, expected]] of Object.entries(cases)) {
    it(what, async () => {
      const engine = await gpuEngine();
      await engine.scope(async () => {
        const x = engine.tensor([1, 2]).watch();
        const flat = engine.full([192], 7);
        const place = engine.segment(flat, 64, [2], 'place');
        const [dx] = gradients(loss(x), [x], { into: [place] });
        expect(dx).toBe(place);
        expect(await numbers(dx)).toEqual(expected);
        // The rest of the flat tensor stays.
        const all = await numbers(flat);
        expect(all[63]).toBe(7);
        expect(all.slice(66)).toEqual(new Array(126).fill(7));
      });
    });
  }

  it('also when the place belongs to an intermediate result', async () => {
    const engine = Engine.reference();
    const x = vector(engine, 1, 2);
    const square = mul(x, x);
    const places = [engine.zeros([2]), engine.zeros([2])];
    const found = gradients(sum(mul(square, square)), [x, square], { into: places });
    expect(found).toEqual(places);
    expect(await numbers(places[0])).toEqual([4, 32]);
    expect(await numbers(places[1])).toEqual([2, 8]);
  });
});

describe('errors', () => {
  it('say what is wrong with what is differentiated', () => {
    const engine = Engine.reference();
    const x = vector(engine, 1, 2);
    expect(() => gradients(mul(x, x), [x])).toThrow(/gradients: .*f32\[2\] is not a scalar.*'dy'/);
    expect(() => gradients(mul(x, x), [x], { dy: engine.zeros([3]) })).toThrow(ShapeError);
    expect(() => gradients(sum(engine.zeros([3])), [x])).toThrow(/does not depend on any tensor that is watched/);
  });

  it('name a tensor that has been freed, or belongs elsewhere', () => {
    const [engine, other] = [Engine.reference(), Engine.reference()];
    const x = vector(engine, 1);
    const freed = engine.tensor([1], [1], 'f32', 'weights');
    freed.dispose();
    expect(() => mul(x, freed)).toThrow(/'weights' f32\[1\]: it has been freed/);
    expect(() => mul(x, vector(other, 1))).toThrow(/belongs to another engine/);
  });
});

describe('scopes', () => {
  const liveBuffers = async () => (await gpuEngine()).gpu.device.buffers.stats.live;

  /** Forward and backward with a few intermediates. */
  function step(x: Tensor): { loss: Tensor; grad: Tensor } {
    const loss = sum(relu(mul(exp(x), x)));
    return { loss, grad: gradients(loss, [x])[0]! };
  }

  it('free every intermediate of an eager step and keep what is returned', async () => {
    const engine = await gpuEngine();
    using x = engine.tensor([1, 2, 3]).watch();
    const before = await liveBuffers();
    const { loss, grad } = engine.scope(() => step(x));
    expect(await liveBuffers()).toBe(before + 2);
    expect(Number.isFinite(await loss.item())).toBe(true);
    loss.dispose();
    grad.dispose();
    expect(await liveBuffers()).toBe(before);
  });

  it('free them step after step, async and nested', async () => {
    const engine = await gpuEngine();
    using x = engine.tensor([1, 2, 3]).watch();
    const before = await liveBuffers();
    for (let i = 0; i < 20; i++) {
      const value = await engine.scope(async () => {
        const { loss } = engine.scope(() => step(x));
        return loss.item();
      });
      expect(value).toBeGreaterThan(0);
      expect(await liveBuffers()).toBe(before);
    }
  });

  it('free them when something is thrown', async () => {
    const engine = await gpuEngine();
    using x = engine.tensor([1, 2, 3]).watch();
    const before = await liveBuffers();
    expect(() =>
      engine.scope(() => {
        step(x);
        throw new Error('in the middle');
      }),
    ).toThrow('in the middle');
    await expect(
      engine.scope(async () => {
        await step(x).loss.item();
        throw new Error('later');
      }),
    ).rejects.toThrow('later');
    expect(await liveBuffers()).toBe(before);
  });

  it('free memory with the last tensor that looks at it', async () => {
    const engine = await gpuEngine();
    const before = await liveBuffers();
    const view = engine.scope(() => reshape(engine.tensor([1, 2, 3, 4]), [2, 2]));
    expect(await liveBuffers()).toBe(before + 1);
    expect(await numbers(view)).toEqual([1, 2, 3, 4]);
    view.dispose();
    view.dispose();
    expect(await liveBuffers()).toBe(before);
  });

  it('let go of what is kept', async () => {
    const engine = await gpuEngine();
    const before = await liveBuffers();
    let kept: Tensor | undefined;
    engine.scope(() => {
      kept = engine.keep(engine.tensor([4]));
    });
    expect(await kept!.item()).toBe(4);
    kept!.dispose();
    expect(await liveBuffers()).toBe(before);
  });

  it('copy keeps the shape', async () => {
    const engine = await gpuEngine();
    await engine.scope(async () => {
      const copy = engine.copy(engine.tensor([1, 2, 3, 4], [2, 2]));
      expect(copy.shape).toEqual([2, 2]);
      expect(await numbers(copy)).toEqual([1, 2, 3, 4]);
    });
  });
});
