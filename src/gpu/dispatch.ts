import type { Access, PipelineSource } from './pipelines.ts';

/**
 * A piece of device memory that may not have a buffer yet: while a step is traced its intermediates are only sizes and
 * lifetimes, and the memory plan gives them buffers afterwards.
 */
export class Memory {
  buffer: GPUBuffer | undefined;
  /** Bytes from the start of the buffer to where it begins: a compiled step puts several into one. */
  start = 0;
  /** A compiled step gave it its buffer and takes it back: disposing a tensor that looks at it frees nothing. */
  planned = false;
  /** Counts writes that are on their way: what was computed from another version has to be computed again. */
  version = 0;

  constructor(
    readonly bytes: number,
    readonly label: string,
  ) {}
}

/** A range of memory as one kernel sees it. Offsets are multiples of 256. */
export interface Binding {
  readonly memory: Memory;
  readonly offset: number;
  readonly bytes: number;
  readonly access: Access;
}

/** What a dispatch is and costs, for profiles and plans. */
export interface DispatchNote {
  readonly kernel: string;
  readonly variant: string;
  /** The kernel's parameters as text, e.g. `n=128 h=28 w=28`. */
  readonly shape: string;
  readonly flops: number;
  readonly bytes: number;
  /** Name of the layer that it is computed for, forwards or backwards; absent for what belongs to none. */
  readonly layer?: string;
}

/**
 * One kernel launch as data: what to run, on what, how often. A training step is a list of these; eager mode is the same
 * list, submitted as it grows.
 */
export interface Dispatch {
  readonly source: PipelineSource;
  /** Contents of binding 0, the kernel's `Params`. */
  readonly uniform: ArrayBuffer;
  /** Bindings 1, 2, ... */
  readonly bindings: readonly Binding[];
  readonly workgroups: readonly [number, number, number];
  readonly note: DispatchNote;
}
