import { readFileSync } from 'node:fs';
import process from 'node:process';
import { afterAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/io/safetensors.ts';
import { createModel, vgg16 } from '../../src/models/index.ts';
import type { Model } from '../../src/nn/index.ts';
import { nodeWeights } from '../../src/platform/node.ts';
import { gpuEngine } from '../support/engine.ts';
import { readGolden, relativeError } from '../support/goldens.ts';

const { tensors, attributes } = readGolden('vgg16_blocks.safetensors');
const strides = attributes.strides as Record<string, number>;

/** A safetensors file of the weights in float32, which the repository does not hold: what the converter makes of Keras's. */
const FLOAT32 = process.env.WEFT_VGG16_F32;

const INPUTS = [
  { size: 32, pictures: 'pixels', shape: [4, 28, 28, 1], blocks: [1, 2, 3, 4, 5] },
  { size: 64, pictures: 'pixels', shape: [4, 28, 28, 1], blocks: [1, 2, 3, 4, 5] },
  { size: 224, pictures: 'photo', shape: [1, 224, 224, 3], blocks: [5] },
] as const;

const models: Model[] = [];
afterAll(() => {
  for (const model of models) model[Symbol.dispose]();
});

/** Largest relative error of each block's output, against weights of this precision in Keras. */
async function errors(
  { size, pictures, shape, blocks }: (typeof INPUTS)[number],
  model: Model,
  precision: 'f32' | 'f16',
) {
  const { engine } = model;
  return await engine.scope(async () => {
    const values = Float32Array.from(tensors[pictures]!.values, byte => byte / 255);
    const capture = blocks.map(block => `base.block${block}`);
    const { captured } = engine.noGrad(() => model.forward(engine.tensor(values, shape), { capture }));
    const found: number[] = [];
    for (const block of blocks) {
      const all = await captured[`base.block${block}`]!.data();
      const stride = strides[`${size}.block${block}`]!;
      const kept = Float32Array.from({ length: Math.ceil(all.length / stride) }, (_, i) => all[i * stride]!);
      found.push(relativeError(kept, tensors[`${precision}.${size}.block${block}`]!.values));
    }
    return found;
  });
}

async function load(input: (typeof INPUTS)[number], path?: string): Promise<Model> {
  const engine = await gpuEngine();
  const recipe = vgg16({ size: input.size, units: 1 });
  const options = { seed: 1, inputShape: input.shape.slice(1), weights: nodeWeights() };
  const model = await createModel(engine, recipe, options);
  models.push(model);
  if (path) model.parameters.loadPart('base', readSafetensors(new Uint8Array(readFileSync(path)), path));
  return model;
}

describe.each(INPUTS)('VGG16 with the weights of ImageNet, $pictures at $size px', input => {
  it('computes what Keras does with the same float16 weights, and nearly what it does with float32 ones', async () => {
    const model = await load(input);
    for (const error of await errors(input, model, 'f16')) expect(error).toBeLessThan(1e-4);
    for (const error of await errors(input, model, 'f32')) expect(error).toBeLessThan(5e-3);
  });

  it.runIf(FLOAT32)('computes what Keras does with float32 weights', async () => {
    for (const error of await errors(input, await load(input, FLOAT32), 'f32')) {
      console.log(`${input.size} px: ${error}`);
      expect(error).toBeLessThan(1e-4);
    }
  });
});
