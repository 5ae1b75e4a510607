import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BARE_CAPABILITIES } from '../../src/gpu/capabilities.ts';
import { callShape } from '../../src/kernels/call-shape.ts';
import { customVariant, plainAsCustom } from '../../src/kernels/custom.ts';
import { kernels } from '../../src/kernels/registry.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { compareVariants } from '../../src/tensor/ladder.ts';
import { describeFailure, proveVariant } from '../../src/tensor/prove.ts';
import { gpuEngine } from '../support/engine.ts';

const find = (name: string) => kernels.find(kernel => kernel.name === name)!;
const matmul = find('matmul');
const wgsl = readFileSync(new URL('../../docs/examples/matmul-row.wgsl', import.meta.url), 'utf8');
const p = callShape(matmul, 'm=40 n=33 k=20');

describe('a kernel of one’s own', () => {
  it('the example agrees with the reference on random shapes, and is timed beside the ladder', async () => {
    const engine = await gpuEngine();
    const own = customVariant(matmul, { name: 'row', wgsl });
    const proof = await proveVariant(engine, matmul, own, { shapes: 12 });
    expect(proof).toMatchObject({ shapes: 12, failure: undefined });
    expect(proof.share).toBeLessThan(1);
    const live = engine.gpu.device.buffers.stats.live;
    const variants = [matmul.variants[0]!, own];
    const rungs = await compareVariants(engine, matmul, p, { variants, repeats: 2, shapes: 2 });
    expect(rungs.map(({ variant, provenShapes, provenBy }) => [variant, provenShapes, provenBy])).toEqual([
      ['plain', 2, 'reference'],
      ['row', 2, 'reference'],
    ]);
    for (const { time, gflopsPerSecond, dispatches } of rungs) {
      expect(time!.min).toBeGreaterThan(0);
      expect(time!.max).toBeGreaterThanOrEqual(time!.median);
      expect(gflopsPerSecond).toBeCloseTo((2 * 40 * 33 * 20) / time!.median / 1e6, 9);
      expect(dispatches).toBe(1);
    }
    expect(engine.gpu.device.buffers.stats.live).toBe(live);
  });

  it('a wrong one is found out, with the place of the first wrong value, and not timed', async () => {
    const engine = await gpuEngine();
    const wrong = wgsl.replace('if (column + t >= p.n) { break; }', 'if (column + t + 1 >= p.n) { break; }');
    const own = customVariant(matmul, { name: 'wrong', wgsl: wrong });
    const [rung] = await compareVariants(engine, matmul, p, { variants: [own] });
    expect(rung!.time).toBeUndefined();
    expect(describeFailure(rung!.failure!)).toMatch(
      /^'out' \[40, 33\] at \[0, 32\] \(value 32\) is NaN, the reference says -?[\d.]+; .* with m=40 n=33 k=20/,
    );
    const proof = await proveVariant(engine, matmul, own);
    expect(proof.failure).toBeDefined();
  });

  it('invalid WGSL is refused in the driver’s words', async () => {
    const own = customVariant(matmul, { name: 'broken', wgsl: wgsl.replace('let row =', 'let row ==') });
    const engine = await gpuEngine();
    await expect(proveVariant(engine, matmul, own)).rejects.toThrow(
      /kernel 'matmul\/broken': the driver refuses it: .*:\d+:\d+ error/,
    );
    // Whatever comes next has nothing to do with it.
    engine.setStep({});
    await expect(engine.gpu.device.finish()).resolves.toBeUndefined();
  });

  it('its dispatch is a formula of parameters and constants, folded where it is one number', () => {
    const groups = (kernel: { dispatch?: string; constants?: Record<string, number> }, q = p) =>
      customVariant(matmul, { name: 'row', wgsl, ...kernel }).plan(q, BARE_CAPABILITIES).dispatches[0]!.workgroups;
    expect(groups({})).toEqual([Math.ceil((40 * 9) / 64), 1, 1]);
    expect(groups({ constants: { TILE: 16 } })).toEqual([2, 1, 1]);
    expect(groups({ dispatch: 'm, n' })).toEqual([40, 33, 1]);
    expect(groups({ dispatch: 'm * n' }, { ...p, m: 10_000 })).toEqual([65535, 6, 1]);
    expect(() => groups({ dispatch: 'm * n, 1' }, { ...p, m: 10_000 })).toThrow('exceed 65535 along one dimension');
    expect(() => groups({ dispatch: 'm / 64' })).toThrow(
      "dispatch 'm / 64' gives 0.625; it must be one to three whole",
    );
  });

  it('says for which calls it is meant', () => {
    const own = customVariant(matmul, { name: 'row', wgsl: `// supports: k % TILE == 0 && ta == 0\n${wgsl}` });
    expect(own.supports(p, BARE_CAPABILITIES)).toBe(true);
    expect(own.supports({ ...p, k: 21 }, BARE_CAPABILITIES)).toBe(false);
  });

  it('is refused without a dispatch, in parts, or where the plain variant takes several dispatches', () => {
    const make = (text: string) => customVariant(matmul, { name: 'row', wgsl: text });
    expect(() => make(wgsl.replace('// dispatch:', '//'))).toThrow(
      "it does not say how many workgroups it takes; add a line '// dispatch:",
    );
    expect(() => make(`// use: grid\n${wgsl}`)).toThrow('copy what it needs into the file');
    const mse = find('mse');
    const own = customVariant(mse, { name: 'row', wgsl });
    expect(() => own.plan(callShape(mse), BARE_CAPABILITIES)).toThrow("plain variant of 'mse' takes 2 dispatches");
  });
});

describe('the plain variant as a text to start from', () => {
  const draw = (name: string) => find(name).sample(new Sampler(5));
  const texts = kernels.flatMap(spec => {
    const q = draw(spec.name);
    return spec.variants[0]!.plan(q, BARE_CAPABILITIES).dispatches.length === 1 ? [[spec.name, q] as const] : [];
  });

  it('there is one for nearly every kernel', () => {
    expect(texts.length).toBeGreaterThan(0.7 * kernels.length);
  });

  it.each(texts)('%s is a kernel of one’s own that agrees with the reference', async (name, q) => {
    const engine = await gpuEngine();
    const own = customVariant(find(name), { name: 'own', wgsl: plainAsCustom(find(name), q, engine.caps) });
    expect(own.supports(q, engine.caps)).toBe(true);
    const proof = await proveVariant(engine, find(name), own, { shapes: 2 });
    expect(proof.failure && describeFailure(proof.failure)).toBeUndefined();
    expect(proof.shapes).toBeGreaterThan(0);
  });

  it('says of a function that was chosen by a constant that it is meant for this one', () => {
    const q = { ...draw('unary'), fn: 3 };
    expect(plainAsCustom(find('unary'), q, BARE_CAPABILITIES)).toMatch(
      /^\/\/ dispatch: plain\n\/\/ supports: fn == 3\n/,
    );
  });

  it('is refused where one file cannot stand for it', () => {
    const several = kernels.find(({ name }) => !texts.some(([one]) => one === name))!;
    expect(() => plainAsCustom(several, draw(several.name), BARE_CAPABILITIES)).toThrow(/takes \d dispatches/);
  });
});
