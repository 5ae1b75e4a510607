import { BARE_CAPABILITIES } from '../gpu/capabilities.ts';
import { Memory } from '../gpu/dispatch.ts';
import {
  BYTES_PER_ELEMENT,
  DEFAULT_STEP,
  type KernelSpec,
  type Params,
  type StepValues,
  type Values,
} from '../kernels/spec.ts';
import { ShapeError } from '../platform/errors.ts';
import type { Backend, View } from './backend.ts';

const ARRAYS = { f32: Float64Array, u32: Uint32Array, u8: Uint8Array } as const;

/**
 * Runs every kernel's TypeScript reference, in float64. Slow and simple: the ground on which gradients are proven
 * (finite differences) and against which the GPU is compared.
 */
export class ReferenceBackend implements Backend {
  readonly caps = BARE_CAPABILITIES;
  layer = '';
  private readonly contents = new Map<Memory, Values>();
  private step: StepValues = DEFAULT_STEP;

  allocate(bytes: number, label: string): Memory {
    return new Memory(bytes, label);
  }

  release(memory: Memory): void {
    this.contents.delete(memory);
  }

  run<P extends Params>(spec: KernelSpec<P>, p: P, tensors: Readonly<Record<string, View | undefined>>): void {
    const inputs: Record<string, Values> = {};
    for (const [name, tensor] of Object.entries(spec.tensors)) {
      const view = tensors[name];
      if (view && tensor.role !== 'out') inputs[name] = this.values(view);
    }
    const results = spec.reference(p, inputs, this.step);
    for (const [name, tensor] of Object.entries(spec.tensors)) {
      const view = tensors[name];
      if (!view || tensor.role === 'in') continue;
      const result = results[name];
      if (!result || result.length !== view.size) {
        throw new ShapeError(
          `reference of '${spec.name}': '${name}' has ${result?.length ?? 'no'} values, its shape says ${view.size}`,
        );
      }
      this.values(view).set(result);
    }
  }

  write(view: View, values: ArrayLike<number>): void {
    this.values(view).set(values);
  }

  async read(view: View): Promise<Values> {
    return this.values(view).slice();
  }

  setStep(step: StepValues): void {
    this.step = step;
  }

  private values(view: View): Values {
    const { memory, offset, size, dtype } = view;
    let whole = this.contents.get(memory);
    if (!whole) {
      whole = new ARRAYS[dtype](memory.bytes / BYTES_PER_ELEMENT[dtype]);
      this.contents.set(memory, whole);
    }
    const start = offset / BYTES_PER_ELEMENT[dtype];
    return whole.subarray(start, start + size);
  }

  [Symbol.dispose](): void {
    this.contents.clear();
  }
}
