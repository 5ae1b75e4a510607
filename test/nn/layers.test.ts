import { describe, expect, it } from 'vitest';
import {
  Activation,
  AvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dense,
  Dropout,
  Flatten,
  GlobalAvgPool,
  type Layer,
  layerFromJSON,
  MaxPool2d,
  Residual,
  Sequential,
} from '../../src/nn/index.ts';
import { ShapeError, ValueError } from '../../src/platform/errors.ts';
import { onReference } from '../support/build.ts';

/** Shape of the output, parameters, state, FLOPs and field of a layer for an input. */
function figures(layer: Layer, input: number[]) {
  using model = onReference(layer, input);
  const { parameters, state, flops, layers } = model.describe();
  const field = layers[layers.length - 1]!.receptiveField;
  return { shape: model.outputShape, parameters, state, flops, field };
}

const seq = (...layers: Layer[]) => new Sequential({ layers });

describe('layers know their shapes and costs', () => {
  it.each<[string, Layer, number[], ReturnType<typeof figures>]>([
    [
      'dense',
      new Dense({ units: 5, activation: 'relu' }),
      [7],
      { shape: [5], parameters: 40, state: 0, flops: 80, field: 'all' },
    ],
    [
      'dense without bias',
      new Dense({ units: 5, bias: false }),
      [7],
      { shape: [5], parameters: 35, state: 0, flops: 70, field: 'all' },
    ],
    [
      'conv2d',
      new Conv2d({ filters: 8, kernelSize: [3, 5], stride: [2, 1], dilation: [1, 2], padding: 'same' }),
      [9, 10, 2],
      { shape: [5, 10, 8], parameters: 248, state: 0, flops: 400 * 61, field: '3 x 9' },
    ],
    [
      'conv2d, valid',
      new Conv2d({ filters: 4, kernelSize: 3, bias: false }),
      [5, 5, 1],
      { shape: [3, 3, 4], parameters: 36, state: 0, flops: 648, field: '3 x 3' },
    ],
    [
      'maxPool2d',
      new MaxPool2d({ window: 2 }),
      [7, 7, 3],
      { shape: [3, 3, 3], parameters: 0, state: 0, flops: 108, field: '2 x 2' },
    ],
    [
      'avgPool2d',
      new AvgPool2d({ window: 3, stride: 2, padding: 'same' }),
      [7, 7, 3],
      { shape: [4, 4, 3], parameters: 0, state: 0, flops: 432, field: '3 x 3' },
    ],
    ['globalAvgPool', new GlobalAvgPool(), [3, 4, 5], { shape: [5], parameters: 0, state: 0, flops: 60, field: 'all' }],
    [
      'batchNorm2d',
      new BatchNorm2d(),
      [3, 4, 5],
      { shape: [3, 4, 5], parameters: 10, state: 10, flops: 120, field: '1 x 1' },
    ],
    [
      'batchNorm2d of features',
      new BatchNorm2d(),
      [5],
      { shape: [5], parameters: 10, state: 10, flops: 10, field: '1 x 1' },
    ],
    ['dropout', new Dropout({ rate: 0.5 }), [6], { shape: [6], parameters: 0, state: 0, flops: 0, field: '1 x 1' }],
    ['flatten', new Flatten(), [3, 4, 5], { shape: [60], parameters: 0, state: 0, flops: 0, field: '1 x 1' }],
    [
      'activation',
      new Activation({ activation: 'gelu' }),
      [3, 2],
      { shape: [3, 2], parameters: 0, state: 0, flops: 6, field: '1 x 1' },
    ],
    [
      'two convolutions and a pooling',
      seq(
        new Conv2d({ filters: 2, kernelSize: 3 }),
        new MaxPool2d({ window: 2 }),
        new Conv2d({ filters: 2, kernelSize: 3 }),
      ),
      [12, 12, 1],
      // 3, then 4 behind the pooling, then two taps more in steps of two.
      { shape: [3, 3, 2], parameters: 20 + 38, state: 0, flops: 200 * 19 + 200 + 18 * 37, field: '8 x 8' },
    ],
  ])('%s', (_, layer, input, expected) => {
    expect(figures(layer, input)).toEqual(expected);
  });
});

