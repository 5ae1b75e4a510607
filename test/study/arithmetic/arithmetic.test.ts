import { describe, expect, it } from 'vitest';
import { Sampler } from '../../../src/kernels/sampler.ts';
import { sizeOf } from '../../../src/kernels/spec.ts';
import { findModel } from '../../../src/models/index.ts';
import { vgg16Layers } from '../../../src/models/vgg16.ts';
import {
  Activation,
  AvgPool2d,
  Conv2d,
  Dense,
  Dropout,
  Flatten,
  type Layer,
  MaxPool2d,
  Model,
  Sequential,
  walk,
} from '../../../src/nn/index.ts';
import { ShapeError, ValueError } from '../../../src/platform/errors.ts';
import {
  coordinatesOf,
  explainBatchNormGradient,
  explainGradient,
  explainLoss,
  explainOutput,
  explainSoftmax,
  explainSoftmaxGradient,
  type LayerArithmeticOptions,
  layerArithmetic,
  placedLayers,
  placeOf,
} from '../../../src/study/arithmetic/index.ts';
import type { HostArray } from '../../../src/study/arrays.ts';
import { gradients } from '../../../src/tensor/autograd.ts';
import { Engine } from '../../../src/tensor/engine.ts';
import { batchNorm2d, logSoftmax, mul, softmax, softmaxCrossEntropy, sum } from '../../../src/tensor/ops/index.ts';
import { gpuEngine } from '../../support/engine.ts';

/** A picture of normal numbers, and what the engine makes of it: every layer's output and its gradient of a loss. */
async function look(
  engine: Engine,
  build: () => Layer,
  inputShape: readonly number[],
  options: { training?: boolean } = {},
) {
  const model = new Model(engine, build(), { inputShape, seed: 5 });
  // Statistics and biases at which nothing cancels by being 0 or 1.
  const random = new Sampler(3);
  for (const { name, size } of [...model.parameters.segments, ...model.parameters.stateSegments]) {
    if (/kernel$/.test(name)) continue;
    model.parameters.get(name).write(Float32Array.from({ length: size }, () => random.uniform(0.3, 1.2)));
  }
  const values = Float32Array.from({ length: sizeOf(inputShape) }, () => random.normal());
  const { layerNames: names } = model;
  engine.setStep({ seed: 11, step: 3, rows: 0 });
  const { result, made } = engine.collect(() => {
    const x = engine.tensor(values, [1, ...inputShape]).watch();
    const { output, captured } = model.forward(x, { capture: names, training: options.training ?? false });
    const loss = sum(
      mul(
        logSoftmax(output),
        engine.tensor(
          Float32Array.from({ length: output.size }, () => random.normal()),
          output.shape,
        ),
      ),
    );
    const tensors = [x, ...names.map(name => captured[name]!)];
    return { tensors, found: gradients(loss, tensors) };
  });
  const read = async (tensor: (typeof result.tensors)[number] | undefined) =>
    tensor && { shape: tensor.shape.slice(1), values: await tensor.data() };
  const outputs = new Map<string, HostArray>();
  const slopes = new Map<string, HostArray>();
  for (const [i, name] of ['', ...names].entries()) {
    outputs.set(name, (await read(result.tensors[i]))!);
    slopes.set(name, (await read(result.found[i]))!);
  }
  const parameters = await model.parameters.read();
  for (const tensor of made) tensor.dispose();
  return { model, outputs, slopes, parameters };
}

type Looked = Awaited<ReturnType<typeof look>>;

/**
 * The largest difference between the arithmetic and the engine, in multiples of what rounding of float32 sums of these
 * terms may come to; over some places of every layer that is a sum.
 */
