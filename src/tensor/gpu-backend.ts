import { Binder, type BoundDispatch, encode } from '../gpu/binder.ts';
import { alignUp, type Capabilities } from '../gpu/capabilities.ts';
import type { Device } from '../gpu/device.ts';
import { type Dispatch, Memory } from '../gpu/dispatch.ts';
import { JointCompilation } from '../gpu/joint-compilation.ts';
import { VariantChooser, type VariantTable } from '../kernels/choose.ts';
import { sliceCall } from '../kernels/slice.ts';
import {
  BYTES_PER_ELEMENT,
  DEFAULT_STEP,
  type KernelSpec,
  type Params,
  type Plan,
  STEP_BYTES,
  type StepValues,
  type Trade,
  type Values,
} from '../kernels/spec.ts';
import { shippedTables } from '../kernels/tables/index.ts';
import type { TunedTable } from '../kernels/tuned-table.ts';
import { KernelError } from '../platform/errors.ts';
import type { Backend, View } from './backend.ts';
import { BLANK_MEMORY_BYTES, dispatchesOf, type OtherMemory } from './dispatches.ts';

/** Recorded dispatches after which eager mode submits by itself. */
const FLUSH_AFTER = 256;

/** What `trace` collects: the dispatches of a step and the memory that was asked for while it was recorded. */
export interface Trace {
  readonly dispatches: Dispatch[];
  readonly memories: Set<Memory>;
}

export interface BackendOptions {
  /** Overrides what kernels may count on, to plan as for another machine. */
  caps?: Partial<Capabilities> | undefined;
  /** Kernel variants of an earlier run, to repeat it to the bit. */
  table?: VariantTable | undefined;
  /** What kernels may give up for speed (see `Variant.trades`). Default: nothing. */
  allow?: readonly Trade[] | undefined;
  /** Measured choices, the ones to be asked first in front. Default: those that ship for this kind of adapter. */
  tuned?: readonly TunedTable[] | undefined;
  /**
   * Floating-point operations after which a submission of a compiled step is cut. Watchdogs end submissions that run for
   * seconds, and a page that draws between them wants far shorter ones. Default 2e12.
   */
  flopsPerSubmit?: number | undefined;
}

const DEFAULT_FLOPS_PER_SUBMIT = 2e12;

/**
 * Ops as WGSL kernels. Everything becomes a list of dispatches: eager mode submits the list as it grows (at reads, or
 * when it is long), a trace keeps it to be replayed.
 */
export class GpuBackend implements Backend {
  readonly caps: Capabilities;
  layer = '';
  readonly chooser: VariantChooser;
  /** See `BackendOptions`. */
  readonly flopsPerSubmit: number;
  private readonly binder: Binder;
  private readonly compilation: JointCompilation;
  private readonly stepMemory: Memory;
  private readonly blank: OtherMemory['blank'];
  private queue: { dispatch: Dispatch; group: GPUBindGroup }[] = [];
  private tracing: Trace | undefined;

  /** `caps` overrides what kernels may count on: to plan as for another machine, or to force the plain variants. */
  constructor(
    readonly device: Device,
    options: BackendOptions = {},
  ) {
    const { allow = [], table, tuned, flopsPerSubmit = DEFAULT_FLOPS_PER_SUBMIT } = options;
    this.flopsPerSubmit = flopsPerSubmit;
    this.caps = { ...device.caps, ...options.caps };
    const target = { info: device.info, caps: this.caps, allow };
    this.chooser = new VariantChooser(this.caps, table, allow, tuned ?? shippedTables(target));
    this.binder = new Binder(device);
    this.compilation = new JointCompilation(device);
    this.stepMemory = this.real(STEP_BYTES, 'step');
    this.blank = { read: this.real(BLANK_MEMORY_BYTES, 'blank'), write: this.real(BLANK_MEMORY_BYTES, 'blank output') };
    this.setStep(DEFAULT_STEP);
  }

  allocate(bytes: number, label: string): Memory {
    if (!this.tracing) return this.real(bytes, label);
    const memory = new Memory(bytes, label);
    this.tracing.memories.add(memory);
    return memory;
  }

