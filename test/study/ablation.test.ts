import { beforeAll, describe, expect, it } from 'vitest';
import { GpuDataset } from '../../src/data/gpu-dataset.ts';
import {
  BatchNorm2d,
  Conv2d,
  Dense,
  GlobalAvgPool,
  MaxPool2d,
  Model,
  Residual,
  Sequential,
} from '../../src/nn/index.ts';
import { InterruptedError, ValueError } from '../../src/platform/errors.ts';
import { ablateChannels } from '../../src/study/ablation.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { judge } from '../../src/train/evaluate.ts';
import { gpuEngine } from '../support/engine.ts';
import { TOY, toyImages } from '../train/toy.ts';

const images = toyImages(60);
let engine: Engine;
let data: GpuDataset;
beforeAll(async () => {
  engine = await gpuEngine();
  data = new GpuDataset(engine, images);
});

const inputShape = [TOY.size, TOY.size, 1];
const conv = (name: string) => new Conv2d({ name, filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' });

/** A convolution, a pooling, a residual block, and a dense layer. */
function network(seed = 3): Model {
  const body = new Sequential({ layers: [conv('inner'), new BatchNorm2d({ name: 'norm' })] });
  const layers = [
    conv('first'),
    new MaxPool2d({ name: 'pool', window: 2, fused: true }),
    new Residual({ name: 'block', body, activation: 'relu' }),
    new GlobalAvgPool({ name: 'mean' }),
    new Dense({ name: 'logits', units: TOY.classes }),
  ];
  return new Model(engine, new Sequential({ layers }), { inputShape, seed });
}

/** The accuracy with the output of a layer changed on the host. */
async function withOutput(model: Model, layer: string, change: (values: number[], channel: number) => number) {
  const x = engine.tensor(
    Float32Array.from(images.images, byte => byte / 255),
    [60, ...inputShape],
  );
  const width = model.findLayer(layer).output.at(-1)!;
  const { captured } = model.forward(x, { capture: [layer] });
  const values = await captured[layer]!.data();
  const channels = Array.from({ length: width }, (_, c) => Array.from(values.filter((_, i) => i % width === c)));
  const changed = Float32Array.from(values, (value, i) => {
    const column = channels[i % width]!;
    return Number.isNaN(change(column, i % width)) ? value : change(column, i % width);
  });
  const output = model.forward(x, {
    capture: [],
    replace: { [layer]: y => engine.tensor(changed, y.shape) },
  }).output;
  return judge(Float32Array.from(await output.data()), images.labels, TOY.classes);
}

describe('channel ablation', () => {
  it.each(['first', 'pool', 'block', 'block.body.inner', 'block.body.norm', 'mean'])(
    'of %s costs what the network costs with that channel changed by hand',
    async layer => {
      using model = network();
      const found = await ablateChannels(model, layer, data, { directions: 2 });
      const whole = await withOutput(model, layer, () => Number.NaN);
      expect(found.accuracy).toBe(whole.accuracy);
      expect(found.loss).toBeCloseTo(whole.loss, 5);
      expect(found.channels).toHaveLength(4);
      for (const channel of [0, 3]) {
        const zero = await withOutput(model, layer, (_, c) => (c === channel ? 0 : Number.NaN));
        expect(found.channels[channel]!.zero.loss).toBeCloseTo(zero.loss - whole.loss, 5);
        expect(found.channels[channel]!.zero.accuracy).toBeCloseTo(whole.accuracy - zero.accuracy, 9);
        const meanOf = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
        const mean = await withOutput(model, layer, (values, c) => (c === channel ? meanOf(values) : Number.NaN));
        expect(found.channels[channel]!.mean.loss).toBeCloseTo(mean.loss - whole.loss, 5);
      }
      expect(found.directions).toHaveLength(2);
    },
  );

  it('of a channel that nobody reads costs nothing, exactly', async () => {
    using model = network();
    const kernel = model.parameters.get('logits.kernel');
    const values = await kernel.data();
    // The last layer does not look at channel 2.
    kernel.write(values.map((value, i) => (Math.floor(i / TOY.classes) === 2 ? 0 : value)));
    const { channels } = await ablateChannels(model, 'mean', data);
    expect(channels[2]!.zero).toEqual({ accuracy: 0, error: 0, loss: 0, classes: [0, 0, 0, 0] });
    expect(channels[2]!.mean.loss).toBe(0);
    expect(channels.some(({ zero }) => zero.loss !== 0)).toBe(true);
  });

  it('adds up over the classes, and knows how sure it is', async () => {
    using model = network(5);
    const { channels, directions } = await ablateChannels(model, 'first', data, { channels: [1, 2] });
    expect(channels.map(({ channel }) => channel)).toEqual([1, 2]);
    expect(directions).toHaveLength(8);
    for (const { zero, mean } of [...channels, ...directions]) {
      for (const { accuracy, classes, error } of [zero, mean]) {
        expect(classes.reduce((a, b) => a + b) / 4).toBeCloseTo(accuracy, 9);
        expect(error).toBeGreaterThanOrEqual(0);
        expect(error).toBeLessThan(0.1);
      }
    }
  });

  it('refuses what does not exist, and can be interrupted', async () => {
    using model = network();
    await expect(ablateChannels(model, 'conv7', data)).rejects.toThrow(/no layer 'conv7'/);
    await expect(ablateChannels(model, 'first', data, { channels: [4] })).rejects.toThrow(ValueError);
    await expect(ablateChannels(model, 'first', data, { signal: AbortSignal.abort() })).rejects.toThrow(
      InterruptedError,
    );
  });
});
