import { openGpu } from '../../src/platform/node.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { GpuBackend } from '../../src/tensor/gpu-backend.ts';

let shared: Promise<Engine> | undefined;

/** The GPU engine that all tests of this process share. No adapter is a failure, never a skip. */
export function gpuEngine(): Promise<Engine> {
  shared ??= openGpu().then(source => Engine.open(source));
  return shared;
}

/** A second engine on the same device whose kernels may bind only so many bytes: larger tensors are cut into slices. */
export async function limitedEngine(maxBindingBytes: number): Promise<Engine> {
  const { device } = (await gpuEngine()).gpu;
  return new Engine(new GpuBackend(device, { caps: { maxBindingBytes } }));
}
