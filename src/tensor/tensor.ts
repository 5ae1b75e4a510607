import { alignUp } from '../gpu/capabilities.ts';
import type { Memory } from '../gpu/dispatch.ts';
import { BYTES_PER_ELEMENT, type DType, type Shape, sizeOf, type Values } from '../kernels/spec.ts';
import { ShapeError, ValueError } from '../platform/errors.ts';
import type { Node } from './autograd.ts';
import type { View } from './backend.ts';
import type { Engine } from './engine.ts';

/** Memory shared by the tensors that look at it; freed with the last of them. */
export class Storage {
  private owners = 0;

  constructor(
    readonly engine: Engine,
    readonly memory: Memory,
  ) {}

  retain(): this {
    this.owners++;
    return this;
  }

  free(): void {
    if (--this.owners === 0) this.engine.backend.release(this.memory);
  }
}

/**
 * A dense array on a device, row-major, channels last. Immutable to ops: each gives a new tensor.
 *
 * Freed by the scope or compiled step that made it; what was made outside of both lives until `dispose`.
 */
export class Tensor implements Disposable {
  /** The op that made it, when a gradient can flow through it. */
  node: Node | undefined;
  /** Whether gradients may be asked for it or for something it was computed from. */
  tracked = false;
  private disposed = false;

  constructor(
    readonly engine: Engine,
    readonly storage: Storage,
    readonly shape: Shape,
    readonly dtype: DType = 'f32',
    /** Bytes from the start of the storage; a multiple of 256. */
    readonly offset = 0,
    readonly name = '',
  ) {
    storage.retain();
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get rank(): number {
    return this.shape.length;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** What a backend sees. @throws ValueError when the tensor has been freed. */
  get view(): View {
    if (this.disposed) {
      throw new ValueError(
        `tensor ${this}: it has been freed; return it from its scope or step, or make it outside of both`,
      );
    }
    return { memory: this.storage.memory, offset: this.offset, size: this.size, dtype: this.dtype };
  }

  /** Marks the tensor as one that gradients will be asked for. */
  watch(): this {
    this.tracked = true;
    return this;
  }

  /** The same values, cut off from the graph. Shares memory. */
  detach(): Tensor {
    return this.engine.alias(this, this.shape);
  }

  /** All elements, row-major. Waits for the GPU. */
  async data(): Promise<Values> {
    return this.engine.backend.read(this.view);
  }

  /** The only element. @throws ShapeError when there are more. */
  async item(): Promise<number> {
    if (this.size !== 1) throw new ShapeError(`item: ${this} has ${this.size} elements; read data() instead`);
    return (await this.data())[0]!;
  }

  /** Overwrites the contents (inputs of a compiled step, loaded weights). @throws ShapeError on another length. */
  write(values: ArrayLike<number>): void {
    if (values.length !== this.size) {
      throw new ShapeError(`write: ${this} takes ${this.size} values, got ${values.length}`);
    }
    this.engine.backend.write(this.view, values);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.node = undefined;
    this.storage.free();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `${this.name ? `'${this.name}' ` : ''}${this.dtype}[${this.shape.join(', ')}]`;
  }
}

/** Bytes of a tensor, as allocated: a multiple of 4. */
export function byteLength(shape: Shape, dtype: DType): number {
  return alignUp(sizeOf(shape) * BYTES_PER_ELEMENT[dtype], 4);
}
