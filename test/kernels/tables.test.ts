import { describe, expect, it } from 'vitest';
import { BARE_CAPABILITIES } from '../../src/gpu/capabilities.ts';
import { kernels } from '../../src/kernels/registry.ts';
import { shippedTables } from '../../src/kernels/tables/index.ts';
import { tables } from '../../src/kernels/tables/tables.generated.ts';
import { gpuEngine } from '../support/engine.ts';

it('there is one table for a kind of adapter', () => {
  const all = tables.map(({ adapters }) => adapters);
  expect(new Set(all).size).toBe(all.length);
});

for (const { adapters, variants, measured } of tables) {
  describe(`the table for ${adapters}`, () => {
    const caps = {
      ...BARE_CAPABILITIES,
      software: measured.device.includes('llvmpipe'),
      subgroupSize: Number(adapters.replace(/^.*-/, '')),
      f16: true,
      workgroupBytes: 32 << 10,
    };

    it('names variants that exist and can compute these calls, and give nothing up', () => {
      const stale = Object.entries(variants).filter(([key, name]) => {
        const [kernel, ...params] = key.split(' ');
        const p = Object.fromEntries(params.map(text => text.split('=')).map(([k, v]) => [k, Number(v)]));
        const variant = kernels.find(spec => spec.name === kernel)?.variants.find(one => one.name === name);
        return !variant?.supports(p, caps) || variant.trades !== undefined;
      });
      expect(stale, 'stale rows: run `weft tune --ship`').toEqual([]);
    });
  });
}

it('what ships is not used where kernels may give up accuracy, or on another kind of adapter', async () => {
  const { gpu, caps } = await gpuEngine();
  const { info } = gpu.device;
  expect(shippedTables({ info, caps, allow: ['winograd'] })).toEqual([]);
  expect(shippedTables({ info, caps: { ...caps, subgroupSize: 2 }, allow: [] })).toEqual([]);
});
