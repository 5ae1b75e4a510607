import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { DeviceLostError, KernelError, LimitError } from '../../src/platform/errors.ts';
import { openGpu } from '../../src/platform/node.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { matmul } from '../../src/tensor/ops/index.ts';
import { gpuEngine } from '../support/engine.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('device', () => {
  it('names the kernel whose shader the driver refuses', async () => {
    const { device } = (await gpuEngine()).gpu;
    const broken = {
      label: 'conv2d/broken',
      code: '@compute @workgroup_size(1) fn main() { let x: u32 = 1.5; }',
      access: [],
    };
    await expect(device.pipelines.prepare([broken])).rejects.toThrow(KernelError);
    await expect(device.pipelines.prepare([broken])).rejects.toThrow(/'conv2d\/broken'/);
  });

  it('compiles a kernel once, however many ask for it at the same time', async () => {
    const { device } = (await gpuEngine()).gpu;
    const source = { label: 'test/once', code: '@compute @workgroup_size(1) fn main() { }', access: [] };
    const before = device.pipelines.size;
    await Promise.all([device.pipelines.prepare([source, source]), device.pipelines.prepare([source])]);
    expect(device.pipelines.size).toBe(before + 1);
  });

  it('turns a wrong command into an exception at the next wait, and works on', async () => {
    const { device } = (await gpuEngine()).gpu;
    const readOnly = device.handle.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    device.handle.createBindGroup({
      label: 'conv2d/plain',
      layout: device.pipelines.layout(['read']),
      entries: [{ binding: 0, resource: { buffer: readOnly } }],
    });
    const error = await device.finish().catch(reason => reason);
    expect(error).toBeInstanceOf(KernelError);
    expect(error.message).toContain('conv2d/plain');
    await expect(device.finish()).resolves.toBeUndefined();
  });

  it('rejects everything pending with a typed error when the device is lost', async () => {
    const engine = await Engine.open(await openGpu());
    const a = engine.full([256, 256], 1);
    const reading = matmul(a, a).data();
    const other = engine.gpu.device.finish();
    engine.gpu.device.handle.destroy();
    const outcomes = await Promise.allSettled([reading, other]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(DeviceLostError) });
    }
    await expect(engine.full([1], 1).data()).rejects.toThrow(/resume from the last checkpoint/);
    engine[Symbol.dispose]();
  });

  it('sleeps while it waits: the event loop turns about once a millisecond', async () => {
    const engine = await gpuEngine();
    const a = engine.full([768, 768], 1);
    let turns = 0;
    let counting = true;
    const turn = () => {
      turns++;
      if (counting) setImmediate(turn);
    };
    setImmediate(turn);
    const start = performance.now();
    await matmul(matmul(a, a), a).data();
    counting = false;
    const milliseconds = performance.now() - start;
    expect(milliseconds).toBeGreaterThan(10);
    // Without the sleep it is tens of thousands a second.
    expect(turns / milliseconds).toBeLessThan(2);
    a.dispose();
  });

  it('keeps nothing of waits that are over', async () => {
    const { device } = (await gpuEngine()).gpu;
    const rested = new Set<unknown>();
    const source = await openGpu();
    using other = await Device.open({ ...source, rest: pending => rested.add(pending) });
    for (let i = 0; i < 50; i++) await other.finish();
    expect(rested.size).toBe(1);
    await device.finish();
  });

  it('refuses a buffer that no device has, by name', async () => {
    const engine = await gpuEngine();
    expect(() => engine.empty([1 << 20, 1 << 20], 'f32', 'huge')).toThrow(LimitError);
    expect(() => engine.empty([1 << 20, 1 << 20], 'f32', 'huge')).toThrow(/huge/);
  });

  it('opens with the limits that every WebGPU device has and without features', async () => {
    using device = await Device.open(await openGpu(), { bare: true });
    expect(device.caps).toMatchObject({
      subgroupSize: 0,
      f16: false,
      timestamps: false,
      maxStorageBuffers: 8,
      workgroupBytes: 16384,
      maxWorkgroupInvocations: 256,
      maxBindingBytes: 128 << 20,
    });
  });

  it('lets the process end by itself', () => {
    const program = `
      import { openGpu } from './src/platform/node.ts';
      import { Engine } from './src/tensor/engine.ts';
      import { matmul } from './src/tensor/ops/index.ts';
      const engine = await Engine.open(await openGpu());
      const a = engine.full([4, 4], 2);
      console.log((await matmul(a, a).data())[0]);
      engine[Symbol.dispose]();`;
    const result = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: root,
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(result).toMatchObject({ status: 0, stdout: '16\n' });
  });
});
