import type { KernelSpec, Params, Plan, Values, Variant } from '../../src/kernels/spec.ts';
import { sizeOf } from '../../src/kernels/spec.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/**
 * Runs one variant, chosen or not, on the GPU. Outputs hold NaN (or 0xffffffff) beforehand, so that what a kernel does
 * not write is seen. `change` may spoil the plan (mutation tests).
 */
export async function runVariant(
  engine: Engine,
  spec: KernelSpec,
  variant: Variant<Params>,
  p: Params,
  inputs: Record<string, Values>,
  change: (plan: Plan) => Plan = plan => plan,
): Promise<Record<string, Values>> {
  return engine.scope(async () => {
    const tensors: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(spec.tensors)) {
      const shape = tensor.shape(p);
      if (!shape) continue;
      const dtype = tensor.dtype ?? 'f32';
      const poison = new Array<number>(sizeOf(shape)).fill(
        dtype === 'f32' ? Number.NaN : dtype === 'u8' ? 255 : 0xffffffff,
      );
      tensors[name] = engine.tensor(tensor.role === 'out' ? poison : inputs[name]!, shape, dtype, name);
    }
    const views = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.view]));
    engine.gpu.record(spec, p, variant.name, change(variant.plan(p, engine.caps)), views);
    const results: Record<string, Values> = {};
    for (const [name, tensor] of Object.entries(spec.tensors)) {
      if (tensor.role !== 'in' && tensors[name]) results[name] = await tensors[name].data();
    }
    return results;
  });
}
