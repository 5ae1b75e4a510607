import { describe, expect, it } from 'vitest';
import { BARE_CAPABILITIES, type Capabilities } from '../../src/gpu/capabilities.ts';
import { tableKey, VariantChooser } from '../../src/kernels/choose.ts';
import { conv2dKernel } from '../../src/kernels/conv2d.ts';
import { type MatmulParams, matmulKernel } from '../../src/kernels/matmul.ts';
import { kernels } from '../../src/kernels/registry.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import type { KernelSpec, Variant } from '../../src/kernels/spec.ts';
import { adapterClass, fingerprint, TunedTable, targetKey } from '../../src/kernels/tuned-table.ts';

const caps: Capabilities = { ...BARE_CAPABILITIES, software: true, subgroupSize: 8 };
const product = { m: 128, n: 64, k: 32, ta: 0, tb: 0, bias: 0, relu: 0, accumulate: 0 };
const key = tableKey(matmulKernel, product);
const table = (rows: Record<string, string>) =>
  new TunedTable(Object.fromEntries(Object.entries(rows).map(([call, variant]) => [call, { variant }])));

describe('a table of measured choices', () => {
  const tuned = table({ [key]: 'register_4x4', [tableKey(matmulKernel, { ...product, m: 512 })]: 'plain' });

  it('knows the calls that were measured', () => {
    expect(tuned.find(matmulKernel, product, caps)).toBe('register_4x4');
    expect(tuned.find(conv2dKernel, conv2dKernel.sample(new Sampler(1)), caps)).toBeUndefined();
  });

  it('says of half and twice the rows what holds for the nearest, and of no other shape anything', () => {
    for (const m of [64, 100, 200]) expect(tuned.find(matmulKernel, { ...product, m }, caps)).toBe('register_4x4');
    for (const m of [300, 512, 1024]) expect(tuned.find(matmulKernel, { ...product, m }, caps)).toBe('plain');
    expect(tuned.find(matmulKernel, { ...product, m: 63 }, caps)).toBeUndefined();
    expect(tuned.find(matmulKernel, { ...product, m: 1025 }, caps)).toBeUndefined();
    expect(tuned.find(matmulKernel, { ...product, n: 63 }, caps)).toBeUndefined();
    expect(tuned.find(matmulKernel, { ...product, relu: 1 }, caps)).toBeUndefined();
  });

  it('does not name what does not exist or cannot run here', () => {
    expect(table({ [key]: 'register_9x9' }).find(matmulKernel, product, caps)).toBeUndefined();
    expect(table({ [key]: 'strip_16' }).find(matmulKernel, product, caps)).toBe('strip_16');
    const bare = { ...caps, subgroupSize: 0 };
    expect(table({ [key]: 'strip_16' }).find(matmulKernel, product, bare)).toBeUndefined();
  });

  it('counts no longer once a kernel has changed, or there is one more to choose from', () => {
    const row = { variant: 'register_4x4', fingerprint: fingerprint(matmulKernel, product, caps) };
    const measured = new TunedTable({ [key]: row });
    expect(measured.find(matmulKernel, product, caps)).toBe('register_4x4');
    const [plain, ...faster] = matmulKernel.variants;
    const changed = {
      ...matmulKernel,
      variants: [
        {
          ...plain!,
          plan: (...args: Parameters<Variant<MatmulParams>['plan']>) => {
            const plan = plain!.plan(...args);
            return { ...plan, dispatches: plan.dispatches.map(d => ({ ...d, workgroups: [1, 1, 1] as const })) };
          },
        },
        ...faster,
      ],
    };
    expect(measured.find(changed, product, caps)).toBeUndefined();
    const more = { ...matmulKernel, variants: [...matmulKernel.variants, { ...plain!, name: 'newer' }] };
    expect(measured.find(more, product, caps)).toBeUndefined();
  });

  it('comes after the table of a run, and before the estimates', () => {
    const pinned = new VariantChooser(caps, { [key]: 'plain' }, [], [tuned]);
    expect(pinned.choose(matmulKernel, product).name).toBe('plain');
    const free = new VariantChooser(caps, {}, [], [table({}), tuned]);
    expect(free.choose(matmulKernel, product).name).toBe('register_4x4');
    expect(free.table).toEqual({ [key]: 'register_4x4' });
    expect(new VariantChooser(caps).choose(matmulKernel, product).name).not.toBe('register_4x4');
  });
});

describe('a fingerprint', () => {
  it('is the same again, and differs from call to call', () => {
    const seen = new Map<string, string>();
    for (const spec of kernels as readonly KernelSpec[]) {
      for (let seed = 0; seed < 10; seed++) {
        const p = spec.sample(new Sampler(seed));
        const hash = fingerprint(spec, p, caps);
        expect(hash).toMatch(/^[0-9a-f]{16}$/);
        expect(fingerprint(spec, p, caps)).toBe(hash);
        const call = tableKey(spec, p);
        expect(seen.get(hash) ?? call, 'two calls with one fingerprint').toBe(call);
        if (spec.variants.length > 1) seen.set(hash, call);
      }
    }
  });
});

describe('what measurements hold for', () => {
  const info = { vendor: 'mesa', architecture: '', device: 'llvmpipe (LLVM 15, 256 bits)', software: true };
  const target = { info: { ...info, description: 'llvmpipe: Mesa 25.0.7' }, caps, allow: [] };

  it('is, for a user, this driver with these capabilities', () => {
    const other = { ...target, info: { ...info, description: 'llvmpipe: Mesa 25.1.0' } };
    expect(targetKey(other)).not.toBe(targetKey(target));
    expect(targetKey({ ...target, allow: ['f16'] })).not.toBe(targetKey(target));
    expect(targetKey({ ...target, caps: { ...caps, subgroupSize: 4 } })).not.toBe(targetKey(target));
    expect(targetKey({ ...target, caps: { ...caps, timestamps: !caps.timestamps } })).toBe(targetKey(target));
  });

  it('is, for a table that ships, the kind of adapter and its subgroups', () => {
    expect(adapterClass(target)).toBe('lavapipe-8');
    expect(adapterClass({ ...target, caps: { ...caps, subgroupSize: 16 } })).toBe('lavapipe-16');
    const gpu = {
      vendor: 'nvidia',
      architecture: 'ada lovelace',
      device: 'RTX 4090',
      description: '555',
      software: false,
    };
    expect(adapterClass({ info: gpu, caps: { ...caps, software: false, subgroupSize: 32 } })).toBe(
      'nvidia-ada-lovelace-32',
    );
  });
});