  release(memory: Memory): void {
    if (memory.planned) return;
    if (memory.buffer) this.device.buffers.release(memory.buffer);
    memory.buffer = undefined;
  }

  /** Memory with a buffer, also while tracing. */
  private real(bytes: number, label: string): Memory {
    const memory = new Memory(bytes, label);
    memory.buffer = this.device.buffers.acquire(bytes, label);
    return memory;
  }

  run<P extends Params>(spec: KernelSpec<P>, p: P, tensors: Readonly<Record<string, View | undefined>>): void {
    for (const slice of sliceCall(spec, p, this.caps)) {
      const variant = this.chooser.choose(spec, slice.p);
      const plan = variant.plan(slice.p, this.caps);
      this.record(spec, slice.p, variant.name, plan, tensors, slice.offsets);
    }
    if (!this.tracing && this.queue.length >= FLUSH_AFTER) this.submitQueue();
  }

  /** Records one plan; also used to run a variant that nobody chose (tests, benchmarks). */
  record<P extends Params>(
    spec: KernelSpec<P>,
    p: P,
    variant: string,
    plan: Plan,
    tensors: Readonly<Record<string, View | undefined>>,
    offsets: Readonly<Record<string, number>> = {},
  ): void {
    const scratch = Object.fromEntries(
      Object.entries(plan.scratch ?? {}).map(([name, bytes]) => [name, this.allocate(bytes, `${spec.name}.${name}`)]),
    );
    const call = { spec, p, variant, plan, tensors, offsets };
    const memory = { step: this.stepMemory, blank: this.blank, scratch };
    for (const dispatch of dispatchesOf(call, memory, this.layer)) this.push(dispatch);
    // The queue runs in order, so whoever gets this memory next writes it after these dispatches have read it.
    if (!this.tracing) for (const one of Object.values(scratch)) this.release(one);
  }

  /** Eager dispatches are bound to their buffers here and now, so that memory may be released before they run. */
  private push(dispatch: Dispatch): void {
    if (this.tracing) {
      this.tracing.dispatches.push(dispatch);
      return;
    }
    this.queue.push({ dispatch, group: this.binder.group(dispatch) });
    for (const { access, memory } of dispatch.bindings) if (access === 'write') memory.version++;
  }

  /** Submits what eager mode has recorded. */
  private submitQueue(): void {
    if (this.queue.length === 0) return;
    const { handle, pipelines, buffers } = this.device;
    const work = this.queue.map(entry => ({ ...entry, pipeline: pipelines.get(entry.dispatch.source) }));
    this.queue = [];
    handle.queue.submit([encode(handle, work, 'eager')]);
    buffers.sweep();
  }

  /** Gives buffers back to the pool, those of a compiled step. */
  recycle(buffers: readonly GPUBuffer[]): void {
    for (const buffer of buffers) this.device.buffers.release(buffer);
    if (this.queue.length === 0) this.device.buffers.sweep();
  }

  /** Whether it is bound only because something has to be. */
  isBlank(memory: Memory): boolean {
    return memory === this.blank.read || memory === this.blank.write;
  }

  /** Compiles in parallel what the recorded dispatches need, then submits them. */
  async flush(): Promise<void> {
    const { pipelines } = this.device;
    try {
      await pipelines.prepare(this.queue.map(({ dispatch }) => dispatch.source));
    } catch (error) {
      // What the driver refused must not be tried again with whatever comes next.
      this.queue = this.queue.filter(({ dispatch }) => pipelines.isReady(dispatch.source));
      throw error;
    }
    this.submitQueue();
    this.device.check();
  }

  /** Compiles and binds traced dispatches, whose memory has buffers by now. */
  async bind(
    dispatches: readonly Dispatch[],
    progress?: (done: number, total: number) => void,
  ): Promise<BoundDispatch[]> {
    const { pipelines } = this.device;
    await this.compilation.compile(
      dispatches.map(dispatch => dispatch.source),
      progress,
    );
    return dispatches.map(dispatch => ({
      dispatch,
      group: this.binder.group(dispatch),
      pipeline: pipelines.get(dispatch.source),
    }));
  }

