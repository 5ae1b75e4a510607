import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BARE_CAPABILITIES, type Capabilities } from '../../src/gpu/capabilities.ts';
import { candidates, chooseMeasured, spread } from '../../src/kernels/candidates.ts';
import { kernels } from '../../src/kernels/registry.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { defineKernel, type KernelSpec, type Variant } from '../../src/kernels/spec.ts';

const caps: Capabilities = { ...BARE_CAPABILITIES, software: true, subgroupSize: 8, f16: true };

type P = { size: number };

function kernelWith(speeds: readonly number[], change: Partial<Variant<P>>[] = []): KernelSpec<P> {
  return defineKernel<P>({
    name: 'made_up',
    tensors: { out: { role: 'out', shape: p => [p.size] } },
    flops: p => p.size,
    reference: p => ({ out: new Float64Array(p.size) }),
    sample: r => ({ size: r.int(1, 9) }),
    tolerance: { kind: 'exact' },
    variants: speeds.map((speed, i) => ({
      name: `v${i}`,
      supports: () => true,
      speed: () => speed,
      plan: () => ({ dispatches: [] }),
      ...change[i],
    })),
  });
}
const names = (spec: KernelSpec<P>, allow: readonly ('f16' | 'winograd')[] = []) =>
  candidates(spec, { size: 4 }, caps, allow).map(({ name }) => name);

describe('candidates', () => {
  it('are those near the favourite, in the order of the ladder', () => {
    expect(names(kernelWith([1, 9, 20, 10]))).toEqual(['v1', 'v2', 'v3']);
  });

  it('include the runner-up, however far behind', () => {
    expect(names(kernelWith([1, 3, 50]))).toEqual(['v1', 'v2']);
    expect(names(kernelWith([1]))).toEqual(['v0']);
  });

  it('exclude what the device cannot do and what has not been allowed', () => {
    const spec = kernelWith([1, 4, 5, 6], [{}, {}, { supports: () => false }, { trades: 'f16' }]);
    expect(names(spec)).toEqual(['v0', 'v1']);
    expect(names(spec, ['f16'])).toEqual(['v1', 'v3']);
  });

  it('hold the choice without a table, for every kernel and any shape', () => {
    for (const spec of kernels) {
      for (let seed = 0; seed < 20; seed++) {
        const p = spec.sample(new Sampler(seed));
        const list = candidates(spec, p, caps);
        const speeds = list.map(variant => variant.speed(p, caps));
        const best = Math.max(
          ...spec.variants.filter(v => v.supports(p, caps) && !v.trades).map(v => v.speed(p, caps)),
        );
        expect(Math.max(...speeds)).toBe(best);
        expect(list.map(v => spec.variants.indexOf(v))).toEqual(
          list.map(v => spec.variants.indexOf(v)).sort((a, b) => a - b),
        );
      }
    }
  });
});

describe('choosing by measured times', () => {
  const choose = (...times: number[][]) =>
    chooseMeasured(times.map((milliseconds, i) => ({ variant: `v${i}`, milliseconds })));

  it('takes the fastest where that is clear', () => {
    expect(choose([10, 10, 10], [5, 5, 5], [7, 7, 7])).toBe('v1');
  });

  it('takes the simpler of two that are as fast, and of two that the noise makes one', () => {
    expect(choose([10.3, 10.3, 10.3], [10, 10, 10])).toBe('v0');
    expect(choose([10.8, 10.7, 10.9], [10, 10, 10])).toBe('v1');
    expect(choose([9, 10.8, 14], [9, 10, 12])).toBe('v0');
    // Overlapping spreads do not excuse a fifth.
    expect(choose([8, 12, 16], [8, 10, 16])).toBe('v1');
  });

  it('is not misled by samples that something else made long', () => {
    expect(choose([10, 10, 90], [20, 20, 20])).toBe('v0');
    expect(choose([10, 10, 10, 10], [5, 5, 5, 400])).toBe('v1');
  });

  it('cannot say anything of nothing', () => {
    expect(choose()).toBeUndefined();
    expect(choose([], [3])).toBe('v1');
  });

  const samples = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 3, maxLength: 9 });

  it('never takes one that is a tenth slower than the fastest, nor passes over a simpler one that ties', () => {
    fc.assert(
      fc.property(fc.array(samples, { minLength: 1, maxLength: 6 }), times => {
        const medians = times.map(one => spread(one).median);
        const best = Math.min(...medians);
        const chosen = Number(choose(...times)!.slice(1));
        expect(medians[chosen]!).toBeLessThanOrEqual(best * 1.1);
        for (let i = 0; i < chosen; i++) expect(medians[i]!).toBeGreaterThan(best * 1.04);
      }),
    );
  });

  it('does not depend on the order of the samples or on the unit', () => {
    fc.assert(
      fc.property(fc.array(samples, { minLength: 1, maxLength: 6 }), times => {
        expect(choose(...times.map(one => [...one].reverse()))).toBe(choose(...times));
        expect(choose(...times.map(one => one.map(t => t * 1024)))).toBe(choose(...times));
      }),
    );
  });
});