describe('layers refuse what cannot be, by name', () => {
  it.each<[string, Layer, number[], string]>([
    [
      'a dense layer on a picture',
      seq(new Dense({ name: 'head', units: 3 })),
      [4, 4, 1],
      "dense 'head': input is [4, 4, 1], expected [features]; put a Flatten",
    ],
    [
      'a convolution of features',
      seq(new Conv2d({ name: 'conv1', filters: 3, kernelSize: 3 })),
      [16],
      "conv2d 'conv1': input is [16], expected [height, width, channels]",
    ],
    [
      'a kernel that does not fit',
      seq(new Conv2d({ name: 'conv1', filters: 3, kernelSize: 3, dilation: 2 })),
      [4, 9, 1],
      "conv2d 'conv1': a kernel that spans 5x5 does not fit into 4x9; use padding 'same'",
    ],
    [
      'a window that does not fit',
      seq(new MaxPool2d({ window: 2 }), new MaxPool2d({ name: 'pool2', window: 2 })),
      [3, 3, 1],
      "maxPool2d 'pool2': a window of 2x2 does not fit into 1x1",
    ],
    ['no filters', new Conv2d({ filters: 0, kernelSize: 3 }), [4, 4, 1], 'conv2d: filters is 0; it must be a whole'],
    ['half a stride', new Conv2d({ filters: 1, kernelSize: 3, stride: 0.5 }), [4, 4, 1], 'conv2d: stride is 0.5'],
    ['a rate of 1', seq(new Dropout({ rate: 1 })), [4], "dropout 'dropout_1': rate is 1"],
    ['an epsilon of 0', new BatchNorm2d({ epsilon: 0 }), [4], 'batchNorm2d: epsilon is 0'],
    [
      'an unknown activation',
      new Activation({ activation: 'toString' as 'relu' }),
      [4],
      "activation: there is no activation 'toString'; there are linear, relu",
    ],
    [
      'branches of different shapes',
      seq(new Residual({ name: 'block1', body: new Conv2d({ filters: 3, kernelSize: 3, padding: 'same' }) })),
      [4, 4, 1],
      "residual 'block1': the body gives [4, 4, 3], the shortcut [4, 4, 1]; give it a shortcut",
    ],
  ])('%s', (_, layer, input, message) => {
    const build = () => onReference(layer, input);
    expect(build).toThrow(ShapeError);
    expect(build).toThrow(message);
  });

  it('two layers of one name, and names that are paths', () => {
    const a = new Flatten({ name: 'a' });
    expect(() => onReference(seq(seq(a, a)), [4])).toThrow(
      "flatten 'sequential_1.a': another layer beside it has this name",
    );
    expect(() => onReference(seq(new Flatten({ name: 'a.b' })), [4])).toThrow(ValueError);
  });
});

describe('names and places', () => {
  it('come from the layer or from type and number', () => {
    const block = seq(new Dense({ units: 2 }), new Dense({ units: 2 }), new Dense({ name: 'out', units: 2 }));
    using model = onReference(seq(block, new Residual({ name: 'around', body: new Dense({ units: 2 }) })), [3]);
    expect(model.layerNames).toEqual([
      'sequential_1',
      'sequential_1.dense_1',
      'sequential_1.dense_2',
      'sequential_1.out',
      'around',
      'around.body',
    ]);
    expect(model.parameters.segments.map(({ name, decay }) => `${name} ${decay}`)).toEqual([
      'sequential_1.dense_1.kernel true',
      'sequential_1.dense_1.bias false',
      'sequential_1.dense_2.kernel true',
      'sequential_1.dense_2.bias false',
      'sequential_1.out.kernel true',
      'sequential_1.out.bias false',
      'around.body.kernel true',
      'around.body.bias false',
    ]);
  });
});

describe('configurations', () => {
  it('are plain JSON from which the same layers come back', () => {
    const layer = seq(
      new Conv2d({ name: 'c', filters: 4, kernelSize: [3, 3], padding: 'same', activation: 'silu' }),
      new Residual({
        body: seq(new Conv2d({ filters: 6, kernelSize: 1 }), new BatchNorm2d({ momentum: 0.9 })),
        shortcut: new Conv2d({ filters: 6, kernelSize: 1 }),
        activation: 'relu',
      }),
      new MaxPool2d({ window: 2 }),
      new AvgPool2d({ window: 1 }),
      new Dropout({ rate: 0.1 }),
      new Activation({ activation: 'tanh' }),
      new GlobalAvgPool({ name: 'g' }),
      new Flatten(),
      new Dense({ units: 3, initializer: 'heNormal' }),
    );
    const config = JSON.parse(JSON.stringify(layer));
    const back = layerFromJSON(config);
    expect(back.toJSON()).toEqual(config);
    using one = onReference(layer, [6, 6, 1]);
    using two = onReference(back, [6, 6, 1]);
    expect(two.describe()).toEqual(one.describe());
  });

  it('name a kind of layer that does not exist', () => {
    expect(() => layerFromJSON({ type: 'lstm' })).toThrow(
      "architecture: there is no layer 'lstm'; there are activation",
    );
    expect(() => layerFromJSON({ type: 'constructor' })).toThrow(ValueError);
    expect(() => layerFromJSON(null)).toThrow(ValueError);
    expect(() => layerFromJSON({ type: 'sequential', layers: [{ type: 'conv3d' }] })).toThrow("no layer 'conv3d'");
  });

  it('take kinds of layers of one’s own', () => {
    class Mine extends Flatten {}
    expect(layerFromJSON({ type: 'mine' }, { mine: Mine })).toBeInstanceOf(Mine);
  });
});
