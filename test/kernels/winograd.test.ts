import { describe, expect, it, onTestFinished } from 'vitest';
import { BARE_CAPABILITIES, type Capabilities } from '../../src/gpu/capabilities.ts';
import { VariantChooser } from '../../src/kernels/choose.ts';
import { type Conv2dParams, conv2dKernel } from '../../src/kernels/conv2d.ts';
import { conv2dInputGradKernel } from '../../src/kernels/conv2d-input-grad.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { DEFAULT_STEP, type KernelSpec } from '../../src/kernels/spec.ts';
import { makeTrial, tryVariant } from '../../src/tensor/prove.ts';
import { gpuEngine } from '../support/engine.ts';

const ones = { strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 };
const layer = (n: number, size: number, cin: number, cout: number): Conv2dParams => ({
  ...{ n, h: size, w: size, cin, oh: size, ow: size, cout, kh: 3, kw: 3, ...ones, padTop: 1, padLeft: 1 },
  ...{ bias: 1, relu: 1 },
});
const winograd = conv2dKernel.variants.filter(({ trades }) => trades === 'winograd');

/** Plans a call as for other capabilities, runs it here and compares it with the reference. */
async function run(name: string, p: Conv2dParams, caps: Partial<Capabilities>) {
  const engine = await gpuEngine();
  onTestFinished(() => engine.setStep(DEFAULT_STEP));
  const variant = winograd.find(one => one.name === name)!;
  const others = { ...engine.caps, ...caps };
  expect(variant.supports(p, others)).toBe(true);
  const plan = variant.plan(p, others);
  const spec = conv2dKernel as unknown as KernelSpec;
  const planned = { ...variant, plan: () => plan } as unknown as (typeof spec.variants)[number];
  const trial = await makeTrial(engine, spec, p, new Sampler(5));
  const { failure } = await tryVariant(engine, spec, planned, trial);
  return { failure, shaders: plan.dispatches.map(({ shader }) => shader), scratch: plan.scratch! };
}

describe.each(winograd.map(({ name }) => name))('%s', name => {
  it('adds up what one window into the transformed kernel does not hold', async () => {
    for (const [cin, cout] of [
      [600, 32],
      [300, 64],
    ]) {
      const { failure, shaders } = await run(name, layer(1, 5, cin!, cout!), {});
      expect(failure).toBeUndefined();
      const strips = shaders.filter(shader => shader === 'winograd/product_strip').length;
      // On an adapter with subgroups of 8; others take windows of other sizes, or tiles.
      if ((await gpuEngine()).caps.subgroupSize === 8) expect(strips).toBe(2 * (name.endsWith('2x2') ? 16 : 36));
    }
  });

  it('takes images in parts where scratch memory is short, the last part smaller', async () => {
    const p = layer(5, 16, 16, 16);
    for (const software of [true, false]) {
      const whole = await run(name, p, { software });
      const most = Math.max(whole.scratch.inputs!, whole.scratch.products!);
      const parts = await run(name, p, { software, maxBindingBytes: 0.7 * most });
      expect([whole.failure, parts.failure]).toEqual([undefined, undefined]);
      const inputs = (shaders: readonly unknown[]) => shaders.filter(shader => shader === 'winograd/input').length;
      expect(inputs(whole.shaders)).toBe(1);
      expect(inputs(parts.shaders)).toBeGreaterThan(1);
    }
  });

  it('multiplies through workgroup memory on a GPU', async () => {
    const { failure, shaders } = await run(name, layer(2, 9, 40, 72), { software: false });
    expect(failure).toBeUndefined();
    expect(shaders).toContain('winograd/product_tile');
  });
});

describe('choice of Winograd', () => {
  const lavapipe = { ...BARE_CAPABILITIES, software: true, subgroupSize: 8 };
  const large = layer(32, 28, 128, 128);

  it('needs to be allowed, and pays for many channels', () => {
    for (const caps of [lavapipe, { ...lavapipe, software: false }]) {
      const [without, allowed] = [new VariantChooser(caps), new VariantChooser(caps, {}, ['winograd'])];
      expect(without.choose(conv2dKernel, large).trades).toBeUndefined();
      expect(allowed.choose(conv2dKernel, large).trades).toBe('winograd');
      expect(allowed.choose(conv2dInputGradKernel, { ...large, mask: 0 }).trades).toBe('winograd');
      expect(allowed.choose(conv2dKernel, { ...large, cin: 1 }).trades).toBeUndefined();
      expect(allowed.choose(conv2dKernel, { ...large, strideH: 2, oh: 14 }).trades).toBeUndefined();
    }
  });
});