function compare({ model, outputs, slopes, parameters }: Looked, options: LayerArithmeticOptions = {}, places = 12) {
  const random = new Sampler(9);
  const compared = new Set<string>();
  let [forward, backward] = [0, 0];
  // How often each output is used: a value that goes two ways gets gradients from both.
  const users = new Map<string, number>();
  const placed = placedLayers(model);
  const inner = [...placed].filter(([name, { layer }]) => name !== '' && layer.type !== 'sequential');
  for (const [, { sources }] of inner)
    for (const name of sources) users.set(alias(placed, name), (users.get(alias(placed, name)) ?? 0) + 1);
  for (const [name, { layer, sources }] of inner) {
    const arithmetic = layerArithmetic(model, name, parameters, options);
    const inputs = sources.map(source => outputs.get(source)!);
    const output = outputs.get(name)!;
    const gradient = slopes.get(name)!;
    for (let i = 0; i < places; i++) {
      const at = random.int(0, sizeOf(output.shape) - 1);
      const { terms, bias, result, factor } = explainOutput(arithmetic, inputs, coordinatesOf(output.shape, at));
      const size = terms.reduce((total, { product }) => total + Math.abs(product), Math.abs(bias));
      forward = Math.max(forward, errorOf(result, output.values[at]!, size * Math.max(1, factor), terms.length));
    }
    for (const [input, source] of sources.entries()) {
      if (users.get(alias(placed, source)) !== 1) continue;
      const expected = slopes.get(source)!;
      for (let i = 0; i < places; i++) {
        const at = random.int(0, sizeOf(expected.shape) - 1);
        const { terms, sum: found } = explainGradient(
          arithmetic,
          { inputs, gradient, output },
          coordinatesOf(expected.shape, at),
          input,
        );
        const size = terms.reduce((total, { product }) => total + Math.abs(product), 0);
        backward = Math.max(backward, errorOf(found, expected.values[at]!, size, terms.length));
      }
      compared.add(layer.type);
    }
  }
  return { forward, backward, types: [...compared].sort() };
}

/** A container stands for its last layer. */
function alias(placed: ReturnType<typeof placedLayers>, name: string): string {
  const found = placed.get(name);
  return found?.layer.type === 'sequential' && name !== '' ? alias(placed, found.built.children.at(-1)!.name) : name;
}

const errorOf = (found: number, expected: number, size: number, terms: number) =>
  Math.abs(found - expected) / (2 ** -24 * Math.sqrt(terms + 4) * size + 1e-30);

/** One of everything that the models below do not have. */
const odds = () =>
  new Sequential({
    layers: [
      new Conv2d({
        filters: 4,
        kernelSize: [3, 2],
        stride: [2, 1],
        dilation: [1, 2],
        padding: 'same',
        activation: 'gelu',
      }),
      new AvgPool2d({ window: 3, stride: 2, padding: 'same' }),
      new Activation({ activation: 'leakyRelu' }),
      new Conv2d({ filters: 3, kernelSize: 2, stride: 2, activation: 'tanh', bias: false }),
      new MaxPool2d({ window: 2, stride: 1, padding: 'same', dropout: 0.3 }),
      new Dropout({ rate: 0.5 }),
      new Flatten({}),
      new Dense({ units: 9, activation: 'relu', dropout: 0.4 }),
      new Activation({ activation: 'silu' }),
      new Dense({ units: 7, activation: 'sigmoid' }),
      new Dense({ units: 4 }),
    ],
  });

const recipe = (name: string) => () => findModel(name).build();

const NETS = [
  ['mlp', recipe('mlp'), [9, 9, 1]],
  ['cnn', recipe('cnn'), [12, 12, 1]],
  ['cnn-best', recipe('cnn-best'), [12, 12, 1]],
  ['resnet20', recipe('resnet20'), [8, 8, 1]],
  ['vgg16', () => vgg16Layers({ cut: 3, head: 'norm-dense', units: 8 }), [8, 8, 3]],
  ['one of everything', odds, [11, 10, 2]],
] as const;

describe('the arithmetic of layers', () => {
  it.each(NETS)('%s: is that of the reference engine, forwards and backwards', async (_, build, inputShape) => {
    using engine = Engine.reference();
    const looked = await look(engine, build, inputShape);
    const { forward, backward, types } = compare(looked, {}, 5);
    // In float64 what is left is the rounding of float64.
    expect(forward).toBeLessThan(1e-6);
    expect(backward).toBeLessThan(1e-6);
    const all = new Set(
      walk(looked.model.root)
        .map(({ type }) => type)
        .filter(type => type !== 'sequential'),
    );
    expect(types).toEqual([...all].sort());
  });

  it.each(NETS)('%s: is that of the GPU up to rounding', async (_, build, inputShape) => {
    const looked = await look(await gpuEngine(), build, inputShape);
    using _model = looked.model;
    const { forward, backward } = compare(looked);
    expect(forward).toBeLessThan(8);
    expect(backward).toBeLessThan(8);
  });

  it('drops what training drops', async () => {
    using engine = Engine.reference();
    const looked = await look(engine, odds, [11, 10, 2], { training: true });
    const training = { seed: 11, step: 3, row: 0 };
    const { forward, backward } = compare(looked, { training });
    // The scale of a dropout is a float32, as the device gets it.
    expect(forward).toBeLessThan(1);
    expect(backward).toBeLessThan(1);
    // Without it the sums are others.
    expect(compare(looked).forward).toBeGreaterThan(1);
  });
});

