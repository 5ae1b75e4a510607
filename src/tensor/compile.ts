import { type BoundDispatch, encode } from '../gpu/binder.ts';
import type { Dispatch, Memory } from '../gpu/dispatch.ts';
import { profileDispatches } from '../gpu/profile.ts';
import type { StepValues } from '../kernels/spec.ts';
import { ValueError } from '../platform/errors.ts';
import { collectTensors, type Engine } from './engine.ts';
import type { GpuBackend, Trace } from './gpu-backend.ts';
import { type MemoryPlan, planMemory } from './plan.ts';
import type { Tensor } from './tensor.ts';

export interface CompileOptions {
  /** Tensors made inside that somebody wants to look at after a run: they keep a buffer of their own. */
  keep?: readonly Tensor[] | (() => readonly Tensor[]);
  /** Called as kernels are compiled. */
  progress?: (done: number, total: number) => void;
  /** Floating-point operations after which a submission is cut: watchdogs end those that run for seconds. */
  flopsPerSubmit?: number;
  label?: string;
}

/** One dispatch of a compiled step with its measured time. */
export interface ProfiledDispatch {
  readonly kernel: string;
  readonly variant: string;
  readonly shape: string;
  readonly flops: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

const DEFAULT_FLOPS_PER_SUBMIT = 2e12;

/**
 * Traces `fn` once, plans the memory of everything it makes, compiles its kernels, and gives back a step that replays
 * the list of dispatches: no allocation, no readback, the same bits as running `fn` eagerly.
 *
 * `fn` runs exactly once, now. Tensors made outside (weights, inputs) keep their identity: write new values into them
 * between runs. Tensors that `fn` returns can be read after each run. What changes from step to step besides is in
 * {@link StepValues}.
 */
export async function compile<T>(engine: Engine, fn: () => T, options: CompileOptions = {}): Promise<CompiledStep<T>> {
  const { gpu } = engine;
  const { result, made, kept, trace } = traceStep(engine, fn, options);
  for (const tensor of made) if (!kept.has(tensor)) tensor.dispose();
  const owned = [...kept].filter(tensor => made.has(tensor));
  const pinned = new Set([...kept].map(tensor => tensor.storage.memory));
  const dispatches = dropUnread(trace, gpu, pinned);
  const memory = planMemory(dispatches, trace.memories, pinned);
  const buffers: GPUBuffer[] = [];
  const release = () => {
    for (const planned of memory.slots.keys()) planned.buffer = undefined;
    for (const tensor of owned) tensor.dispose();
    gpu.recycle(buffers.splice(0));
  };
  try {
    for (const [i, bytes] of memory.slotBytes.entries()) {
      buffers.push(gpu.device.buffers.acquire(bytes, `${options.label ?? 'step'} slot ${i}`));
    }
    for (const [planned, slot] of memory.slots) {
      planned.buffer = buffers[slot];
      planned.planned = true;
    }
    const work = await gpu.bind(dispatches, options.progress);
    return new CompiledStep(engine, result, work, memory, release, options);
  } catch (error) {
    release();
    throw error;
  }
}

/** Runs `fn` while the backend records. `kept` are the tensors whose values somebody wants after a run. */
function traceStep<T>(engine: Engine, fn: () => T, options: CompileOptions) {
  const kept = new Set<Tensor>();
  const { result: traced, made } = engine.collect(() =>
    engine.gpu.trace(() => {
      const result = fn();
      if (result instanceof Promise) {
        throw new ValueError(
          'compile: the step is async; it is traced once and must record everything before it returns',
        );
      }
      collectTensors(result, kept);
      collectTensors(typeof options.keep === 'function' ? options.keep() : options.keep, kept);
      return result;
    }),
  );
  return { ...traced, made, kept };
}

/** A step that replays. Dispose it to give its buffers back. */
export class CompiledStep<T> implements Disposable {
  private readonly parts: readonly (readonly BoundDispatch[])[];
  private disposed = false;

  constructor(
    private readonly engine: Engine,
    /** What the traced function returned; its tensors hold the values of the latest run. */
    readonly result: T,
    readonly work: readonly BoundDispatch[],
    readonly memory: MemoryPlan,
    private readonly release: () => void,
    private readonly options: CompileOptions,
  ) {
    this.parts = cutByFlops(work, options.flopsPerSubmit ?? DEFAULT_FLOPS_PER_SUBMIT);
  }

  /**
   * Runs the step with these values. Returns as soon as it is submitted, or, when three steps are unfinished, as soon as
   * the oldest has finished.
   * @throws DeviceLostError, KernelError
   */
  async run(step: Partial<StepValues> = {}): Promise<void> {
    this.checkAlive();
    const { device } = this.engine.gpu;
    this.engine.setStep(step);
    const label = this.options.label ?? 'step';
    await device.submit(this.parts.map(part => encode(device.handle, part, label)));
  }

  /** Time of every dispatch: the median of `repeats` rounds. Runs the step, so weights move; restore them if you care. */
  async profile(repeats = 5): Promise<ProfiledDispatch[]> {
    this.checkAlive();
    // What was recorded before, a copy of the weights perhaps, must not be overtaken.
    await this.engine.gpu.flush();
    const times = await profileDispatches(this.engine.gpu.device, this.work, repeats);
    return this.work.map(({ dispatch: { note } }, i) => ({ ...note, milliseconds: times[i]! }));
  }

  private checkAlive(): void {
    if (this.disposed) throw new ValueError('compiled step: it has been disposed');
  }

  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.disposed = true;
    this.release();
  }
}

/** Drops dispatches whose results nobody reads (the constant 1 that differentiation starts from, a metric not asked for). */
function dropUnread(trace: Trace, gpu: GpuBackend, pinned: ReadonlySet<Memory>): Dispatch[] {
  const read = new Set(pinned);
  const isWanted = (memory: Memory) => read.has(memory) || !(trace.memories.has(memory) || gpu.isBlank(memory));
  const live: Dispatch[] = [];
  for (const dispatch of [...trace.dispatches].reverse()) {
    if (!dispatch.bindings.some(({ access, memory }) => access === 'write' && isWanted(memory))) continue;
    live.push(dispatch);
    for (const { memory } of dispatch.bindings) if (!gpu.isBlank(memory)) read.add(memory);
  }
  return live.reverse();
}

function cutByFlops(work: readonly BoundDispatch[], limit: number): BoundDispatch[][] {
  const parts: BoundDispatch[][] = [[]];
  let flops = 0;
  for (const bound of work) {
    if (flops > 0 && flops + bound.dispatch.note.flops > limit) {
      parts.push([]);
      flops = 0;
    }
    parts[parts.length - 1]!.push(bound);
    flops += bound.dispatch.note.flops;
  }
  return parts;
}
