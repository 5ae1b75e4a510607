import { expect, it } from 'vitest';
import type { PipelineSource } from '../../src/gpu/pipelines.ts';
import { compileAll } from '../../src/gpu/warm-up.ts';
import { compile } from '../../src/tensor/compile.ts';
import { log, mul } from '../../src/tensor/ops/index.ts';
import { gpuEngine } from '../support/engine.ts';

/** A kernel that nobody has compiled before, and that would leave a mark if it ran. */
const writing = (mark: number): PipelineSource => ({
  label: `mark ${mark}`,
  access: ['uniform', 'write'],
  code: `
    @group(0) @binding(0) var<uniform> p: vec4u;
    @group(0) @binding(1) var<storage, read_write> out: array<u32>;
    @compute @workgroup_size(1) fn main() { out[p.x] = ${mark}u; }`,
});

it('compiles each pipeline once, says how far it is, and runs none of them', async () => {
  const { device } = (await gpuEngine()).gpu;
  const sources = [70001, 70002, 70003].map(writing);
  const told: string[] = [];
  await compileAll(device, [...sources, ...sources], (done, total) => told.push(`${done}/${total}`));
  expect(told).toEqual(device.caps.software ? ['1/3', '2/3', '3/3'] : expect.arrayContaining(['6/6']));
  if (device.caps.software) expect(device.pipelines.cold(sources)).toEqual([]);
  for (const source of sources) expect(device.pipelines.isReady(source)).toBe(true);
  const bound = device.buffers.acquire(64 << 10, 'as the warm-up bound it');
  expect(new Set(new Uint32Array(await device.read(bound, 0, 64 << 10))).has(70003)).toBe(false);
  device.buffers.release(bound);
});

it('names the kernel that the driver refuses', async () => {
  const { device } = (await gpuEngine()).gpu;
  const broken = { ...writing(70004), label: 'broken', code: 'fn main( {' };
  await expect(compileAll(device, [broken])).rejects.toThrow("kernel 'broken': the driver refuses it");
});

it('takes steps that are compiled at the same time for one job', async () => {
  const engine = await gpuEngine();
  using x = engine.tensor([1, 2, 3, 4]);
  const totals = new Set<number>();
  const progress = (_: number, total: number) => totals.add(total);
  const steps = await Promise.all([
    compile(engine, () => mul(x, x), { progress }),
    compile(engine, () => log(x), { progress }),
  ]);
  expect([...totals]).toEqual([2]);
  for (const step of steps) await step.run();
  expect(await steps[1]!.result.data()).toEqual(Float32Array.from([1, 2, 3, 4], Math.log));
  for (const step of steps) step[Symbol.dispose]();
});
