import { LimitError } from '../platform/errors.ts';
import { ALIGNMENT, alignUp } from './capabilities.ts';

export interface BufferStats {
  /** Buffers in use and their bytes. */
  live: number;
  liveBytes: number;
  /** Released buffers kept for reuse. */
  idle: number;
  idleBytes: number;
  peakBytes: number;
}

/** Every buffer may be storage, uniform and copy source or target, so that any of them can take any role later. */
const usage = () => GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** Bytes kept idle at most; beyond that a released buffer is destroyed. */
const IDLE_LIMIT = 512 << 20;

/** GPU buffers by exact size: a training step asks for the same sizes again and again. */
export class BufferPool implements Disposable {
  private readonly idle = new Map<number, GPUBuffer[]>();
  private readonly liveSet = new Set<GPUBuffer>();
  private readonly counts: BufferStats = { live: 0, liveBytes: 0, idle: 0, idleBytes: 0, peakBytes: 0 };
  private readonly ids = new WeakMap<GPUBuffer, number>();
  private nextId = 1;
  /** Released over the idle limit, but recorded and unsubmitted work may still name them. */
  private readonly doomed: GPUBuffer[] = [];

  constructor(private readonly device: GPUDevice) {}

  get stats(): Readonly<BufferStats> {
    return { ...this.counts };
  }

  /** Bytes of the largest buffer there can be. */
  get largest(): number {
    return this.device.limits.maxBufferSize;
  }

  /** A number that names this buffer for as long as it exists (bind-group keys). */
  id(buffer: GPUBuffer): number {
    let id = this.ids.get(buffer);
    if (id === undefined) this.ids.set(buffer, (id = this.nextId++));
    return id;
  }

  /**
   * A buffer of at least `bytes` bytes; its contents are whatever they were.
   * @throws LimitError when the device allows no buffer of that size.
   */
  acquire(bytes: number, label: string): GPUBuffer {
    const size = Math.max(ALIGNMENT, alignUp(bytes));
    if (size > this.largest) {
      throw new LimitError(
        `buffer '${label}': ${size} bytes are more than the device's largest buffer (${this.largest}); use a smaller batch`,
      );
    }
    let buffer = this.idle.get(size)?.pop();
    if (buffer) {
      this.counts.idle--;
      this.counts.idleBytes -= size;
    } else {
      buffer = this.device.createBuffer({ label, size, usage: usage() });
    }
    this.liveSet.add(buffer);
    this.counts.live++;
    this.counts.liveBytes += size;
    this.counts.peakBytes = Math.max(this.counts.peakBytes, this.counts.liveBytes + this.counts.idleBytes);
    return buffer;
  }

  /** Gives a buffer back. Work submitted or recorded before still sees its contents; later users overwrite them. */
  release(buffer: GPUBuffer): void {
    if (!this.liveSet.delete(buffer)) return;
    const { size } = buffer;
    this.counts.live--;
    this.counts.liveBytes -= size;
    if (this.counts.idleBytes + size > IDLE_LIMIT) {
      this.doomed.push(buffer);
      return;
    }
    const list = this.idle.get(size);
    if (list) list.push(buffer);
    else this.idle.set(size, [buffer]);
    this.counts.idle++;
    this.counts.idleBytes += size;
  }

  /** Destroys what was released over the idle limit; call when nothing recorded is unsubmitted. */
  sweep(): void {
    for (const buffer of this.doomed.splice(0)) buffer.destroy();
  }

  [Symbol.dispose](): void {
    this.sweep();
    for (const list of this.idle.values()) for (const buffer of list) buffer.destroy();
    for (const buffer of this.liveSet) buffer.destroy();
    this.idle.clear();
    this.liveSet.clear();
  }
}
