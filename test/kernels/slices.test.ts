import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../src/gpu/capabilities.ts';
import { kernels } from '../../src/kernels/registry.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { sliceCall } from '../../src/kernels/slice.ts';
import { describeParams, type KernelSpec, type Params, sizeOf } from '../../src/kernels/spec.ts';
import { allowedErrors, drawInputs, drawStep, firstDifference } from '../../src/kernels/verify.ts';
import { LimitError } from '../../src/platform/errors.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { GpuBackend } from '../../src/tensor/gpu-backend.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gpuEngine } from '../support/engine.ts';

// Every kernel that says how it can be cut is cut, on random shapes, under limits so low that they must be.

const LIMITS = Array.from({ length: 12 }, (_, i) => 256 << i);
const DRAWS = 200;
/** Cut calls that are computed and compared for each kernel. */
const ENOUGH = 6;

/** Kernels whose random shapes are never large enough to be cut, with the test that cuts them instead. */
const OPTIMIZERS = 'test/optim/optimizers.test.ts: their slices begin at multiples of 32 blocks, 2,048 parameters';
const ELSEWHERE: Record<string, string> = { adam: OPTIMIZERS, rmsprop: OPTIMIZERS, sgd: OPTIMIZERS };

/** The lowest limit under which the call is possible, if it has to be cut then. */
function cuttingLimit(spec: KernelSpec, p: Params, caps: Capabilities): number | undefined {
  for (const maxBindingBytes of LIMITS) {
    try {
      return sliceCall(spec, p, { ...caps, maxBindingBytes }).length > 1 ? maxBindingBytes : undefined;
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
    }
  }
  return undefined;
}

async function runSliced(engine: Engine, spec: KernelSpec, p: Params, inputs: Record<string, ArrayLike<number>>) {
  return engine.scope(async () => {
    const tensors: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(spec.tensors)) {
      const shape = tensor.shape(p);
      if (!shape) continue;
      const dtype = tensor.dtype ?? 'f32';
      const poison = new Array<number>(sizeOf(shape)).fill(dtype === 'f32' ? Number.NaN : 255);
      tensors[name] = engine.tensor(tensor.role === 'out' ? poison : inputs[name]!, shape, dtype, name);
    }
    const isOut = ([name]: [string, Tensor]) => spec.tensors[name]!.role === 'out';
    const [outs, ins] = [Object.entries(tensors).filter(isOut), Object.entries(tensors).filter(t => !isOut(t))];
    engine.run(spec, p, Object.fromEntries(ins), Object.fromEntries(outs));
    const written = Object.entries(tensors).filter(([name]) => spec.tensors[name]!.role !== 'in');
    return Object.fromEntries(await Promise.all(written.map(async ([name, t]) => [name, await t.data()] as const)));
  });
}

for (const spec of kernels.filter(kernel => kernel.slice && !ELSEWHERE[kernel.name])) {
  describe(`slices of kernel ${spec.name}`, () => {
    it('add up to the whole', async () => {
      const { device } = (await gpuEngine()).gpu;
      let cut = 0;
      for (let seed = 0; seed < DRAWS && cut < ENOUGH; seed++) {
        const random = new Sampler(seed);
        const p = spec.sample(random);
        const maxBindingBytes = cuttingLimit(spec, p, device.caps);
        if (maxBindingBytes === undefined) continue;
        const engine = new Engine(new GpuBackend(device, { caps: { maxBindingBytes } }));
        cut++;
        const step = drawStep(random);
        engine.setStep(step);
        const inputs = drawInputs(spec, p, random);
        const expected = spec.reference(p, inputs, step);
        const allowed = allowedErrors(spec, p, inputs, expected, step);
        for (const [name, values] of Object.entries(await runSliced(engine, spec, p, inputs))) {
          const difference = firstDifference(values, expected[name]!, allowed[name]!);
          expect(difference, `${spec.name} '${name}' with ${describeParams(p)}`).toBeUndefined();
        }
      }
      expect(cut, 'random shapes that had to be cut').toBeGreaterThan(0);
    });
  });
}
