import { describe, expect, it } from 'vitest';
import { networkOf } from '../../lab/network.ts';
import { describeNetwork } from '../../lab/worker/architecture.ts';
import { offers } from '../../lab/worker/recipes.ts';
import { Engine, Model, nn } from '../../src/index.ts';

const conv = { type: 'conv2d', filters: 8, kernelSize: 3 };
const describeLayers = (...layers: { type: string; [option: string]: unknown }[]) =>
  describeNetwork(networkOf('own', [28, 28, 1], layers), 10);

describe('a network in figures', () => {
  it('agrees with the model that is made of it, for every network that is offered', () => {
    using engine = Engine.reference();
    for (const { config } of offers) {
      using model = new Model(engine, nn.layerFromJSON(config.layer), { inputShape: config.inputShape });
      const { parameters, flops } = model.describe();
      const found = describeNetwork(config, 10);
      expect(found).toMatchObject({ parameters, flops, possible: true });
      expect(found.layers.at(-1)!.output).toEqual(model.outputShape);
    }
  });

  it('has shape, parameters, operations and receptive field of each layer', () => {
    const { layers } = describeLayers(conv, { type: 'flatten' }, { type: 'dense', units: 10 });
    expect(layers.map(({ output }) => output)).toEqual([[26, 26, 8], [26 * 26 * 8], [10]]);
    expect(layers[0]).toMatchObject({ name: 'conv2d_1', parameters: 80, sees: '3 x 3' });
    expect(layers[2]).toMatchObject({ parameters: 26 * 26 * 8 * 10 + 10, sees: 'all' });
  });

  it('says why a layer is impossible, and nothing of those behind it', () => {
    const { layers, possible } = describeLayers(conv, { type: 'dense', units: 10 }, { type: 'flatten' });
    expect(possible).toBe(false);
    expect(layers[0]!.problem).toBeUndefined();
    expect(layers[1]!.problem).toBe(
      "dense 'dense_1': input is [26, 26, 8], expected [features]; put a Flatten or GlobalAvgPool before it",
    );
    expect(layers[2]).toMatchObject({ output: undefined, parameters: 0 });
    expect(layers[2]!.problem).toBeUndefined();
  });

  it('refuses an output that cannot tell the classes apart, a layer that does not exist, and no layer at all', () => {
    const few = describeLayers({ type: 'flatten' }, { type: 'dense', units: 4 });
    expect(few.possible).toBe(false);
    expect(few.layers[1]!.problem).toMatch(/gives \[4\], and there are 10 classes to tell apart/);
    expect(describeLayers({ type: 'magic' }).layers[0]!.problem).toMatch(
      /there is no layer 'magic'; there are activation/,
    );
    expect(describeLayers().possible).toBe(false);
  });
});
