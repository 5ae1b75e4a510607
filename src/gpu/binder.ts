import { KernelError } from '../platform/errors.ts';
import { ALIGNMENT, alignUp } from './capabilities.ts';
import type { Device } from './device.ts';
import type { Dispatch } from './dispatch.ts';

/** A dispatch with everything the encoder needs. */
export interface BoundDispatch {
  readonly dispatch: Dispatch;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
}

const ARENA_BYTES = 64 << 10;
const MAX_GROUPS = 4096;
/** Uniform blocks remembered at most: a program that multiplies by a new number each time must not fill the device. */
const MAX_UNIFORMS = 16384;

/** Makes the bind groups of dispatches and caches them: the second run of an op costs a look-up. */
export class Binder {
  private readonly groups = new Map<string, GPUBindGroup>();
  private readonly uniforms = new Map<string, { buffer: GPUBuffer; offset: number }>();
  private arena: GPUBuffer | undefined;
  private used = 0;

  constructor(private readonly device: Device) {}

  /**
   * The bind group of a dispatch, made of the buffers that its memory has now.
   * @throws KernelError when a dispatch names memory that has no buffer (yet, or any more).
   */
  group(dispatch: Dispatch): GPUBindGroup {
    const { buffers, pipelines, handle } = this.device;
    const uniform = this.intern(dispatch.uniform);
    let key = `${dispatch.source.access.join()}|${buffers.id(uniform.buffer)}:${uniform.offset}:${dispatch.uniform.byteLength}`;
    const ranges = dispatch.bindings.map(({ memory, offset, bytes }) => {
      if (!memory.buffer) {
        throw new KernelError(
          `kernel '${dispatch.source.label}': its tensor '${memory.label}' has been freed; return it from the scope that made it, or list it in 'keep'`,
        );
      }
      const start = memory.start + offset;
      key += `|${buffers.id(memory.buffer)}:${start}:${bytes}`;
      return { buffer: memory.buffer, offset: start, size: bytes };
    });
    let group = this.groups.get(key);
    if (!group) {
      const resources = [{ ...uniform, size: dispatch.uniform.byteLength }, ...ranges];
      group = handle.createBindGroup({
        label: dispatch.source.label,
        layout: pipelines.layout(dispatch.source.access),
        entries: resources.map((resource, binding) => ({ binding, resource })),
      });
      if (this.groups.size >= MAX_GROUPS) this.groups.clear();
      this.groups.set(key, group);
    }
    return group;
  }

  /** Starts the caches anew. What is recorded keeps its buffers; the rest goes to the garbage collector. */
  private forget(): void {
    this.uniforms.clear();
    this.groups.clear();
    this.arena = undefined;
  }

  /** Uniform blocks by content: they never change once written, so equal ones share a slot of one large buffer. */
  private intern(data: ArrayBuffer): { buffer: GPUBuffer; offset: number } {
    const key = new Uint32Array(data).join();
    let slot = this.uniforms.get(key);
    if (!slot) {
      if (this.uniforms.size >= MAX_UNIFORMS) this.forget();
      if (!this.arena || this.used + data.byteLength > ARENA_BYTES) {
        this.arena = this.device.handle.createBuffer({
          label: 'uniforms',
          size: ARENA_BYTES,
          usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
        });
        this.used = 0;
      }
      slot = { buffer: this.arena, offset: this.used };
      this.used += alignUp(data.byteLength, ALIGNMENT);
      this.device.handle.queue.writeBuffer(slot.buffer, slot.offset, data);
      this.uniforms.set(key, slot);
    }
    return slot;
  }
}

/** Writes bound dispatches into one compute pass; WebGPU orders them and makes each see what the ones before it wrote. */
export function encode(
  device: GPUDevice,
  work: readonly BoundDispatch[],
  label: string,
  timestampWrites?: GPUComputePassTimestampWrites,
): GPUCommandBuffer {
  const encoder = device.createCommandEncoder({ label });
  const pass = encoder.beginComputePass(timestampWrites ? { label, timestampWrites } : { label });
  let current: GPUComputePipeline | undefined;
  for (const { pipeline, group, dispatch } of work) {
    // Slices of a call follow one another, and each call into the implementation costs the main thread microseconds.
    if (pipeline !== current) pass.setPipeline(pipeline);
    current = pipeline;
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...dispatch.workgroups);
  }
  pass.end();
  return encoder.finish();
}
