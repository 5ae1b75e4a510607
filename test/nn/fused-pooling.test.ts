import { describe, expect, it } from 'vitest';
import { Conv2d, type Layer, layerFromJSON, MaxPool2d, Sequential } from '../../src/nn/index.ts';
import { gradients } from '../../src/tensor/autograd.ts';
import { sum } from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { onReference } from '../support/build.ts';

const INPUT = [6, 7, 2];
const network = (fused: boolean, dropout?: number): Layer =>
  new Sequential({
    layers: [
      new Conv2d({ name: 'conv1', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
      new MaxPool2d({ name: 'pool1', window: 2, ...(dropout && { dropout }), ...(fused && { fused }) }),
      new Conv2d({ name: 'conv2', filters: 3, kernelSize: 2 }),
    ],
  });

/** Output and gradients of the parameters for one batch, and what was run for it. */
async function evaluate(layer: Layer, training: boolean) {
  using model = onReference(layer, INPUT);
  const { engine } = model;
  const ran: string[] = [];
  const record = engine.record.bind(engine);
  engine.record = (op, ...rest) => {
    ran.push(op);
    return record(op, ...rest);
  };
  const values = Float64Array.from({ length: 2 * 6 * 7 * 2 }, (_, i) => Math.sin(i * 1.7));
  const x = engine.tensor(values, [2, ...INPUT], 'f32', 'x').watch();
  const output = model.forward(x, { training });
  const loss: Tensor = sum(output);
  const [dx] = gradients(loss, [x]);
  return { output: await output.data(), dx: await dx!.data(), ran };
}

describe('a pooling that is fused with the convolution before it', () => {
  for (const training of [false, true]) {
    it(`gives the same values and gradients, ${training ? 'with' : 'without'} dropout`, async () => {
      const fused = await evaluate(network(true, 0.5), training);
      const apart = await evaluate(network(false, 0.5), training);
      expect(fused.ran.slice(0, 2)).toEqual(['conv2dMaxPool', 'conv2d']);
      expect(apart.ran.slice(0, 3)).toEqual(['conv2d', 'maxPool2d', 'conv2d']);
      expect(fused.output).toEqual(apart.output);
      expect(fused.dx).toEqual(apart.dx);
      expect(fused.dx.some(value => value !== 0)).toBe(true);
    });
  }

  it('keeps where the maxima were only when a gradient may ask', () => {
    using model = onReference(network(true), INPUT);
    const { engine } = model;
    const kept: unknown[] = [];
    const run = engine.run.bind(engine);
    engine.run = (spec, p, ...rest) => {
      const outputs = run(spec, p, ...rest);
      if (spec.name === 'conv2d_max_pool') kept.push(outputs.taps?.shape);
      return outputs;
    };
    const x = engine.tensor(new Float64Array(6 * 7 * 2).fill(1), [1, ...INPUT], 'f32', 'x');
    model.forward(x);
    engine.noGrad(() => model.forward(x));
    // A byte for each of 3 x 3 x 4 values, up to where the next image may start.
    expect(kept).toEqual([[1, 64], undefined]);
  });

  it('changes no names, parameters or figures, and survives JSON', () => {
    using fused = onReference(layerFromJSON(JSON.parse(JSON.stringify(network(true)))), INPUT);
    using apart = onReference(network(false), INPUT);
    expect(fused.layerNames).toEqual(apart.layerNames);
    expect(fused.describe()).toEqual(apart.describe());
    expect(JSON.stringify(fused)).toContain('"fused":true');
  });

  it('still shows the map between the two to whoever captures it', async () => {
    using model = onReference(network(true), INPUT);
    const x = model.engine.tensor(new Float64Array(6 * 7 * 2).fill(1), [1, ...INPUT], 'f32', 'x');
    const { captured } = model.forward(x, { capture: ['conv1', 'pool1'] });
    expect(captured.conv1!.shape).toEqual([1, 6, 7, 4]);
    expect(captured.pool1!.shape).toEqual([1, 3, 3, 4]);
  });

  it('must stand behind a convolution that it can be fused with', () => {
    const behind = (activation: 'gelu' | 'relu') =>
      new Sequential({
        layers: [
          new Conv2d({ name: 'conv1', filters: 4, kernelSize: 3, activation }),
          new MaxPool2d({ name: 'pool1', window: 2, fused: true }),
        ],
      });
    expect(() => onReference(behind('gelu'), INPUT)).toThrow(/'pool1' is fused, but no conv2d with ReLU/);
    expect(() => onReference(behind('relu'), INPUT)).not.toThrow();
  });
});
