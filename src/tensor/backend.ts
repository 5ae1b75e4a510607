import type { Capabilities } from '../gpu/capabilities.ts';
import type { Memory } from '../gpu/dispatch.ts';
import type { DType, KernelSpec, Params, StepValues, Values } from '../kernels/spec.ts';

/** A range of memory with its element type: what a tensor is to a backend. */
export interface View {
  readonly memory: Memory;
  /** Bytes from the start of the memory. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
  readonly dtype: DType;
}

/**
 * Where ops are computed. Two exist: the GPU, and the plain TypeScript references in float64, on which the same ops and
 * the same autograd run, so that gradients can be proven by finite differences without rounding in the way.
 */
export interface Backend extends Disposable {
  readonly caps: Capabilities;
  /** For which layer kernels run from now on, for profiles; '' for none. */
  layer: string;
  /** Memory of at least `bytes` bytes, contents undefined. */
  allocate(bytes: number, label: string): Memory;
  release(memory: Memory): void;
  /** Computes the kernel: reads its `in`, writes its `out` and `inout` tensors. Absent tensors are undefined. */
  run<P extends Params>(spec: KernelSpec<P>, p: P, tensors: Readonly<Record<string, View | undefined>>): void;
  write(view: View, values: ArrayLike<number>): void;
  read(view: View): Promise<Values>;
  /** Sets what changes between steps, for everything that runs afterwards. */
  setStep(step: StepValues): void;
}
