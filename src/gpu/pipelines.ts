import { KernelError, WeftError } from '../platform/errors.ts';
import type { Device } from './device.ts';

/** How a kernel sees one of its bindings. */
export type Access = 'uniform' | 'read' | 'write';

/** What makes a pipeline: its WGSL (constants already put in), and how each binding is used, in binding order. */
export interface PipelineSource {
  readonly label: string;
  readonly code: string;
  readonly access: readonly Access[];
}

const BUFFER_TYPE: Record<Access, GPUBufferBindingType> = {
  uniform: 'uniform',
  read: 'read-only-storage',
  write: 'storage',
};

/** Compiled kernels by their source. Compiling is slow (0.1 to 6 s on a CPU adapter), so it is done once and in parallel. */
export class PipelineCache {
  private readonly ready = new Map<string, GPUComputePipeline>();
  /** Made without waiting for the driver's word on them: they may be invalid. */
  private readonly unchecked = new Map<string, GPUComputePipeline>();
  private readonly pending = new Map<string, Promise<GPUComputePipeline>>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  /** Known to have been dispatched: software drivers finish compiling only then. */
  private readonly warm = new Set<string>();

  constructor(private readonly device: Device) {}

  get size(): number {
    return this.ready.size;
  }

  layout(access: readonly Access[]): GPUBindGroupLayout {
    const key = access.join();
    let layout = this.layouts.get(key);
    if (!layout) {
      const entries = access.map((kind, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: BUFFER_TYPE[kind] },
      }));
      layout = this.device.handle.createBindGroupLayout({ label: key, entries });
      this.layouts.set(key, layout);
    }
    return layout;
  }

  /** Whether `prepare` has nothing to do for it. */
  isReady(source: PipelineSource): boolean {
    return this.ready.has(keyOf(source));
  }

  /** Those that have not been dispatched yet as far as is known, each once. */
  cold(sources: Iterable<PipelineSource>): PipelineSource[] {
    const distinct = new Map(Array.from(sources, source => [keyOf(source), source]));
    return [...distinct].filter(([key]) => !this.warm.has(key)).map(([, source]) => source);
  }

  setWarm(sources: Iterable<PipelineSource>): void {
    for (const source of sources) this.warm.add(keyOf(source));
  }

  /** The pipeline if it is compiled, else compiled here and now (eager mode). Errors surface at the next wait. */
  get(source: PipelineSource): GPUComputePipeline {
    const key = keyOf(source);
    let pipeline = this.ready.get(key) ?? this.unchecked.get(key);
    if (!pipeline) {
      pipeline = this.device.handle.createComputePipeline(this.descriptor(source));
      this.unchecked.set(key, pipeline);
    }
    return pipeline;
  }

  /**
   * Compiles what is missing, all at the same time.
   * @throws KernelError with the kernel's name and the driver's message.
   */
  async prepare(sources: Iterable<PipelineSource>, progress?: (done: number, total: number) => void): Promise<void> {
    const jobs: Promise<unknown>[] = [];
    let done = 0;
    for (const source of sources) {
      const key = keyOf(source);
      if (this.ready.has(key)) continue;
      let job = this.pending.get(key);
      if (!job) {
        job = this.compile(key, source);
        this.pending.set(key, job);
      }
      jobs.push(job.then(() => progress?.(++done, jobs.length)));
    }
    await Promise.all(jobs);
  }

  private async compile(key: string, source: PipelineSource): Promise<GPUComputePipeline> {
    const { handle } = this.device;
    // createComputePipelineAsync reports a bad shader twice: as its own rejection and as an error of the module.
    handle.pushErrorScope('validation');
    const promise = handle.createComputePipelineAsync(this.descriptor(source));
    const moduleError = handle.popErrorScope();
    promise.catch(() => {});
    try {
      const error = await this.device.wait(moduleError);
      if (error) throw new Error(error.message);
      const pipeline = await this.device.wait(promise);
      this.ready.set(key, pipeline);
      this.unchecked.delete(key);
      return pipeline;
    } catch (cause) {
      // What another command did wrong, or a lost device, only came to light here.
      if (cause instanceof WeftError) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new KernelError(`kernel '${source.label}': the driver refuses it: ${message}`, { cause });
    } finally {
      this.pending.delete(key);
    }
  }

  private descriptor(source: PipelineSource): GPUComputePipelineDescriptor {
    const { handle } = this.device;
    return {
      label: source.label,
      layout: handle.createPipelineLayout({ bindGroupLayouts: [this.layout(source.access)] }),
      compute: {
        module: handle.createShaderModule({ label: source.label, code: source.code }),
        entryPoint: 'main',
      },
    };
  }
}

const keyOf = (source: PipelineSource) => `${source.access.join()}\n${source.code}`;
