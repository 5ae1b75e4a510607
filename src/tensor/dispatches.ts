import { ALIGNMENT, alignUp } from '../gpu/capabilities.ts';
import type { Binding, Dispatch, Memory } from '../gpu/dispatch.ts';
import type { Access } from '../gpu/pipelines.ts';
import { instantiate } from '../kernels/shader.ts';
import {
  type BindingRef,
  BYTES_PER_ELEMENT,
  bytesMoved,
  describeParams,
  type KernelSpec,
  type Params,
  type Plan,
  type PlannedDispatch,
  STEP_BYTES,
  sizeOf,
} from '../kernels/spec.ts';
import { KernelError } from '../platform/errors.ts';
import type { View } from './backend.ts';

/** What stands in for an absent tensor: a range of its own for each binding, since two written ones must not overlap. */
const BLANK_BYTES = 16;
const MAX_BINDINGS = 32;

/** What each blank takes: room for the ranges of all bindings. */
export const BLANK_MEMORY_BYTES = MAX_BINDINGS * ALIGNMENT;

/** A kernel's call, or a slice of one, as one of its variants computes it. */
export interface PlannedCall<P extends Params> {
  readonly spec: KernelSpec<P>;
  readonly p: P;
  /** Name of the variant. */
  readonly variant: string;
  readonly plan: Plan;
  readonly tensors: Readonly<Record<string, View | undefined>>;
  /** Bytes into each tensor at which the slice begins; those that are not named begin at 0. */
  readonly offsets: Readonly<Record<string, number>>;
}

/** What kernels are bound to beside their tensors. */
export interface OtherMemory {
  /** The step uniform. */
  readonly step: Memory;
  /** Bound where a kernel's tensor is absent; one to read and one to write, since a dispatch must not do both to a buffer. */
  readonly blank: { readonly read: Memory; readonly write: Memory };
  /** What the plan of this call asks for, by name. */
  readonly scratch: Readonly<Record<string, Memory>>;
}

/**
 * The kernel launches that a plan comes to, one after the other.
 * @param layer for which they run, '' for none.
 * @throws KernelError when the plan binds what the kernel does not declare.
 */
export function* dispatchesOf<P extends Params>(
  call: PlannedCall<P>,
  memory: OtherMemory,
  layer: string,
): Generator<Dispatch> {
  const { spec, p, variant, plan } = call;
  const work = plan.dispatches.reduce((sum, planned) => sum + (planned.work ?? 1), 0);
  for (const [i, planned] of plan.dispatches.entries()) {
    const bindings = planned.bindings.map(
      (ref, at) => scratchBinding(ref, memory.scratch) ?? tensorBinding(call, ref, at, memory),
    );
    yield {
      source: {
        label: `${spec.name}/${variant}${plan.dispatches.length > 1 ? `#${i}` : ''}`,
        code: instantiate(planned.shader, planned.constants),
        access: ['uniform', ...bindings.map(b => b.access)],
      },
      uniform: packUniform(planned.uniform),
      bindings,
      workgroups: planned.workgroups,
      note: {
        kernel: spec.name,
        variant,
        shape: describeParams(p),
        flops: (spec.flops(p) * (planned.work ?? 1)) / work,
        bytes: (bytesMoved(spec, p) * (planned.work ?? 1)) / work,
        ...(layer && { layer }),
      },
    };
  }
}

function scratchBinding(ref: BindingRef, scratch: OtherMemory['scratch']): Binding | undefined {
  const { name, as = 'write', offset = 0, bytes } = typeof ref === 'string' ? { name: ref } : ref;
  const memory = scratch[name];
  return memory && { memory, offset, bytes: bytes ?? memory.bytes - offset, access: as };
}

/** The range that a kernel sees of one of its tensors, of the step uniform, or of a blank where a tensor is absent. */
function tensorBinding<P extends Params>(
  { spec, p, tensors, offsets }: PlannedCall<P>,
  ref: BindingRef,
  at: number,
  { step, blank }: OtherMemory,
): Binding {
  const { name, as, offset = 0, bytes } = typeof ref === 'string' ? { name: ref, as: undefined } : ref;
  if (name === 'step') return { memory: step, offset: 0, bytes: STEP_BYTES, access: 'uniform' };
  const tensor = spec.tensors[name];
  if (!tensor)
    throw new KernelError(`kernel '${spec.name}': a plan binds '${name}', which the kernel does not declare`);
  const access: Access = as ?? (tensor.role === 'in' ? 'read' : 'write');
  const shape = tensor.shape(p);
  const view = tensors[name];
  if (!shape || !view) {
    const memory = access === 'write' ? blank.write : blank.read;
    return { memory, offset: at * ALIGNMENT, bytes: BLANK_BYTES, access };
  }
  const length = alignUp(sizeOf(shape) * BYTES_PER_ELEMENT[tensor.dtype ?? 'f32'], 4);
  const start = view.offset + (offsets[name] ?? 0) + offset;
  return { memory: view.memory, offset: start, bytes: bytes ?? length, access };
}

function packUniform(fields: PlannedDispatch['uniform']): ArrayBuffer {
  const data = new ArrayBuffer(alignUp(Math.max(fields.length, 1) * 4, 16));
  const view = new DataView(data);
  fields.forEach((field, i) => {
    if (typeof field !== 'number') view.setFloat32(4 * i, field.f32, true);
    else if (field < 0) view.setInt32(4 * i, field, true);
    else view.setUint32(4 * i, field, true);
  });
  return data;
}
