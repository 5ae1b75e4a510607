import { describe, expect, it } from 'vitest';
import { BARE_CAPABILITIES } from '../../src/gpu/capabilities.ts';
import { VariantChooser } from '../../src/kernels/choose.ts';
import { conv2dKernel } from '../../src/kernels/conv2d.ts';
import { conv2dInputGradKernel } from '../../src/kernels/conv2d-input-grad.ts';
import { conv2dKernelGradKernel } from '../../src/kernels/conv2d-kernel-grad.ts';
import { matmulKernel } from '../../src/kernels/matmul.ts';
import { KEEP_ALL, maxPool2dGradKernel } from '../../src/kernels/max-pool2d.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { sizeOf } from '../../src/kernels/spec.ts';
import { drawInputs } from '../../src/kernels/verify.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gpuEngine } from '../support/engine.ts';

const ones = { strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 };
const layer = { n: 128, h: 14, w: 14, cin: 32, oh: 14, ow: 14, cout: 64, kh: 3, kw: 3, ...ones, padTop: 1, padLeft: 1 };
const first = { ...layer, h: 28, w: 28, cin: 1, oh: 28, ow: 28, cout: 32 };
const pool = {
  n: 8,
  h: 28,
  w: 28,
  c: 32,
  oh: 14,
  ow: 14,
  kh: 2,
  kw: 2,
  strideH: 2,
  strideW: 2,
  padTop: 0,
  padLeft: 0,
  ...KEEP_ALL,
};
const product = { m: 128, n: 128, k: 1152, ta: 0, tb: 0, bias: 1, relu: 1, accumulate: 0 };

describe('choice of the kernels for software adapters', () => {
  const lavapipe = { ...BARE_CAPABILITIES, software: true, subgroupSize: 8 };
  const chosenBy = (caps: typeof lavapipe) => {
    const chooser = new VariantChooser(caps);
    return [
      chooser.choose(conv2dKernel, { ...layer, bias: 1, relu: 1 }).name,
      chooser.choose(conv2dKernel, { ...first, bias: 1, relu: 1 }).name,
      chooser.choose(conv2dInputGradKernel, { ...layer, mask: 0 }).name,
      chooser.choose(conv2dKernelGradKernel, { ...layer, mask: 0, db: 1, accumulate: 0 }).name,
      chooser.choose(conv2dKernelGradKernel, { ...first, mask: 0, db: 1, accumulate: 0 }).name,
      chooser.choose(matmulKernel, product).name,
      chooser.choose(maxPool2dGradKernel, { ...pool, mask: 0 }).name,
    ];
  };
  const ours = /^(strip_|stationary$|wide$|first_layer|product|grad_strip|rows$|quads$)/;

  it('takes them there', () => {
    for (const name of chosenBy(lavapipe)) expect(name).toMatch(ours);
  });

  it('does not take them on a GPU, whatever its subgroups', () => {
    for (const name of chosenBy({ ...lavapipe, software: false })) expect(name).not.toMatch(ours);
  });

  it('does without them where subgroups are missing', () => {
    for (const name of chosenBy({ ...lavapipe, subgroupSize: 0 }).slice(0, 6)) expect(name).not.toMatch(ours);
  });
});

describe('kernel gradients that add to what is there, as slices of a batch do', () => {
  // One that needs no second pass, and one that does: 8 input channels make few workgroups.
  const shapes = [
    { ...layer, n: 1, h: 4, w: 5, oh: 4, ow: 5, cin: 64, cout: 64 },
    { ...layer, n: 3, h: 4, w: 5, oh: 4, ow: 5, cin: 3, cout: 8 },
    { ...layer, n: 3, h: 2, w: 2, oh: 2, ow: 2, cin: 40, cout: 12, kh: 1, kw: 1, padTop: 0, padLeft: 0 },
  ];
  for (const variant of conv2dKernelGradKernel.variants) {
    it(variant.name, async () => {
      const engine = await gpuEngine();
      let tried = 0;
      for (const shape of shapes) {
        const p = { ...shape, mask: 0, db: 1, accumulate: 0 };
        if (!variant.supports(p, engine.caps)) continue;
        tried++;
        const inputs = drawInputs(conv2dKernelGradKernel as never, p, new Sampler(7));
        await engine.scope(async () => {
          const tensors: Record<string, Tensor> = {};
          for (const [name, { shape }] of Object.entries(conv2dKernelGradKernel.tensors)) {
            const dims = shape(p);
            if (dims) tensors[name] = engine.tensor(inputs[name] ?? new Array(sizeOf(dims)).fill(0), dims, 'f32', name);
          }
          const views = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.view]));
          const run = (accumulate: number) => {
            const q = { ...p, accumulate };
            engine.gpu.record(conv2dKernelGradKernel, q, variant.name, variant.plan(q, engine.caps), views);
            return Promise.all([tensors.dkernel!.data(), tensors.db!.data()]);
          };
          const once = await run(0);
          const twice = await run(1);
          expect(once[0].some(value => value !== 0)).toBe(true);
          // Doubling is exact.
          for (const [i, values] of once.entries()) {
            expect([...twice[i]!]).toEqual([...values].map(value => 2 * value));
          }
        });
      }
      expect(tried).toBeGreaterThan(0);
    });
  }
});
