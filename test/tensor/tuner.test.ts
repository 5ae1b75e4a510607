import { afterEach, expect, it } from 'vitest';
import { type KernelCall, tableKey } from '../../src/kernels/choose.ts';
import { type MatmulParams, matmulKernel } from '../../src/kernels/matmul.ts';
import type { KernelSpec, Variant } from '../../src/kernels/spec.ts';
import { TunedTable } from '../../src/kernels/tuned-table.ts';
import { findModel } from '../../src/models/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { GpuBackend } from '../../src/tensor/gpu-backend.ts';
import { forProof, forTiming } from '../../src/tensor/tune-inputs.ts';
import { type TuneProgress, tune } from '../../src/tensor/tuner.ts';
import { modelCalls } from '../../src/train/model-calls.ts';
import { gpuEngine } from '../support/engine.ts';

const p: MatmulParams = { m: 70, n: 36, k: 40, ta: 0, tb: 0, bias: 0, relu: 0, accumulate: 0 };
const [plain] = matmulKernel.variants;
const named = (name: string, change: Partial<Variant<MatmulParams>> = {}): Variant<MatmulParams> => {
  return { ...plain!, name, ...change };
};
/** A call of matmul with these variants and no others. */
function callOf(variants: readonly Variant<MatmulParams>[], params: MatmulParams = p): KernelCall {
  return { spec: { ...matmulKernel, variants } as unknown as KernelSpec, p: params };
}
const key = tableKey(matmulKernel, p);

afterEach(async () => {
  const { device } = (await gpuEngine()).gpu;
  await device.finish();
});

it('takes a variant that does a twentieth of the work, though nobody expected it to be fast', async () => {
  const engine = await gpuEngine();
  const slow = named('slow', {
    speed: () => 2,
    plan: (q, caps) => {
      const { dispatches } = plain!.plan(q, caps);
      return { dispatches: Array.from({ length: 20 }, () => dispatches[0]!) };
    },
  });
  const { live } = engine.gpu.device.buffers.stats;
  const call = callOf([slow, named('quick')]);
  const single = callOf([plain!], { ...p, m: 71 });
  const { calls, struck, left, alone } = await tune(engine, [call, single, call]);
  expect([calls.length, alone, left, struck]).toEqual([1, 1, 0, []]);
  const { row, before, key: measured } = calls[0]!;
  expect([measured, before, row.variant]).toEqual([key, 'slow', 'quick']);
  expect(row.milliseconds.slow!).toBeGreaterThan(2 * row.milliseconds.quick!);
  expect(engine.gpu.device.buffers.stats.live).toBe(live);
});

