/** TensorFlow.js on one of its backends. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import process from 'node:process';
import * as tf from '@tensorflow/tfjs-core';
// Only this registers all gradients with tfjs-core in Node.
import '@tensorflow/tfjs-layers';
import type { GpuSource } from '../../src/platform/platform.ts';
import { COMPARED } from '../kernels.ts';
import type { Work } from '../suites.ts';
import { openDawn, resting, setNavigator } from './dawn.ts';
import { CHECKED_STEPS, type Outputs, type Peer, type Prepared, type Task, Unsupported } from './peer.ts';
import { Refusals } from './refusals.ts';
import { type Computation, compute } from './tfjs-work.ts';

type Backend = 'webgpu' | 'wasm' | 'cpu' | 'tensorflow';
type Flags = Readonly<Record<string, number | boolean>>;

/** The part of tfjs-backend-webgpu that waits. */
interface WebGpuBackend {
  readonly device: GPUDevice;
  /** What has been recorded and not yet submitted. */
  readonly commandEncoder: GPUCommandEncoder | null;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

const THREADS = 2;

/** @param tune tries the public flags that concern a piece of work and keeps the fastest, instead of the defaults. */
export async function openTfjs(backend: Backend, adapter: string | undefined, tune = false): Promise<Peer> {
  const source = backend === 'webgpu' ? await openDawn(adapter) : undefined;
  if (!source) setNavigator({});
  await loadBackend(backend);
  if (!(await tf.setBackend(backend))) throw new Unsupported(`tfjs refuses its backend '${backend}' here`);
  await tf.ready();
  return new TfjsPeer(backend, source, tune);
}

async function loadBackend(backend: Backend): Promise<void> {
  switch (backend) {
    case 'webgpu':
      await import('@tensorflow/tfjs-backend-webgpu');
      return;
    case 'cpu':
      await import('@tensorflow/tfjs-backend-cpu');
      return;
    case 'wasm': {
      const wasm = await import('@tensorflow/tfjs-backend-wasm');
      const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
      wasm.setWasmPaths(`${folder}/`);
      wasm.setThreadsCount(THREADS);
      return;
    }
    case 'tensorflow':
      try {
        // By a name that the type checker does not follow: it is installed where it can be, and not with the rest.
        await import(['@tensorflow', 'tfjs-node'].join('/'));
      } catch {
        throw new Unsupported('not installed; npm --prefix bench install --no-save @tensorflow/tfjs-node');
      }
  }
}

class TfjsPeer implements Peer {
  readonly version = tf.version_core;
  readonly device: string;
  private readonly refusals: Refusals | undefined;
  /** The flags that were fastest for a piece of work. */
  private readonly best = new Map<string, Flags>();

  constructor(
    private readonly backend: Backend,
    private readonly source: GpuSource | undefined,
    private readonly tune: boolean,
  ) {
    if (backend === 'webgpu') this.refusals = new Refusals((tf.backend() as unknown as WebGpuBackend).device);
    const threads = backend === 'wasm' ? `${THREADS} threads` : `Node ${process.version}`;
    this.device = backend === 'webgpu' ? 'the adapter of weft' : threads;
  }

  resting<T>(fn: () => Promise<T>): Promise<T> {
    return this.source ? resting(this.source, fn) : fn();
  }

  deviceBytes(): number {
    return tf.memory().numBytes;
  }

  async check(task: Task): Promise<Outputs> {
    if (this.tune) await this.chooseFlags(task);
    return await this.run(
      task,
      async computation => {
        if (computation.loss) {
          const losses: number[] = [];
          for (let i = 0; i < CHECKED_STEPS; i++) {
            computation.call();
            losses.push((await computation.read())[0]![0]!);
          }
          return { losses: Float32Array.from(losses) };
        }
        computation.call();
        const values = await computation.read();
        return Object.fromEntries(COMPARED[task.work.op]!.map((name, i) => [name, values[i]!]));
      },
      true,
    );
  }

