import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/kernels/sampler.ts';
import type { Shape, Values } from '../../src/kernels/spec.ts';
import { cnn, findModel, models, vgg16Layers } from '../../src/models/index.ts';
import { Model } from '../../src/nn/index.ts';
import { ValueError } from '../../src/platform/errors.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { softmaxCrossEntropy } from '../../src/tensor/ops/index.ts';
import { gpuEngine } from '../support/engine.ts';

const BATCH = 2;

function build(engine: Engine, name: string, inputShape: Shape = findModel(name).inputShape): Model {
  return new Model(engine, findModel(name).build(), { name, inputShape, seed: 1 });
}

const norm = (values: Values) => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value ** 2, 0));

/** Logits, loss and gradients of one batch in training. */
async function oneStep(engine: Engine, name: string, side: number) {
  using model = build(engine, name, [side, side, 1]);
  engine.setStep({ seed: 7, step: 3, rows: 0 });
  return await engine.scope(async () => {
    const values = Float32Array.from(new Sampler(5).normals(BATCH * side * side), v => Math.abs(v) / 3);
    const x = engine.tensor(values, [BATCH, side, side, 1]);
    const labels = engine.tensor(Uint32Array.of(3, 8), [BATCH], 'u32');
    const logits = model.forward(x, { training: true });
    const { loss } = softmaxCrossEntropy(logits, labels);
    model.parameters.backward(loss);
    return {
      logits: await logits.data(),
      loss: await loss.item(),
      gradients: await model.parameters.gradients.data(),
      segments: model.parameters.segments,
    };
  });
}

describe('models', () => {
  it.each([
    ['mlp', 235_146],
    ['cnn', 241_546],
    ['cnn-best', 289_162],
    ['peer-cnn', 93_322],
    // 0.27 million in the paper.
    ['resnet20', 272_186],
    // 14,714,688 in the blocks, as in Keras, and the head.
    ['vgg16-plain', 14_714_688 + 133_898],
    // Two more for each of the 512 values that are normalised.
    ['vgg16', 14_714_688 + 133_898 + 1024],
  ])('%s has %i parameters', (name, count) => {
    using model = build(Engine.reference(), name);
    expect(model.parameters.count).toBe(count);
    expect(model.describe().parameters).toBe(count);
    expect(model.outputShape).toEqual([10]);
  });

  it('can have other classes and other pictures', () => {
    using model = new Model(Engine.reference(), cnn.build(3), { inputShape: [32, 32, 3] });
    expect(model.outputShape).toEqual([3]);
    expect(model.parameters.get('conv1.kernel').shape).toEqual([3, 3, 3, 32]);
  });

  it('vgg16 can be cut behind any block, and end in a mean or in all values', () => {
    const shapes = ([1, 2, 3] as const).map(cut => {
      using model = new Model(Engine.reference(), vgg16Layers({ cut, classes: 4 }), { inputShape: [64, 64, 3] });
      expect(model.outputShape).toEqual([4]);
      return model.parameters.get('head.dense1.kernel').shape;
    });
    expect(shapes).toEqual([
      [32 * 32 * 64, 256],
      [16 * 16 * 128, 256],
      [8 * 8 * 256, 256],
    ]);
    const options = { cut: 2, pooling: 'average', units: 16 } as const;
    using model = new Model(Engine.reference(), vgg16Layers(options), { inputShape: [8, 8, 3] });
    expect(model.parameters.get('head.dense1.kernel').shape).toEqual([128, 16]);
    expect(model.parameters.segments.map(({ name }) => name.split('.').slice(0, -1).join('.'))).toContain(
      'base.block2.conv2',
    );
  });

  it('are found by name', () => {
    expect(Object.keys(models)).toEqual([
      ...['mlp', 'cnn', 'cnn-best', 'peer-cnn', 'resnet20'],
      ...['vgg16', 'vgg16-block1', 'vgg16-block2', 'vgg16-block3', 'vgg16-block4'],
      ...['vgg16-finetune', 'vgg16-random', 'vgg16-scratch', 'vgg16-plain'],
    ]);
    for (const [name, recipe] of Object.entries(models)) expect(recipe.name).toBe(name);
    expect(() => findModel('vgg')).toThrow("model 'vgg': there is no such model; there are mlp, cnn");
    expect(() => findModel('toString')).toThrow(ValueError);
  });

  it('start as Keras starts them', async () => {
    using model = build(Engine.reference(), 'cnn');
    const kernel = Float32Array.from(await model.parameters.get('dense1.kernel').data());
    const limit = Math.sqrt(6 / (1152 + 128));
    const largest = kernel.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.999 * limit);
    expect([...(await model.parameters.get('conv3.bias').data())].every(v => v === 0)).toBe(true);
  });

  it('resnet20 gives the same bits when its layers are looked at, whose outputs else exist nowhere', async () => {
    const engine = await gpuEngine();
    using model = build(engine, 'resnet20', [12, 12, 1]);
    await engine.scope(async () => {
      const x = engine.tensor(new Sampler(5).normals(2 * 12 * 12), [2, 12, 12, 1]);
      const inner = 'stage2_block1.body.conv2_norm';
      const { output, captured } = model.forward(x, { capture: [inner] });
      expect(captured[inner]!.shape).toEqual([2, 6, 6, 32]);
      expect(await model.forward(x).data()).toEqual(await output.data());
    });
  });

  it.each([
    ['mlp', 28],
    ['cnn', 28],
    ['peer-cnn', 28],
    // A smaller picture, since the reference takes its time.
    ['cnn-best', 12],
    ['resnet20', 12],
  ])('%s gives the same on the GPU as in TypeScript', async (name, side) => {
    const expected = await oneStep(Engine.reference(), name, side);
    const actual = await oneStep(await gpuEngine(), name, side);
    expect(Math.abs(actual.loss - expected.loss)).toBeLessThan(1e-4);
    const largest = Math.max(...Array.from(expected.logits, Math.abs));
    expected.logits.forEach((value, i) => {
      expect(Math.abs(actual.logits[i]! - value)).toBeLessThan(1e-4 * largest);
    });
    for (const { name, start, size } of expected.segments) {
      const [want, have] = [expected.gradients, actual.gradients].map(all => all.slice(start, start + size));
      const scale = norm(want!);
      const error = norm(want!.map((value, i) => value - have![i]!));
      expect(scale, `${name} takes part`).toBeGreaterThan(0);
      expect(error / scale, `gradient of ${name}`).toBeLessThan(1e-3);
    }
  });
});
