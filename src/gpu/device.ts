import { AdapterError, DeviceLostError, KernelError, LimitError, type WeftError } from '../platform/errors.ts';
import type { GpuSource } from '../platform/platform.ts';
import { BufferPool } from './buffers.ts';
import { type AdapterInfo, type Capabilities, describeAdapter, describeCapabilities } from './capabilities.ts';
import { PipelineCache } from './pipelines.ts';

export interface DeviceOptions {
  /** Lowers the bytes one storage binding may span (tests of slicing). Default: what the adapter allows. */
  maxBindingBytes?: number;
  /** Opens the device with WebGPU's default limits and no optional feature, as on the weakest conforming machine. */
  bare?: boolean;
}

const WANTED_FEATURES: readonly GPUFeatureName[] = ['subgroups', 'shader-f16', 'timestamp-query'];
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const;

/**
 * One WebGPU device: adapter, capabilities, buffers and pipelines, and the only place that waits for the GPU.
 *
 * Errors of the driver surface as typed errors at the next `wait`; a lost device rejects everything that is pending.
 */
export class Device implements Disposable {
  readonly buffers: BufferPool;
  readonly pipelines: PipelineCache;
  /** Settles (never rejects) with the reason once the device is gone. */
  readonly lost: Promise<DeviceLostError>;
  private failure: WeftError | undefined;
  /** Rejects for everything that is being waited for, should the device be lost. */
  private readonly pending = new Set<(error: WeftError) => void>();
  /** What the implementation still owes us, whether or not anybody waits for it. */
  private readonly owed = new Set<Promise<unknown>>();
  /** One function for the life of the device, so that the platform can tell that it rests for us already. */
  private readonly isWaiting = () => this.pending.size > 0;
  private closed = false;
  private readonly inFlight: Promise<undefined>[] = [];

  private constructor(
    private readonly source: GpuSource,
    readonly handle: GPUDevice,
    readonly info: AdapterInfo,
    readonly caps: Capabilities,
    private readonly options: DeviceOptions,
  ) {
    this.buffers = new BufferPool(handle);
    this.pipelines = new PipelineCache(this);
    handle.onuncapturederror = event => {
      event.preventDefault();
      this.failure ??= toTypedError(event.error);
    };
    this.lost = handle.lost.then(({ reason, message }) => {
      const error = new DeviceLostError(
        this.closed
          ? 'device: it was closed while work was pending; keep it open until the last read has returned'
          : `device: lost (${reason}: ${message || 'no message from the driver'}); open a new device and resume from the last checkpoint`,
      );
      this.failure ??= error;
      for (const reject of this.pending) reject(error);
      return error;
    });
  }

  /**
   * Opens a device on the adapter that `source` offers.
   * @throws AdapterError when the adapter refuses a device.
   */
  static async open(source: GpuSource, options: DeviceOptions = {}): Promise<Device> {
    const adapter = await source.requestAdapter();
    const info = describeAdapter(adapter);
    const requiredLimits: Record<string, number> = {};
    if (!options.bare) for (const name of WANTED_LIMITS) requiredLimits[name] = adapter.limits[name];
    const requiredFeatures = options.bare ? [] : WANTED_FEATURES.filter(feature => adapter.features.has(feature));
    let handle: GPUDevice;
    try {
      handle = await adapter.requestDevice({ requiredFeatures, requiredLimits, label: 'weft' });
    } catch (cause) {
      throw new AdapterError(`adapter '${info.device}': it refuses a device: ${String(cause)}`, {
        cause,
      });
    }
    let caps = describeCapabilities(handle, adapter.info, info.software);
    if (options.maxBindingBytes !== undefined) {
      caps = { ...caps, maxBindingBytes: Math.min(caps.maxBindingBytes, options.maxBindingBytes) };
    }
    return new Device(source, handle, info, caps, options);
  }

  /** Another device on the same adapter, with a queue and threads of its own. Dispose it before this one. */
  async twin(): Promise<Device> {
    return await Device.open({ ...this.source, close() {} }, this.options);
  }

  /** Processors that a software adapter has for its work. 1 where the platform does not tell. */
  get processors(): number {
    return this.source.processors ?? 1;
  }

  /**
   * Awaits a promise of the device without spinning a core, and turns driver errors into typed ones.
   * @throws DeviceLostError, KernelError, LimitError
   */
  async wait<T>(promise: Promise<T>): Promise<T> {
    this.track(promise);
    this.check();
    let reject!: (error: WeftError) => void;
    const lost = new Promise<never>((_, rejectLost) => {
      reject = rejectLost;
    });
    this.pending.add(reject);
    this.source.rest?.(this.isWaiting);
    try {
      const value = await Promise.race([promise, lost]);
      this.check();
      return value;
    } catch (error) {
      this.check();
      throw error;
    } finally {
      this.pending.delete(reject);
    }
  }

  /** Remembers a promise of the implementation until it settles, so that the source is not closed under it. */
  private track(promise: Promise<unknown>): void {
    // Should nobody wait for it to the end, its rejection must not count as unhandled.
    const settled: Promise<unknown> = promise.then(
      () => this.owed.delete(settled),
      () => this.owed.delete(settled),
    );
    this.owed.add(settled);
  }

  /** Throws what the driver reported since the last check; the error stays for a lost device. */
  check(): void {
    const { failure } = this;
    if (!failure) return;
    if (!(failure instanceof DeviceLostError)) this.failure = undefined;
    throw failure;
  }

  /** Submits, and waits only when more than `depth` submissions are unfinished: the GPU stays fed, the host stays free. */
  async submit(commands: GPUCommandBuffer[], depth = 3): Promise<void> {
    this.check();
    this.handle.queue.submit(commands);
    const done = this.handle.queue.onSubmittedWorkDone();
    this.track(done);
    this.inFlight.push(done);
    while (this.inFlight.length > depth) await this.wait(this.inFlight.shift()!);
  }

  /** Waits until everything submitted has run. */
  async finish(): Promise<void> {
    this.inFlight.length = 0;
    await this.wait(this.handle.queue.onSubmittedWorkDone());
  }

  /** Copies `bytes` bytes from a buffer to the host. Everything submitted before has run by then. */
  async read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    this.check();
    const size = Math.ceil(bytes / 4) * 4;
    const staging = this.handle.createBuffer({
      label: 'readback',
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      const encoder = this.handle.createCommandEncoder({ label: 'readback' });
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
      this.handle.queue.submit([encoder.finish()]);
      await this.wait(staging.mapAsync(GPUMapMode.READ));
      return staging.getMappedRange().slice(0, bytes);
    } finally {
      staging.destroy();
    }
  }

  [Symbol.dispose](): void {
    if (this.closed) return;
    this.closed = true;
    this.buffers[Symbol.dispose]();
    this.handle.destroy();
    // Destroying settles what is pending, at the next turn of the event loop; Dawn crashes if it is gone by then.
    void Promise.allSettled([...this.owed, this.lost]).then(() => this.source.close());
  }
}

function toTypedError(error: GPUError): WeftError {
  if (error instanceof GPUOutOfMemoryError) {
    return new LimitError(`device: out of memory (${error.message}); use a smaller batch or accumulate gradients`);
  }
  return new KernelError(`device: ${error.message}`);
}
