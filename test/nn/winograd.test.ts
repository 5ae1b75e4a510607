import { describe, expect, it } from 'vitest';
import type { VariantTable } from '../../src/kernels/choose.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { Conv2d, Dense, Flatten, MaxPool2d, Model, Sequential } from '../../src/nn/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { GpuBackend } from '../../src/tensor/gpu-backend.ts';
import { softmaxCrossEntropy } from '../../src/tensor/ops/index.ts';
import { gpuEngine } from '../support/engine.ts';

const net = () =>
  new Sequential({
    layers: [
      new Conv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new Conv2d({ filters: 40, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new MaxPool2d({ window: 2 }),
      new Conv2d({ filters: 64, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new Conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
      new Flatten({}),
      new Dense({ units: 4 }),
    ],
  });

/** Logits and gradients of one network on the same images, by these variants. */
async function compute(table: VariantTable) {
  const { device } = (await gpuEngine()).gpu;
  const engine = new Engine(new GpuBackend(device, { table, allow: ['winograd'] }));
  using model = new Model(engine, net(), { name: 'net', inputShape: [16, 16, 3], seed: 2 });
  return await engine.scope(async () => {
    const x = engine.tensor(new Sampler(1).normals(4 * 16 * 16 * 3), [4, 16, 16, 3]);
    const labels = engine.tensor([0, 1, 2, 3], [4], 'u32');
    const logits = model.forward(x);
    model.parameters.backward(softmaxCrossEntropy(logits, labels).loss);
    const gradients = model.parameters.segments.map(
      async ({ name }) => [name, await model.parameters.gradient(name).data()] as const,
    );
    const byName = Object.fromEntries(await Promise.all(gradients));
    const values: Record<string, ArrayLike<number>> = { logits: await logits.data(), ...byName };
    return { values, table: engine.gpu.chooser.table };
  });
}

/** Largest error of a value, of the largest value. */
function apart(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return most(Array.from(actual, (value, i) => value - expected[i]!)) / most(Array.from(expected));
}

/** Calls of 3x3 convolutions of many channels, all by one variant, whatever would be chosen. */
function tableOf(calls: readonly string[], variant: string): VariantTable {
  const many = (call: string) =>
    ['cin', 'cout'].every(name => Number(new RegExp(` ${name}=(\\d+)`).exec(call)![1]) >= 8);
  const chosen = calls.filter(call => /^conv2d(_input_grad)? .* kh=3 kw=3 /.test(call) && many(call));
  return Object.fromEntries(chosen.map(call => [call, variant]));
}

describe('a network that may use Winograd', () => {
  it.each(['winograd_2x2', 'winograd_4x4'])(
    'computes by %s what it computes without, within the error',
    async variant => {
      const calls = Object.keys((await compute({})).table);
      const direct = await compute(tableOf(calls, 'plain'));
      const table = tableOf(calls, variant);
      // Three layers, forward and backward.
      expect(Object.keys(table)).toHaveLength(6);
      const allowed = await compute(table);
      expect(Object.keys(allowed.values)).toHaveLength(11);
      for (const [name, values] of Object.entries(allowed.values)) {
        // Three layers one after another, each within 8e-6 of its largest value (docs/kernels.md).
        expect(apart(values, direct.values[name]!), name).toBeLessThan(3e-5);
      }
      // The two did not take the same way.
      expect(allowed.values.logits).not.toEqual(direct.values.logits);
    },
  );
});
