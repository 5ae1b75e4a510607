import { type BoundDispatch, encode } from '../gpu/binder.ts';
import type { Dispatch, DispatchNote, Memory } from '../gpu/dispatch.ts';
import { profileDispatches } from '../gpu/profile.ts';
import type { StepValues } from '../kernels/spec.ts';
import { ValueError } from '../platform/errors.ts';
import { splitConstant } from './constants.ts';
import { collectTensors, type Engine } from './engine.ts';
import type { GpuBackend, Trace } from './gpu-backend.ts';
import { type MemoryPlan, planMemory } from './plan.ts';
import type { Tensor } from './tensor.ts';

export interface CompileOptions {
  /** Tensors made inside that somebody wants to look at after a run: they keep a buffer of their own. */
  keep?: readonly Tensor[] | (() => readonly Tensor[]);
  /**
   * Tensors made outside that seldom change: frozen weights, all weights where nothing is trained. What the step computes
   * from nothing else is computed once and kept, and again at the next run after one of them has been written.
   */
  constants?: readonly Tensor[];
  /** Called as kernels are compiled. */
  progress?: (done: number, total: number) => void;
  /** Floating-point operations after which a submission is cut. Default: the engine's. */
  flopsPerSubmit?: number;
  label?: string;
}

/** One dispatch of a compiled step with its measured time. */
export interface ProfiledDispatch extends DispatchNote {
  readonly milliseconds: number;
}

/** What a step comes to, before anything is made for it. */
export interface StepPlan {
  /** What will run once, before the first run. */
  readonly prepared: readonly DispatchNote[];
  /** What every run will run, in that order. */
  readonly dispatches: readonly DispatchNote[];
  /** The same whole, with WGSL, bindings and workgroups. */
  readonly work: readonly Dispatch[];
  readonly memory: MemoryPlan;
}

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
  const { result, owned, prepared, replayed, memory } = layOutStep(engine, fn, options);
  const buffers: GPUBuffer[] = [];
  const release = () => {
    for (const planned of memory.places.keys()) planned.buffer = undefined;
    for (const tensor of owned) tensor.dispose();
    gpu.recycle(buffers.splice(0));
  };
  try {
    for (const [i, bytes] of memory.bufferBytes.entries()) {
      buffers.push(gpu.device.buffers.acquire(bytes, `${options.label ?? 'step'} buffer ${i}`));
    }
    for (const [planned, { buffer, offset }] of memory.places) {
      planned.buffer = buffers[buffer];
      planned.start = offset;
      planned.planned = true;
    }
    const bound = await gpu.bind([...prepared, ...replayed], options.progress);
    const lists = { prepared: bound.slice(0, prepared.length), work: bound.slice(prepared.length) };
    return new CompiledStep(engine, result, lists, memory, release, options);
  } catch (error) {
    release();
    throw error;
  }
}

/** What compiling `fn` would come to, without a buffer made or a kernel compiled: what is printed before a long run. */
export function planStep(engine: Engine, fn: () => unknown, options: CompileOptions = {}): StepPlan {
  const { owned, prepared, replayed, memory } = layOutStep(engine, fn, options);
  for (const tensor of owned) tensor.dispose();
  const notes = (dispatches: readonly Dispatch[]) => dispatches.map(({ note }) => note);
  return { prepared: notes(prepared), dispatches: notes(replayed), work: replayed, memory };
}

/** Traces `fn`, drops what nobody reads, sets aside what has to run only once, and plans the memory of it all. */
function layOutStep<T>(engine: Engine, fn: () => T, options: CompileOptions) {
  const { gpu } = engine;
  const { result, made, kept, trace } = traceStep(engine, fn, options);
  for (const tensor of made) if (!kept.has(tensor)) tensor.dispose();
  const owned = [...kept].filter(tensor => made.has(tensor));
  const pinned = new Set([...kept].map(tensor => tensor.storage.memory));
  const { constants = [] } = options;
  const isBlank = (memory: Memory) => gpu.isBlank(memory);
  const { prepared, replayed } = splitConstant(dropUnread(trace, gpu, pinned), constants, trace.memories, isBlank);
  // Results of the prepared ones last from run to run.
  const written = writtenBy(prepared);
  const readAgain = replayed.flatMap(({ bindings }) => bindings.map(({ memory }) => memory));
  const lasting = new Set(readAgain.filter(memory => written.has(memory)));
  const { largest } = gpu.device.buffers;
  // In one plan: whenever the prepared ones run again, all others follow.
  const memory = planMemory([...prepared, ...replayed], trace.memories, { pinned, lasting, largest });
  return { result, owned, prepared, replayed, memory };
}