describe('explainOutput and explainGradient', () => {
  const layer = () =>
    new Sequential({
      layers: [
        new Conv2d({ name: 'conv', filters: 2, kernelSize: 3, padding: 'same', activation: 'relu' }),
        new MaxPool2d({ name: 'pool', window: 2 }),
      ],
    });

  it('write a convolution and a pooling out', async () => {
    using engine = Engine.reference();
    const { model, outputs, slopes, parameters } = await look(engine, layer, [4, 4, 3]);
    const corner = explainOutput(layerArithmetic(model, 'conv', parameters), [outputs.get('')!], [0, 3, 1]);
    // Four of nine pixels lie in the picture, the window reaches beyond it.
    expect(corner.terms).toHaveLength(4 * 3);
    expect(corner.window).toEqual({ rows: [-1, 0, 1], columns: [2, 3, 4] });
    const kernel = parameters.get('conv.kernel')!;
    const [first] = corner.terms;
    expect(first!.at).toEqual([0, 2, 0]);
    expect(first!.weight).toBe(kernel.data[placeOf(kernel.shape, [1, 0, 0, 1])]);
    expect(first!.product).toBe(first!.value * first!.weight);
    expect(corner.bias).toBe(parameters.get('conv.bias')!.data[1]);
    expect(corner.result).toBe(Math.max(0, corner.sum));
    const pool = layerArithmetic(model, 'pool', parameters);
    const { terms, result } = explainOutput(pool, [outputs.get('conv')!], [1, 0, 0]);
    expect(terms.map(({ at }) => at)).toEqual([
      [2, 0, 0],
      [2, 1, 0],
      [3, 0, 0],
      [3, 1, 0],
    ]);
    expect(terms.filter(({ weight }) => weight === 1)).toHaveLength(1);
    expect(result).toBe(Math.max(...terms.map(({ value }) => value)));
    // Back: the winner gets it all, the others nothing.
    const gradient = slopes.get('pool')!;
    for (const { at, weight } of terms) {
      const back = explainGradient(pool, { inputs: [outputs.get('conv')!], gradient }, at);
      expect(back.terms).toEqual([
        expect.objectContaining({
          at: [1, 0, 0],
          weight,
          gradient: gradient.values[placeOf(gradient.shape, [1, 0, 0])],
        }),
      ]);
    }
    // A pixel of the picture in the middle is part of nine outputs of each filter.
    const inputs = [outputs.get('')!];
    const conv = layerArithmetic(model, 'conv', parameters);
    const known = explainGradient(
      conv,
      { inputs, gradient: slopes.get('conv')!, output: outputs.get('conv')! },
      [1, 2, 0],
    );
    expect(known.terms).toHaveLength(18);
    expect(known).toEqual(explainGradient(conv, { inputs, gradient: slopes.get('conv')! }, [1, 2, 0]));
  });

  it('refuse what does not fit, by name', async () => {
    using engine = Engine.reference();
    const { model, outputs, parameters } = await look(engine, layer, [4, 4, 3]);
    const conv = layerArithmetic(model, 'conv', parameters);
    expect(() => explainOutput(conv, [outputs.get('conv')!], [0, 0, 0])).toThrow(ShapeError);
    expect(() => explainOutput(conv, [outputs.get('')!], [0, 4, 0])).toThrow(/no such place in \[4, 4, 2\]/);
    expect(() => explainGradient(conv, { inputs: [outputs.get('')!], gradient: outputs.get('')! }, [0, 0, 0])).toThrow(
      ShapeError,
    );
    expect(() => layerArithmetic(model, 'conv9', parameters)).toThrow(/there are conv, pool/);
    const ends = new Model(
      engine,
      new Sequential({ layers: [new Dense({ name: 'd', units: 2, activation: 'softmax' })] }),
      { inputShape: [3] },
    );
    expect(() => layerArithmetic(ends, 'd', new Map())).toThrow(ValueError);
  });
});

