import { describe, expect, it } from 'vitest';
import { BARE_CAPABILITIES } from '../../src/gpu/capabilities.ts';
import { VariantChooser } from '../../src/kernels/choose.ts';
import { type MatmulParams, matmulKernel } from '../../src/kernels/matmul.ts';
import { kernels } from '../../src/kernels/registry.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { DEFAULT_STEP } from '../../src/kernels/spec.ts';
import { allowedErrors, drawInputs, firstDifference } from '../../src/kernels/verify.ts';
import { gpuEngine } from '../support/engine.ts';

const matmul = kernels.find(({ name }) => name === 'matmul')!;
const plain = { ta: 0, tb: 0, bias: 0, relu: 0, accumulate: 0 };
const workgroupsOf = (p: MatmulParams) => {
  const variant = new VariantChooser(BARE_CAPABILITIES).choose(matmulKernel, p);
  const [first] = variant.plan(p, BARE_CAPABILITIES).dispatches;
  return { name: variant.name, shader: first!.shader, count: first!.workgroups.reduce((a, b) => a * b) };
};

describe('products on a GPU', () => {
  it('go through workgroup memory, the largest tile where there is work for it', () => {
    expect(workgroupsOf({ ...plain, m: 4096, n: 4096, k: 4096 }).name).toBe('workgroup_128x64');
    expect(workgroupsOf({ ...plain, m: 512, n: 512, k: 512 }).shader).toBe('matmul/workgroup_tile');
  });

  it('split k where the result alone would leave the device idle', () => {
    const skinny = workgroupsOf({ ...plain, m: 128, n: 10, k: 9216 });
    expect(skinny.shader).toBe('matmul/workgroup_tile');
    expect(skinny.count).toBeGreaterThan(200);
    expect(workgroupsOf({ ...plain, m: 4096, n: 4096, k: 4096 }).count).toBe((4096 / 128) * (4096 / 64));
  });

  for (const variant of matmulKernel.variants.filter(({ name }) => name.startsWith('workgroup_'))) {
    for (const k of [24, 1000]) {
      it(`${variant.name} adds to what is there, k = ${k}`, async () => {
        const engine = await gpuEngine();
        const p = { ...plain, m: 33, n: 20, k };
        const inputs = drawInputs(matmul, p, new Sampler(k));
        const { out: expected } = matmul.reference(p, inputs, DEFAULT_STEP);
        const { out: allowed } = allowedErrors(matmul, p, inputs, { out: expected! }, DEFAULT_STEP, variant.slack);
        const actual = await engine.scope(async () => {
          const a = engine.tensor(inputs.a!, [p.m, k], 'f32', 'a');
          const b = engine.tensor(inputs.b!, [k, p.n], 'f32', 'b');
          const out = engine.tensor(new Float32Array(p.m * p.n), [p.m, p.n], 'f32', 'out');
          const views = { a: a.view, b: b.view, out: out.view };
          for (const accumulate of [0, 1]) {
            const q = { ...p, accumulate };
            engine.gpu.record(matmulKernel, q, variant.name, variant.plan(q, engine.caps), views);
          }
          return out.data();
        });
        // The second time the sums stand in `out` already, and doubling is exact.
        const halves = Float32Array.from(actual, value => value / 2);
        expect(firstDifference(halves, expected!, allowed!)).toBeUndefined();
      });
    }
  }
});
