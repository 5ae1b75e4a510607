import { describe, expect, it } from 'vitest';
import { type SafetensorsSource, writeSafetensors } from '../../src/io/safetensors.ts';
import { createModel, loadPretrained, vgg16 } from '../../src/models/index.ts';
import { Dense, Flatten, Model, Preprocess, Sequential } from '../../src/nn/index.ts';
import { FileError, ShapeError, ValueError } from '../../src/platform/errors.ts';
import type { DataSource } from '../../src/platform/platform.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { configureParts } from '../../src/train/trained-parts.ts';
import { onReference } from '../support/build.ts';

/** A folder of weights in memory. */
const folder = (files: Record<string, Uint8Array>): DataSource => ({
  where: 'weights',
  read: async name => files[name],
});

/** Weights of the first block of VGG16: small numbers that tell their place. */
function firstBlock(change: (tensors: Record<string, SafetensorsSource>) => void = () => {}): DataSource {
  const tensors: Record<string, SafetensorsSource> = {};
  for (const [name, shape] of Object.entries({ conv1: [3, 3, 3, 64], conv2: [3, 3, 64, 64] })) {
    const size = shape.reduce((a, b) => a * b, 1);
    tensors[`block1.${name}.kernel`] = { shape, data: Float32Array.from({ length: size }, (_, i) => i / size) };
    tensors[`block1.${name}.bias`] = { shape: [64], data: new Float32Array(64).fill(0.5) };
  }
  tensors['block2.conv1.bias'] = { shape: [128], data: new Float32Array(128) };
  change(tensors);
  return folder({ 'vgg16/imagenet-f16.safetensors': writeSafetensors(tensors) });
}

describe('the recipe of VGG16', () => {
  it('freezes the blocks that are not fine-tuned, and slows down those that are', () => {
    expect(vgg16().defaults.frozen).toEqual([1, 2, 3, 4, 5].map(i => `base.block${i}`));
    expect(vgg16().defaults.learningRateScale).toBeUndefined();
    const { frozen, learningRateScale } = vgg16({ cut: 4, fineTune: 2, baseLearningRate: 0.1 }).defaults;
    expect(frozen).toEqual(['base.block1', 'base.block2']);
    expect(learningRateScale).toEqual({ base: 0.1 });
    expect(vgg16({ weights: 'random', fineTune: 5 }).defaults.frozen).toBeUndefined();
  });

  it('is named by what it departs in', () => {
    const names = [vgg16({ cut: 3 }), vgg16({ size: 64, fineTune: 1 }), vgg16({ input: 'unit' })].map(r => r.name);
    expect(names).toEqual(['vgg16-block3', 'vgg16-finetune1-64', 'vgg16-unit']);
  });

  it('refuses what cannot be', () => {
    expect(() => vgg16({ cut: 2, fineTune: 3 })).toThrow('3 blocks are to be trained, 2 are kept');
    expect(() => vgg16({ size: 28 })).toThrow(ValueError);
    expect(() => vgg16({ cut: 2, size: 28 })).not.toThrow();
  });
});

describe('pretrained weights', () => {
  const recipe = vgg16({ cut: 1, pooling: 'average', units: 2 });

  it('fill their part of a model that may be cut off, and leave the rest at random', async () => {
    using model = await createModel(Engine.reference(), recipe, { seed: 1, weights: firstBlock() });
    const kernel = await model.parameters.get('base.block1.conv2.kernel').data();
    expect(kernel[9]).toBeCloseTo(9 / kernel.length, 9);
    using other = new Model(Engine.reference(), recipe.build(), { inputShape: recipe.inputShape, seed: 1 });
    expect(await model.parameters.get('head.dense1.kernel').data()).toEqual(
      await other.parameters.get('head.dense1.kernel').data(),
    );
  });

  it('are missed at once by who forgets them', async () => {
    using model = new Model(Engine.reference(), recipe.build(), { inputShape: [8, 8, 1], seed: 1 });
    const logits = model.forward(model.engine.zeros([1, 8, 8, 1]));
    expect([...(await logits.data())].every(Number.isNaN)).toBe(true);
  });

  it('are refused when they are not there, damaged, or of another network', async () => {
    const make = (weights?: DataSource) =>
      createModel(Engine.reference(), recipe, { seed: 1, ...(weights && { weights }) });
    await expect(make()).rejects.toThrow(ValueError);
    await expect(make(folder({}))).rejects.toThrow(/vgg16\/imagenet-f16.safetensors: no such file/);
    await expect(make(folder({ 'vgg16/imagenet-f16.safetensors': new Uint8Array(20) }))).rejects.toThrow(FileError);
    const without = firstBlock(tensors => delete tensors['block1.conv2.bias']);
    await expect(make(without)).rejects.toThrow("'block1.conv2.bias' [64] is missing");
    using model = onReference(new Sequential({ layers: [new Flatten({}), new Dense({ units: 2 })] }), [2]);
    await expect(loadPretrained(model, 'vgg16-imagenet', firstBlock())).rejects.toThrow("no part 'base'");
  });
});

describe('parts that are not trained alike', () => {
  const net = () =>
    onReference(
      new Sequential({ layers: [new Dense({ name: 'one', units: 2 }), new Dense({ name: 'one2', units: 2 })] }),
      [3],
    );

  it('are frozen or slowed down by name', () => {
    using model = net();
    configureParts(model, { frozen: ['one.kernel'], learningRateScale: { one: 0.1 } });
    const told = model.parameters.segments.map(({ name, trainable, learningRateScale: scale }) => [
      name,
      trainable,
      scale,
    ]);
    expect(told).toEqual([
      ['one.kernel', false, 0.1],
      ['one.bias', true, 0.1],
      ['one2.kernel', true, 1],
      ['one2.bias', true, 1],
    ]);
  });

  it('must exist, and leave something to be trained', () => {
    using model = net();
    expect(() => configureParts(model, { frozen: ['on'] })).toThrow("there is no 'on' to freeze");
    expect(() => configureParts(model, { frozen: ['one', 'one2'] })).toThrow('all of it is frozen');
  });
});

describe('a layer that prepares pictures', () => {
  const build = (layer: Preprocess, shape: number[]) => onReference(layer, shape);

  it('pads in the middle, repeats grey and centres black ground too', async () => {
    const mean = [1, 2, 3] as const;
    using model = build(new Preprocess({ size: 3, resize: 'pad', scale: 255, mean, channels: 'bgr' }), [1, 1, 1]);
    const y = await model.forward(model.engine.tensor([0.2], [1, 1, 1, 1])).data();
    expect([...y].map(value => Math.round(value))).toEqual(
      [...Array(4).fill([-1, -2, -3]), [50, 49, 48], ...Array(4).fill([-1, -2, -3])].flat(),
    );
  });

  it('turns colours around', async () => {
    using model = build(new Preprocess({ size: 1, resize: 'pad', channels: 'bgr' }), [1, 1, 3]);
    expect([...(await model.forward(model.engine.tensor([1, 2, 3], [1, 1, 1, 3])).data())]).toEqual([3, 2, 1]);
  });

  it('refuses other channels, and pictures that are too large', () => {
    expect(() => build(new Preprocess({ size: 4, resize: 'pad' }), [2, 2, 2])).toThrow(ShapeError);
    expect(() => build(new Preprocess({ size: 4, resize: 'pad' }), [5, 2, 1])).toThrow('cannot be padded to 4');
    expect(() => build(new Preprocess({ size: 4, resize: 'bilinear' }), [5, 2, 1])).not.toThrow();
  });
});