describe('the arithmetic of classes', () => {
  const logits = [1.5, -0.3, 80, 2.25, 79.5];

  it('is the softmax and its gradient', async () => {
    using engine = Engine.reference();
    const x = engine.tensor(logits, [1, 5]).watch();
    const dy = [0.5, -1, 2, 0.25, -0.75];
    const y = softmax(x);
    const [dx] = gradients(y, [x], { dy: engine.tensor(dy, [1, 5]) });
    const { terms, sum: total, largest } = explainSoftmax(logits);
    expect(largest).toBe(80);
    expect(total).toBeCloseTo(1 + Math.exp(-0.5), 12);
    const [expected, slopes] = [await y.data(), await dx!.data()];
    for (const [k, { probability }] of terms.entries()) {
      expect(probability).toBeCloseTo(expected[k]!, 7);
      expect(explainSoftmaxGradient(logits, dy, k).sum).toBeCloseTo(slopes[k]!, 7);
    }
    expect(() => explainSoftmaxGradient(logits, [1], 0)).toThrow(ShapeError);
    expect(() => explainSoftmaxGradient(logits, dy, 5)).toThrow(ValueError);
  });

  it.each([0, 0.1])('is the loss and its gradient, smoothed by %d', async labelSmoothing => {
    const engine = await gpuEngine();
    const [loss, dz] = await (async () => {
      using z = engine.tensor(logits, [1, 5]).watch();
      const found = softmaxCrossEntropy(z, engine.tensor([4], [1], 'u32'), { labelSmoothing }).loss;
      const [gradient] = gradients(found, [z]);
      return [await found.item(), await gradient!.data()] as const;
    })();
    const found = explainLoss(logits, 4, labelSmoothing);
    expect(found.loss).toBeCloseTo(loss, 5);
    for (const [k, { gradient, target }] of found.terms.entries()) {
      expect(gradient).toBeCloseTo(dz[k]!, 6);
      expect(target).toBeCloseTo(labelSmoothing / 5 + (k === 4 ? 1 - labelSmoothing : 0), 12);
    }
    expect(() => explainLoss(logits, 5)).toThrow(ValueError);
    expect(() => explainLoss([], 0)).toThrow(ShapeError);
  });

  it('stays finite for logits that are far apart', () => {
    expect(explainLoss([1000, -1000], 1).loss).toBe(2000);
    expect(explainLoss([1000, -1000], 0).loss).toBe(0);
  });
});

describe('the arithmetic of batch statistics', () => {
  it('is what a batch norm passes back in training', async () => {
    using engine = Engine.reference();
    const random = new Sampler(4);
    const shape = [3, 2, 4, 5];
    const draw = (size: number) => Float64Array.from({ length: size }, () => random.normal());
    const [values, dy, gamma] = [draw(120), draw(120), draw(5)];
    const x = engine.tensor(values, shape).watch();
    const running = { mean: engine.zeros([5]), variance: engine.full([5], 1) };
    const settings = { running, training: true, momentum: 0.9, epsilon: 1e-3 };
    const y = batchNorm2d(x, engine.tensor(gamma, [5]), engine.zeros([5]), settings);
    const [dx] = gradients(y, [x], { dy: engine.tensor(dy, shape) });
    const [outputs, expected] = [await y.data(), await dx!.data()];
    for (const place of [0, 17, 59, 119]) {
      const at = coordinatesOf(shape, place);
      const found = explainBatchNormGradient({ shape, values }, { shape, values: dy }, { gamma, epsilon: 1e-3 }, at);
      expect(found.sum).toBeCloseTo(expected[place]!, 6);
      expect(found.normalised * gamma[place % 5]!).toBeCloseTo(outputs[place]!, 6);
    }
    expect(() =>
      explainBatchNormGradient({ shape, values }, { shape: [5], values: gamma }, { gamma, epsilon: 1 }, [0, 0, 0, 0]),
    ).toThrow(ShapeError);
  });
});
