import { type BoundDispatch, encode } from '../gpu/binder.ts';
import type { Dispatch, Memory } from '../gpu/dispatch.ts';
import { profileDispatches } from '../gpu/profile.ts';
import type { StepValues } from '../kernels/spec.ts';
import { ValueError } from '../platform/errors.ts';
import { collectTensors, type Engine } from './engine.ts';
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
  const kept = new Set<Tensor>();
  let result!: T;
  const { trace } = gpu.trace(() =>
    engine.scope(() => {
      result = fn();
      collectTensors(result, kept);
      const keep = typeof options.keep === 'function' ? options.keep() : options.keep;
      collectTensors(keep, kept);
      // Every other tensor of the trace ends with this scope; the kept ones live as long as the compiled step.
      for (const tensor of kept) engine.keep(tensor);
    }),
  );
  const pinned = new Set([...kept].map(tensor => tensor.storage.memory));
  const dispatches = dropUnread(trace.dispatches, trace.memories, pinned);
  const plan = planMemory(dispatches, trace.memories, pinned);
  const buffers = plan.slotBytes.map((bytes, i) =>
    gpu.device.buffers.acquire(bytes, `${options.label ?? 'step'} slot ${i}`),
  );
  for (const [memory, slot] of plan.slots) memory.buffer = buffers[slot];
  try {
    const work = await gpu.bind(dispatches, options.progress);
    return new CompiledStep(engine, result, work, plan, buffers, kept, options);
  } catch (error) {
    for (const buffer of buffers) gpu.device.buffers.release(buffer);
    throw error;
  }
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
    private readonly buffers: readonly GPUBuffer[],
    private readonly kept: ReadonlySet<Tensor>,
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
    if (this.disposed) throw new ValueError('compiled step: it has been disposed');
    const { device } = this.engine.gpu;
    this.engine.setStep(step);
    const label = this.options.label ?? 'step';
    await device.submit(this.parts.map(part => encode(device.handle, part, label)));
  }

  /** Time of every dispatch: the median of `repeats` rounds. Runs the step, so weights move; restore them if you care. */
  async profile(repeats = 5): Promise<ProfiledDispatch[]> {
    const times = await profileDispatches(this.engine.gpu.device, this.work, repeats);
    return this.work.map(({ dispatch: { note } }, i) => ({ ...note, milliseconds: times[i]! }));
  }

  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.disposed = true;
    const own = this.memory.slots;
    for (const tensor of this.kept) if (own.has(tensor.storage.memory)) tensor.dispose();
    for (const memory of own.keys()) memory.buffer = undefined;
    for (const buffer of this.buffers) this.engine.gpu.device.buffers.release(buffer);
  }
}

/** Drops dispatches whose results nobody reads (the constant 1 that differentiation starts from, a metric not asked for). */
function dropUnread(
  dispatches: readonly Dispatch[],
  memories: ReadonlySet<Memory>,
  pinned: ReadonlySet<Memory>,
): Dispatch[] {
  const read = new Set(pinned);
  const live: Dispatch[] = [];
  for (const dispatch of [...dispatches].reverse()) {
    const written = dispatch.bindings.filter(binding => binding.access === 'write');
    if (!written.some(({ memory }) => !memories.has(memory) || read.has(memory))) continue;
    live.push(dispatch);
    for (const { memory } of dispatch.bindings) read.add(memory);
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