  /** Records what `fn` runs instead of running it. */
  trace<T>(fn: () => T): { trace: Trace; result: T } {
    if (this.tracing) throw new KernelError('compile: already inside a compile; compile one step at a time');
    const trace: Trace = { dispatches: [], memories: new Set() };
    this.tracing = trace;
    try {
      return { trace, result: fn() };
    } finally {
      this.tracing = undefined;
    }
  }

  write(view: View, values: ArrayLike<number>): void {
    if (!view.memory.buffer) {
      throw new KernelError(
        `tensor '${view.memory.label}': it was freed, or made inside a compiled step, where values cannot be uploaded; make it before the step is compiled`,
      );
    }
    // Uploads overtake recorded dispatches, which may read the old contents.
    this.submitQueue();
    const array = toDevice(view, values);
    this.device.handle.queue.writeBuffer(view.memory.buffer, view.memory.start + view.offset, array);
    view.memory.version++;
  }

  async read(view: View): Promise<Values> {
    if (this.tracing)
      throw new KernelError('compile: a traced step cannot read values; return the tensor and read it after a run');
    // Without anything to compile the copy takes its place in the queue now, before whatever is submitted next.
    if (this.queue.every(({ dispatch }) => this.device.pipelines.isReady(dispatch.source))) this.submitQueue();
    else await this.flush();
    if (!view.memory.buffer) throw new KernelError(`tensor '${view.memory.label}': it has been freed`);
    const bytes = view.size * BYTES_PER_ELEMENT[view.dtype];
    const data = await this.device.read(view.memory.buffer, view.memory.start + view.offset, bytes);
    if (view.dtype === 'f32') return new Float32Array(data);
    return view.dtype === 'u32' ? new Uint32Array(data) : new Uint8Array(data);
  }

  /**
   * Where a tensor's values lie, to be bound as read-only storage by passes of the program's own on `device.handle`: a page
   * draws feature maps from it without reading them. What was recorded before has been submitted. Holds until the tensor is
   * freed.
   * @throws KernelError when it has been freed, or belongs to a step that is not compiled yet.
   */
  locate(view: View): { readonly buffer: GPUBuffer; readonly offset: number; readonly size: number } {
    this.submitQueue();
    const { buffer, start, label } = view.memory;
    if (!buffer) throw new KernelError(`tensor '${label}': it has been freed, or its step is not compiled yet`);
    return {
      buffer,
      offset: start + view.offset,
      size: alignUp(view.size * BYTES_PER_ELEMENT[view.dtype], 4),
    };
  }

  setStep(step: StepValues): void {
    this.submitQueue();
    const data = new ArrayBuffer(STEP_BYTES);
    const view = new DataView(data);
    view.setUint32(0, step.seed >>> 0, true);
    view.setUint32(4, step.step, true);
    view.setUint32(8, step.rows, true);
    view.setFloat32(12, step.learningRate, true);
    this.device.handle.queue.writeBuffer(this.stepMemory.buffer!, 0, data);
  }

  [Symbol.dispose](): void {
    this.queue = [];
    this.device[Symbol.dispose]();
  }
}

/**
 * Values in the element type of the tensor; bytes are padded to a multiple of 4, as writeBuffer asks. Typed arrays of the
 * device's own kind go as they are: the upload copies them at once, and a copy of a large one costs more.
 */
function toDevice(
  view: View,
  values: ArrayLike<number>,
): Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer> {
  const isOwn = ArrayBuffer.isView(values) && values.buffer instanceof ArrayBuffer;
  if (view.dtype === 'f32') {
    return isOwn && values instanceof Float32Array ? (values as Float32Array<ArrayBuffer>) : new Float32Array(values);
  }
  if (view.dtype === 'u32') {
    return isOwn && values instanceof Uint32Array ? (values as Uint32Array<ArrayBuffer>) : new Uint32Array(values);
  }
  const padded = new Uint8Array(alignUp(view.size, 4));
  padded.set(values as ArrayLike<number>);
  return padded;
}