  /** Tries what flags there are for this work. @throws Unsupported where no flag concerns it. */
  private async chooseFlags(task: Task): Promise<void> {
    const sets = flagSets(task.work);
    if (sets.length === 0) throw new Unsupported('no public flag concerns it: the same as with the defaults');
    let least = Number.POSITIVE_INFINITY;
    let fastest: Flags = {};
    for (const flags of sets) {
      this.best.set(key(task), flags);
      const milliseconds = await this.run(task, computation => this.timeOne(computation)).catch(() => undefined);
      // Some flags are not made for some shapes.
      if (milliseconds === undefined) continue;
      if (milliseconds >= least) continue;
      least = milliseconds;
      fastest = flags;
    }
    if (least === Number.POSITIVE_INFINITY) throw new Unsupported('it fails with each of the flags that concern it');
    this.best.set(key(task), fastest);
  }

  /** The second call, since the first compiles. */
  private async timeOne(computation: Computation): Promise<number> {
    computation.call();
    await this.finish();
    const start = performance.now();
    computation.call();
    await this.finish();
    return performance.now() - start;
  }

  private async run<T>(task: Task, fn: (computation: Computation) => Promise<T>, checking = false): Promise<T> {
    this.useFlags(task);
    try {
      const computation = compute(task, checking);
      try {
        return await fn(computation);
      } finally {
        computation.dispose();
      }
    } catch (error) {
      throw explain(error);
    }
  }

  private useFlags(task: Task): void {
    if (this.backend !== 'webgpu') return;
    tf.env().setFlags({ ...DEFAULT_FLAGS, ...this.best.get(key(task)) });
  }

  async prepare(task: Task): Promise<Prepared> {
    this.useFlags(task);
    const flags = Object.entries(this.best.get(key(task)) ?? {}).map(([name, value]) => `${name}=${value}`);
    let computation: Computation;
    try {
      computation = compute(task, false);
    } catch (error) {
      throw explain(error);
    }
    return {
      ...(this.tune && { how: flags.join(' ') }),
      call: () => computation.call(),
      finish: () => this.finish(),
      read: async () => void (await computation.read()),
      dispose: () => computation.dispose(),
    };
  }

  /** Waits for the device itself: tfjs computes small tensors on the processor, so a read of one proves nothing. */
  private async finish(): Promise<void> {
    if (this.backend !== 'webgpu') return;
    const backend = tf.backend() as unknown as WebGpuBackend;
    if (backend.commandEncoder) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
    await backend.device.queue.onSubmittedWorkDone();
    this.refusals?.check();
  }
}

const key = ({ work }: Task) => `${work.op} ${JSON.stringify(work.shape)}`;

/** A kernel that a backend lacks is a limit of it and no failure. */
function explain(error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const missing = /Kernel '(\w+)' not registered for backend '(\w+)'/.exec(message);
  return missing ? new Unsupported(`its backend ${missing[2]} has no kernel ${missing[1]}`) : error;
}

const TYPE = 'WEBGPU_MATMUL_PROGRAM_TYPE';
const NAIVE = 'WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE';
const IM2COL = 'WEBGPU_CONV_SEPARATE_IM2COL_SHADER';
const SUBMIT = 'WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE';
const DEFAULT_FLAGS: Flags = { [TYPE]: -1, [NAIVE]: true, [IM2COL]: false, [SUBMIT]: 15 };
/** A product of so many operations is not tried with the programs that are meant for small ones. */
const LARGE = 5e8;

function flagSets({ op, shape }: Work): Flags[] {
  const late = { [SUBMIT]: 100 };
  switch (op) {
    case 'matmul':
      // By reduction, split along k, for small outputs, packed.
      return (shape.m * shape.n * shape.k > LARGE ? [1, 3] : [0, 1, 2, 3]).map(type => ({ [TYPE]: type }));
    case 'conv2d':
      return [{ [IM2COL]: true }, { [IM2COL]: true, [TYPE]: 3 }];
    case 'conv2d_input_grad':
      return [{ [NAIVE]: false }];
    case 'adam':
      return [late];
    case 'forward':
      return [late, { ...late, [IM2COL]: true }];
    case 'train_step':
    case 'startup':
    case 'memory':
    case 'epoch':
      return [
        { [NAIVE]: false, ...late },
        { [NAIVE]: false, [IM2COL]: true },
      ];
    default:
      return [];
  }
}
