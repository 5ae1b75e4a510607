/** jax-js on one of its devices, everything under its jit. */
import process from 'node:process';
import * as jax from '@jax-js/jax';
import type { GpuSource } from '../../src/platform/platform.ts';
import { COMPARED } from '../kernels.ts';
import { openDawn, resting, setNavigator } from './dawn.ts';
import { type JaxComputation, jaxCompute } from './jax-work.ts';
import { CHECKED_STEPS, type Outputs, type Peer, type Prepared, type Task, Unsupported } from './peer.ts';
import { Refusals } from './refusals.ts';

const VERSION = '0.1.25';

export async function openJax(device: 'webgpu' | 'wasm', adapter: string | undefined): Promise<Peer> {
  const source = device === 'webgpu' ? await openDawn(adapter) : undefined;
  if (!source) setNavigator({});
  const devices = await jax.init(device);
  if (!devices.includes(device)) throw new Unsupported(`jax-js has no device '${device}' here`);
  jax.defaultDevice(device);
  return new JaxPeer(device, source);
}

class JaxPeer implements Peer {
  readonly version = VERSION;
  readonly device: string;
  private readonly refusals: Refusals | undefined;

  constructor(
    device: 'webgpu' | 'wasm',
    private readonly source: GpuSource | undefined,
  ) {
    this.refusals = device === 'webgpu' ? new Refusals(jax.getWebGPUDevice()) : undefined;
    this.device = device === 'webgpu' ? 'the adapter of weft' : `Node ${process.version}`;
  }

  resting<T>(fn: () => Promise<T>): Promise<T> {
    return this.source ? resting(this.source, fn) : fn();
  }

  async check(task: Task): Promise<Outputs> {
    const computation = jaxCompute(task, true);
    try {
      return await this.run(task, computation);
    } finally {
      computation.dispose();
    }
  }

  private async run(task: Task, computation: JaxComputation): Promise<Outputs> {
    if (computation.loss) {
      const losses: number[] = [];
      for (let i = 0; i < CHECKED_STEPS; i++) {
        await computation.call();
        losses.push((await computation.read())[0]![0]!);
      }
      return { losses: Float32Array.from(losses) };
    }
    await computation.call();
    const values = await computation.read();
    return Object.fromEntries(COMPARED[task.work.op]!.map((name, i) => [name, values[i]!]));
  }

  async prepare(task: Task): Promise<Prepared> {
    const computation = jaxCompute(task, false);
    return {
      call: () => computation.call(),
      finish: () => this.finish(computation),
      read: async () => void (await computation.read()),
      dispose: () => computation.dispose(),
    };
  }

  private async finish(computation: JaxComputation): Promise<void> {
    await computation.ready();
    if (this.source) await jax.getWebGPUDevice().queue.onSubmittedWorkDone();
    this.refusals?.check();
  }
}