it('strikes a variant that computes something else, however fast it is, and one that does not compile', async () => {
  const engine = await gpuEngine();
  const lazy = named('lazy', { plan: (q, caps) => plain!.plan({ ...q, k: 1 }, caps) });
  const tailless = named('tailless', {
    plan: (q, caps) => {
      const { dispatches } = plain!.plan(q, caps);
      // All right as long as there are few rows, where the proof by the reference looks.
      const workgroups = q.m > 1000 ? ([1, 1, 1] as const) : dispatches[0]!.workgroups;
      return { dispatches: [{ ...dispatches[0]!, workgroups }] };
    },
  });
  const broken = named('broken', {
    plan: (q, caps) => ({ dispatches: [{ ...plain!.plan(q, caps).dispatches[0]!, shader: { text: 'fn main( {' } }] }),
  });
  const long = { ...p, m: 4000, n: 40, k: 40 };
  const { calls, struck } = await tune(engine, [callOf([plain!, lazy, tailless, broken], long)]);
  expect(struck.map(({ variant }) => variant).sort()).toEqual(['broken', 'lazy', 'tailless']);
  const reason = (name: string) => struck.find(({ variant }) => variant === name)!.reason;
  expect(reason('lazy')).toMatch(/'out' \[\d+, 40\] at \[.*the reference says/);
  expect(reason('tailless')).toMatch(/differs from 'plain' in 'out': value \d+ of \d+: got NaN/);
  expect(reason('broken')).toContain('the driver refuses it');
  expect(calls.map(({ row }) => row.variant)).toEqual(['plain']);
});

it('falls back to the plain variant when all candidates are wrong', async () => {
  const engine = await gpuEngine();
  const wrong = (name: string) => named(name, { plan: (q, caps) => plain!.plan({ ...q, k: 1 }, caps), speed: () => 9 });
  const slow = named('slow', { speed: () => 0.1 });
  const { calls, struck } = await tune(engine, [callOf([slow, wrong('a'), wrong('b')])]);
  expect([struck.map(({ variant }) => variant), calls[0]!.row.variant]).toEqual([['a', 'b'], 'slow']);
});

it('leaves out what it knows, as long as the kernels are the same', async () => {
  const engine = await gpuEngine();
  const call = callOf([plain!, named('twin')]);
  const first = await tune(engine, [call]);
  const known = { [key]: first.calls[0]!.row };
  expect(await tune(engine, [call], { known })).toMatchObject({ calls: [], known: 1, left: 0 });
  const changed = callOf([plain!, named('twin'), named('third')]);
  expect(await tune(engine, [changed], { known })).toMatchObject({ calls: [{ key }], known: 0 });
});

it('stops when time is up or somebody stops it, the dearest calls first', async () => {
  const engine = await gpuEngine();
  const variants = [plain!, named('twin')];
  const calls = [20, 90, 50].map(m => callOf(variants, { ...p, m }));
  const stop = new AbortController();
  const told: TuneProgress[] = [];
  const result = await tune(engine, calls, {
    signal: stop.signal,
    onProgress: progress => told.push(progress),
    onRow: () => stop.abort(),
  });
  expect(result.calls.map(one => one.key)).toEqual([tableKey(matmulKernel, { ...p, m: 90 })]);
  expect(result.left).toBe(2);
  expect(told[0]).toEqual({ stage: 'compiling', done: 0, total: 3 });
  expect(told.at(-1)).toEqual({ stage: 'measuring', done: 1, total: 3 });
  expect(await tune(engine, calls, { budgetSeconds: 1e-9 })).toMatchObject({ calls: [], left: 3 });
});

it('makes an engine choose what was measured', async () => {
  const { device } = (await gpuEngine()).gpu;
  const variant = matmulKernel.variants[1]!.name;
  const tuned = [new TunedTable({ [key]: { variant } })];
  const backend = new GpuBackend(device, { tuned });
  expect(backend.chooser.choose(matmulKernel, p).name).toBe(variant);
});

it('knows all calls of a model without running it', async () => {
  const { device } = (await gpuEngine()).gpu;
  const engine = new Engine(new GpuBackend(device, { tuned: [] }));
  const before = device.buffers.stats.live;
  const calls = modelCalls(engine, findModel('peer-cnn'), 32);
  expect(device.buffers.stats.live).toBe(before);
  const convolutions = calls.filter(({ spec }) => spec.name === 'conv2d');
  // Three of a training step and three of an evaluation.
  expect(convolutions.map(({ p: { n } }) => n).sort()).toEqual([250, 250, 250, 32, 32, 32]);
  expect(calls.some(({ spec }) => spec.name === 'adam')).toBe(true);
  expect(modelCalls(engine, findModel('peer-cnn'), 32)).toEqual([]);
});

it('proves and times long calls on some of their rows', () => {
  const spec = matmulKernel as unknown as KernelSpec;
  const long = { ...p, m: 1e6, n: 100, k: 100 };
  expect(forProof(spec, long)).toEqual({ ...long, m: 100 });
  expect(forTiming(spec, long, true)).toEqual({ ...long, m: 5e4 });
  expect(forTiming(spec, p, true)).toBe(p);
  expect(forTiming(spec, { ...p, m: 17, n: 1e4, k: 1e5 }, true)).toMatchObject({ m: 8 });
});
