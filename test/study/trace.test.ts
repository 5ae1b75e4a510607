import { describe, expect, it } from 'vitest';
import { Conv2d, Dense, Flatten, type Model, Sequential } from '../../src/nn/index.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { type HostArray, logit, loss, type Objective, trace, traceTensors } from '../../src/study/index.ts';
import { compile } from '../../src/tensor/compile.ts';
import { neg, sum } from '../../src/tensor/ops/index.ts';
import { onReference } from '../support/build.ts';
import { gpuEngine } from '../support/engine.ts';
import { IMAGE, linearModel, network, networkOn, networks, pictures, weightsOf } from './models.ts';

const STEP = 1e-5;

/** A logit's slope along one input value, by central differences in float64. */
async function slope(model: Model, image: HostArray, at: number, k: number): Promise<number> {
  const value = async (by: number) => {
    const values = Float64Array.from(image.values);
    values[at]! += by;
    return (await trace(model, { ...image, values })).output.values[k]!;
  };
  return ((await value(STEP)) - (await value(-STEP))) / (2 * STEP);
}

describe('trace', () => {
  for (const kind of Object.keys(networks)) {
    it(`gives the gradient of a logit of the ${kind} that finite differences give`, async () => {
      using model = network(kind);
      const image = pictures(IMAGE);
      const { inputGradient } = await trace(model, image, { objective: logit(2) });
      expect(inputGradient!.shape).toEqual([1, ...IMAGE]);
      for (const at of [0, 9, 27, 36, 63]) {
        expect(inputGradient!.values[at]).toBeCloseTo(await slope(model, image, at, 2), 6);
      }
    });

    it(`gives output and gradient of every layer of the ${kind}`, async () => {
      using model = network(kind);
      const layers = model.layerNames;
      const { activations, gradients, output } = await trace(model, pictures([2, ...IMAGE]), {
        ...{ layers, objective: logit(1) },
      });
      for (const { name, outputShape } of model.describe().layers) {
        expect(activations[name]!.shape).toEqual([2, ...outputShape]);
        expect(gradients[name]!.shape).toEqual([2, ...outputShape]);
      }
      expect(activations.logits).toEqual(output);
      expect(Array.from(gradients.logits!.values)).toEqual([0, 1, 0, 0, 0, 1, 0, 0]);
    });
  }

  it('shows a map that is never stored when nobody looks, and its gradient', async () => {
    using model = network('cnn');
    const options = { layers: ['conv1', 'pool1'], objective: logit(0) };
    const { activations, gradients } = await trace(model, pictures(IMAGE), options);
    // The pooling hands each gradient to the largest value of its window.
    const whole = (values: Iterable<number>) => Array.from(values).reduce((a, b) => a + b, 0);
    expect(activations.conv1!.shape).toEqual([1, 8, 8, 5]);
    expect(gradients.conv1!.values.filter(value => value !== 0).length).toBeGreaterThan(0);
    expect(whole(gradients.conv1!.values)).toBeCloseTo(whole(gradients.pool1!.values), 10);
    const untold = await trace(model, pictures(IMAGE), { objective: logit(0) });
    const told = await trace(model, pictures(IMAGE), options);
    expect(told.inputGradient).toEqual(untold.inputGradient);
  });

  it('has the weights of a linear model as its gradient, for each image those of its class', async () => {
    using model = linearModel([3, 2, 1], 4);
    const { inputGradient } = await trace(model, pictures([2, 3, 2, 1]), { objective: logit([3, 0]) });
    const expected = [...(await weightsOf(model, 3)), ...(await weightsOf(model, 0))];
    expect(Array.from(inputGradient!.values)).toEqual(expected);
  });

  it('adds up the loss over the images, so that each gets its own gradient', async () => {
    using model = network('cnn');
    const both = pictures([2, ...IMAGE]);
    const apart = [0, 1].map(i => ({ shape: IMAGE, values: both.values.slice(64 * i, 64 * i + 64) }));
    const together = await trace(model, both, { objective: loss([3, 1]) });
    const first = await trace(model, apart[0]!, { objective: loss(3) });
    const second = await trace(model, apart[1]!, { objective: loss(1) });
    expect(together.objective!.values[0]).toBeCloseTo(first.objective!.values[0]! + second.objective!.values[0]!, 12);
    const gradients = [...first.inputGradient!.values, ...second.inputGradient!.values];
    together.inputGradient!.values.forEach((value, i) => {
      expect(value).toBeCloseTo(gradients[i]!, 12);
    });
  });

  it('gives zeros for layers that the objective does not depend on, and stops where nobody asks further', async () => {
    using model = network('cnn');
    const objective: Objective = (_, layers) => sum(layers.conv1!);
    const options = { layers: ['conv1', 'logits'], objective, inputGradient: false };
    const { gradients, inputGradient } = await trace(model, pictures(IMAGE), options);
    expect(inputGradient).toBeUndefined();
    expect(new Set(gradients.conv1!.values)).toEqual(new Set([1]));
    expect(new Set(gradients.logits!.values)).toEqual(new Set([0]));
  });

  it('lets only positive gradients through a ReLU when guided', async () => {
    // x = 1, 1; hidden 1 = relu(2 + 1) with weight 1, hidden 2 = relu(1 + 3) with weight -1, hidden 3 = relu(-1) with weight 5.
    const hidden = new Dense({ name: 'hidden', units: 3, activation: 'relu' });
    const layer = new Sequential({ layers: [new Flatten(), hidden, new Dense({ name: 'logits', units: 1 })] });
    using model = onReference(layer, [2, 1, 1]);
    model.parameters.get('hidden.kernel').write([2, 1, -1, 1, 3, 0]);
    model.parameters.get('logits.kernel').write([1, -1, 5]);
    const image = { shape: [2, 1, 1], values: Float64Array.of(1, 1) };
    const plain = await trace(model, image, { objective: logit(0), layers: ['hidden'] });
    const guided = await trace(model, image, { objective: logit(0), layers: ['hidden'], reluRule: 'guided' });
    expect(Array.from(plain.inputGradient!.values)).toEqual([2 - 1, 1 - 3]);
    expect(Array.from(guided.inputGradient!.values)).toEqual([2, 1]);
    // What arrives at a layer is told as it arrives.
    expect(Array.from(guided.gradients.hidden!.values)).toEqual([1, -1, 5]);
  });

  it('guides through every kind of ReLU: in convolutions, norms, behind additions, as the last layer', async () => {
    for (const kind of Object.keys(networks)) {
      using model = network(kind);
      const image = pictures(IMAGE);
      const plain = await trace(model, image, { objective: logit(0) });
      const guided = await trace(model, image, { objective: logit(0), reluRule: 'guided' });
      expect(guided.inputGradient!.values, kind).not.toEqual(plain.inputGradient!.values);
    }
    using one = onReference(new Conv2d({ filters: 2, kernelSize: 1, activation: 'relu' }), [1, 1, 1]);
    one.parameters.get('kernel').write([1, 2]);
    const options = { objective: (output => neg(sum(output))) as Objective };
    const image = pictures([1, 1, 1]);
    expect((await trace(one, image, options)).inputGradient!.values[0]).toBe(-3);
    expect((await trace(one, image, { ...options, reluRule: 'guided' })).inputGradient!.values[0]).toBe(0);
  });

  it('gives the same on a device, eager and compiled, and leaves nothing there', async () => {
    const engine = await gpuEngine();
    const image = pictures([2, ...IMAGE]);
    for (const kind of Object.keys(networks)) {
      using reference = network(kind);
      using model = networkOn(engine, kind);
      const options = { objective: logit(2), reluRule: 'guided' as const };
      const expected = await trace(reference, image, options);
      const before = engine.gpu.device.buffers.stats.live;
      const eager = await trace(model, image, options);
      expect(engine.gpu.device.buffers.stats.live).toBe(before);
      expected.inputGradient!.values.forEach((value, i) => {
        expect(eager.inputGradient!.values[i], kind).toBeCloseTo(value, 5);
      });
      const x = engine.tensor(image.values, image.shape);
      using step = await compile(engine, () => traceTensors(model, x, options));
      await step.run();
      expect(await step.result.inputGradient!.data()).toEqual(eager.inputGradient!.values);
      x.dispose();
    }
  });

  it('says what does not fit', async () => {
    using model = network('cnn');
    await expect(trace(model, pictures([7, 8, 1]))).rejects.toThrow(ShapeError);
    await expect(trace(model, pictures(IMAGE), { layers: ['conv9'] })).rejects.toThrow(/no layer 'conv9'; there are/);
    await expect(trace(model, pictures(IMAGE), { objective: logit(4) })).rejects.toThrow(ValueError);
    await expect(trace(model, pictures(IMAGE), { objective: logit([1, 2]) })).rejects.toThrow(/2 classes for 1 images/);
  });
});
