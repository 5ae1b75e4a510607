import { sliceCall } from '../kernels/slice.ts';
import { type KernelSpec, type Params, type Plan, sizeOf, type Values, type Variant } from '../kernels/spec.ts';
import { LimitError } from '../platform/errors.ts';
import type { Engine } from './engine.ts';
import type { Tensor } from './tensor.ts';

// Running one variant that nobody chose: tests, benchmarks, somebody's own kernel.

/**
 * Tensors of a kernel by name, those it reads filled. What it only writes holds NaN (or 0xffffffff) beforehand, so that
 * what a kernel does not write is seen. They belong to the scope around it.
 */
export function kernelTensors(
  engine: Engine,
  spec: KernelSpec,
  p: Params,
  inputs: Readonly<Record<string, Values>>,
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(spec.tensors)) {
    const shape = tensor.shape(p);
    if (!shape) continue;
    const dtype = tensor.dtype ?? 'f32';
    const poison = dtype === 'f32' ? Number.NaN : dtype === 'u8' ? 255 : 0xffffffff;
    const values = tensor.role === 'out' ? new Float64Array(sizeOf(shape)).fill(poison) : inputs[name]!;
    tensors[name] = engine.tensor(values, shape, dtype, name);
  }
  return tensors;
}

/** Whether a variant computes this here: each slice of it, where tensors exceed a binding. */
export function canRun(engine: Engine, spec: KernelSpec, variant: Variant<Params>, p: Params): boolean {
  try {
    return sliceCall(spec, p, engine.caps).every(slice => variant.supports(slice.p, engine.caps));
  } catch (error) {
    if (error instanceof LimitError) return false;
    throw error;
  }
}

/** Records a call as the engine would, slice by slice, with this variant. `change` may spoil the plan (mutation tests). */
export function recordVariant(
  engine: Engine,
  spec: KernelSpec,
  variant: Variant<Params>,
  p: Params,
  tensors: Readonly<Record<string, Tensor>>,
  change: (plan: Plan) => Plan = plan => plan,
): void {
  const views = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.view]));
  for (const slice of sliceCall(spec, p, engine.caps)) {
    const plan = change(variant.plan(slice.p, engine.caps));
    engine.gpu.record(spec, slice.p, variant.name, plan, views, slice.offsets);
  }
}

/** Runs one variant on the GPU and reads what it wrote. */
export async function runVariant(
  engine: Engine,
  spec: KernelSpec,
  variant: Variant<Params>,
  p: Params,
  inputs: Readonly<Record<string, Values>>,
  change?: (plan: Plan) => Plan,
): Promise<Record<string, Values>> {
  return engine.scope(async () => {
    const tensors = kernelTensors(engine, spec, p, inputs);
    recordVariant(engine, spec, variant, p, tensors, change);
    const results: Record<string, Values> = {};
    for (const [name, tensor] of Object.entries(spec.tensors)) {
      if (tensor.role !== 'in' && tensors[name]) results[name] = await tensors[name].data();
    }
    return results;
  });
}