/** What all promises give; should one fail, what the others made is disposed of. @throws the first failure. */
export async function allOrNone<T extends Disposable>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  const failed = settled.find(one => one.status === 'rejected');
  const made = settled.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
  if (!failed) return made;
  for (const one of made) one[Symbol.dispose]();
  throw failed.reason;
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

/** The dispatches of a compiled step, in the order in which they run. */
interface StepLists {
  /** What depends on constants alone: runs before the first run, and again after one of them has been written. */
  readonly prepared: readonly BoundDispatch[];
  /** What every run runs. */
  readonly work: readonly BoundDispatch[];
}

/** A step that replays. Dispose it to give its buffers back. */
export class CompiledStep<T> implements Disposable {
  readonly prepared: readonly BoundDispatch[];
  readonly work: readonly BoundDispatch[];
  private readonly preparedParts: Parts;
  private readonly parts: Parts;
  /** Versions of the constants that the results of `prepared` belong to; none before the first run. */
  private preparedFor: readonly number[] | undefined;
  /** Memory of tensors made outside with the buffer it was bound with. */
  private readonly outer: ReadonlyMap<Memory, GPUBuffer | undefined>;
  private readonly written: readonly Memory[];
  private disposed = false;

  constructor(
    private readonly engine: Engine,
    /** What the traced function returned; its tensors hold the values of the latest run. */
    readonly result: T,
    lists: StepLists,
    readonly memory: MemoryPlan,
    private readonly release: () => void,
    private readonly options: CompileOptions,
  ) {
    const flops = options.flopsPerSubmit ?? engine.gpu.flopsPerSubmit;
    this.prepared = lists.prepared;
    this.work = lists.work;
    this.preparedParts = cutByFlops(this.prepared, flops);
    this.parts = cutByFlops(this.work, flops);
    const bindings = [...this.prepared, ...this.work].flatMap(({ dispatch }) => dispatch.bindings);
    const outer = bindings.filter(binding => !memory.places.has(binding.memory));
    this.outer = new Map(outer.map(binding => [binding.memory, binding.memory.buffer]));
    this.written = [...writtenBy(this.work.map(({ dispatch }) => dispatch))];
  }

  /**
   * Runs the step with these values. Returns as soon as it is submitted, or, when three submissions are unfinished, as
   * soon as the oldest has finished.
   * @throws DeviceLostError, KernelError; ValueError when a tensor from outside that it works on has been freed.
   */
  async run(step: Partial<StepValues> = {}): Promise<void> {
    this.checkAlive();
    const { device } = this.engine.gpu;
    this.engine.setStep(step);
    const label = this.options.label ?? 'step';
    // One by one: what is submitted together runs without a pause between.
    for (const part of [...this.stale(), ...this.parts]) await device.submit([encode(device.handle, part, label)]);
  }

  /** What has to run before the work because constants have changed. Counts as run. Marks what the work will write. */
  private stale(): Parts {
    const versions = (this.options.constants ?? []).map(({ storage }) => storage.memory.version);
    const upToDate = this.preparedFor?.every((version, i) => version === versions[i]);
    this.preparedFor = versions;
    for (const memory of this.written) memory.version++;
    return upToDate ? [] : this.preparedParts;
  }

  /** Time of every dispatch: the median of `repeats` rounds. Runs the step, so weights move; restore them if you care. */
  async profile(repeats = 5): Promise<ProfiledDispatch[]> {
    this.checkAlive();
    // What was recorded before, a copy of the weights perhaps, must not be overtaken.
    await this.engine.gpu.flush();
    const { device } = this.engine.gpu;
    await device.submit(this.stale().map(part => encode(device.handle, part, 'profile')));
    const times = await profileDispatches(device, this.work, repeats);
    return this.work.map(({ dispatch: { note } }, i) => ({ ...note, milliseconds: times[i]! }));
  }

  private checkAlive(): void {
    if (this.disposed) throw new ValueError('compiled step: it has been disposed');
    for (const [memory, buffer] of this.outer) {
      if (memory.buffer === buffer) continue;
      throw new ValueError(
        `compiled step '${this.options.label ?? 'step'}': tensor '${memory.label}', which it works on, has been freed; compile it anew`,
      );
    }
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

function writtenBy(dispatches: readonly Dispatch[]): Set<Memory> {
  const written = dispatches.flatMap(({ bindings }) => bindings.filter(({ access }) => access === 'write'));
  return new Set(written.map(({ memory }) => memory));
}

/** Dispatches by the submission they belong to. */
type Parts = readonly (readonly BoundDispatch[])[];

function cutByFlops(work: readonly BoundDispatch[], limit: number): Parts {
  if (work.length === 0) return [];
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
