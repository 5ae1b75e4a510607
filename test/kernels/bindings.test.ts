import { describe, expect, it } from 'vitest';
import { BARE_CAPABILITIES, type Capabilities } from '../../src/gpu/capabilities.ts';
import { kernels } from '../../src/kernels/registry.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import type { BindingRef, KernelSpec } from '../../src/kernels/spec.ts';

const DEVICES: Readonly<Record<string, Capabilities>> = {
  bare: BARE_CAPABILITIES,
  lavapipe: { ...BARE_CAPABILITIES, software: true, subgroupSize: 8, f16: true, workgroupBytes: 32 << 10 },
  gpu: { ...BARE_CAPABILITIES, subgroupSize: 32, f16: true, workgroupBytes: 32 << 10 },
};
const DRAWS = 40;

/** How a dispatch binds one of the kernel's own tensors; undefined for scratch and the step uniform. */
function useOf(spec: KernelSpec, ref: BindingRef): { name: string; writes: boolean } | undefined {
  const { name, as } = typeof ref === 'string' ? { name: ref, as: undefined } : ref;
  const tensor = spec.tensors[name];
  return tensor && { name, writes: as ? as === 'write' : tensor.role !== 'in' };
}

// Gradients of several parameters lie in one buffer, and so may any results of one kernel.
describe('dispatches that write a result', () => {
  it.each(kernels.map(spec => [spec.name, spec] as const))('of %s read no other result', (_, spec) => {
    for (const [device, caps] of Object.entries(DEVICES)) {
      for (let seed = 0; seed < DRAWS; seed++) {
        const p = spec.sample(new Sampler(seed));
        for (const variant of spec.variants.filter(v => v.supports(p, caps))) {
          for (const { bindings } of variant.plan(p, caps).dispatches) {
            const uses = bindings.map(ref => useOf(spec, ref)).filter(use => use !== undefined);
            if (!uses.some(({ writes }) => writes)) continue;
            const read = uses.filter(({ name, writes }) => !writes && spec.tensors[name]!.role !== 'in');
            expect(read, `${variant.name} on ${device}`).toEqual([]);
          }
        }
      }
    }
  });
});
