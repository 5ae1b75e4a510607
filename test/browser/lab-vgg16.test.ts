import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine, Model, nn, ops, readSafetensors, VGG16_INPUTS, writeSafetensors } from '../../src/index.ts';
import { Sampler } from '../../src/kernels/sampler.ts';
import { vgg16Parts } from '../../src/models/index.ts';
import { nodeWeights } from '../../src/platform/node.ts';
import { expectNoFaults } from './axe.ts';
import { drawnSite, type OpenLab, openLab, pixelsOf } from './lab-page.ts';

/** Two blocks with weights drawn at random, in the layout of the real file: a network may be cut off. */
function standIn(): Uint8Array {
  const random = new Sampler(16);
  const convolutions = [
    ['block1.conv1', 3, 64],
    ['block1.conv2', 64, 64],
    ['block2.conv1', 64, 128],
    ['block2.conv2', 128, 128],
  ] as const;
  const tensors = convolutions.flatMap(([name, inputs, outputs]) => {
    const scale = Math.sqrt(2 / (9 * inputs));
    const kernel = Float32Array.from(random.normals(9 * inputs * outputs), value => scale * value);
    const bias = Float32Array.from(random.normals(outputs), value => 0.1 * value);
    return [
      [`${name}.kernel`, { shape: [3, 3, inputs, outputs], data: kernel }],
      [`${name}.bias`, { shape: [outputs], data: bias }],
    ] as const;
  });
  return writeSafetensors(Object.fromEntries(tensors));
}

const bytes = standIn();
let folder: string;
let lab: OpenLab;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-vgg16-'));
  await mkdir(join(folder, 'vgg16'));
  await writeFile(join(folder, 'vgg16', 'imagenet-f16.safetensors'), bytes);
  lab = await openLab({ site: await drawnSite(nodeWeights(folder)) });
  await lab.page.getByRole('link', { name: 'VGG16', exact: true }).click();
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const values = async (layer: string) =>
  await lab.page.evaluate(async name => {
    const found = await globalThis.weftLab.ask('vgg16.values', { layer: name });
    return found && { shape: found.shape, values: Array.from(found.values) };
  }, layer);
/** Waits until all layers have been computed. */
const seen = async (size: number) =>
  await expect
    .poll(async () => (await values('base.block2.pool'))?.shape, { timeout: 110_000 })
    .toEqual([1, size / 4, size / 4, 128]);

/** What the same network makes of pixels on the reference engine. */
async function reference(pixels: Float64Array, shape: readonly number[], layer: string): Promise<Float64Array> {
  using engine = Engine.reference();
  const [base] = vgg16Parts({ cut: 2, initializer: 'pretrained' });
  using model = new Model(engine, new nn.Sequential({ layers: [base!] }), { inputShape: [32, 32, 3] });
  model.parameters.loadPart('base', readSafetensors(bytes, 'stand-in'));
  const x = ops.preprocess(engine.tensor(pixels, shape), { size: 32, resize: 'pad', ...VGG16_INPUTS['bgr-centred'] });
  return Float64Array.from(await model.forward(x, { capture: [layer] }).captured[layer]!.data());
}

describe('the weights', () => {
  it('are fetched when the reader says so, with their size told before', async () => {
    await lab.page.getByRole('button', { name: `Load the weights, ${(bytes.length / 1e6).toFixed(1)} MB` }).click();
    await lab.page.getByText(/MB, fetched/).waitFor();
    await seen(32);
  });

  it('are refused by name when a file is none of them, and those before stay', async () => {
    const files = { name: 'mine.safetensors', mimeType: '', buffer: Buffer.from('nothing of the kind') };
    await lab.page.getByLabel('Other weights').setInputFiles(files);
    const notice = lab.page.locator('.notice', { hasText: 'mine.safetensors' });
    await notice.waitFor();
    await notice.getByRole('button').click();
    expect(await values('base.block1.conv2')).toBeDefined();
  });
});

describe('what it makes of a picture', () => {
  it('is what the reference makes of it', async () => {
    const pixels = await lab.page.evaluate(() => {
      const { data } = globalThis.weftLab.state.value;
      return data!.train;
    });
    const site = await drawnSite();
    const { unpackPictures } = await import('../../src/data/packed.ts');
    const packed = await unpackPictures((await site.get('data/pictures.safetensors.gz')!()) as Uint8Array, 'pictures');
    const { images } = packed.data;
    const picture = Float64Array.from(images.subarray(784 * pixels, 784 * (pixels + 1)), byte =>
      Math.fround(byte / 255),
    );
    const layer = 'base.block1.pool';
    const expected = await reference(picture, [1, 28, 28, 1], layer);
    const found = (await values(layer))!;
    expect(found.shape).toEqual([1, 16, 16, 64]);
    const largest = Math.max(...expected);
    found.values.forEach((value, i) => {
      if (Math.abs(value - expected[i]!) > 1e-5 * largest) expect(value).toBeCloseTo(expected[i]!, 5);
    });
    expect(largest).toBeGreaterThan(1);
  });

  it('is drawn block by block, with the channels that answer most and the filters in colour', async () => {
    expect(await lab.page.locator('.block').count()).toBe(2);
    const strongest = await lab.page.locator('.block').first().locator('.strongest li').allInnerTexts();
    expect(strongest.length).toBe(8);
    const { shape, values: maps } = (await values('base.block1.conv2'))!;
    const depth = shape[3]!;
    const means = Array.from({ length: depth }, (_, channel) => {
      const own = maps.filter((_, i) => i % depth === channel);
      return own.reduce((a, b) => a + b, 0) / own.length;
    });
    expect(Number.parseInt(strongest[0]!, 10)).toBe(means.indexOf(Math.max(...means)));
    for (const name of [/^All 64 maps of base.block1.conv2/, /^The 64 filters/, /^What VGG16 sees/]) {
      const { pixels } = await pixelsOf(lab.page, lab.page.getByRole('img', { name }));
      expect(new Set(pixels).size).toBeGreaterThan(20);
    }
  });

  it('is another for another layer, another picture, another size and a photo', async () => {
    const before = await values('base.block2.pool');
    await lab.page.getByRole('button', { name: 'Next picture' }).click();
    await expect.poll(async () => (await values('base.block2.pool'))?.values).not.toEqual(before!.values);
    await lab.page.getByLabel('64', { exact: true }).check();
    await seen(64);
    await lab.page.locator('.block').first().getByLabel('pool').check();
    await lab.page.getByRole('img', { name: /^All 64 maps of base.block1.pool/ }).waitFor();
    const data = Uint8Array.from({ length: 3 * 90 * 120 }, (_, i) => (i % 3 === 0 ? 250 : (7 * i) % 256));
    const buffer = Buffer.from(encode({ width: 120, height: 90, data, channels: 3 }));
    await lab.page.getByLabel('Your photo').setInputFiles({ name: 'red.png', mimeType: 'image/png', buffer });
    await lab.page.getByRole('img', { name: 'What VGG16 sees: red.png, 64 × 64 pixels' }).waitFor();
    await seen(64);
    const { pixels } = await pixelsOf(lab.page, lab.page.getByRole('img', { name: /^What VGG16 sees/ }));
    // 0xAABBGGRR: red is the lowest byte.
    const reds = pixels.map(pixel => pixel & 0xff);
    expect(reds.reduce((a, b) => a + b, 0) / reds.length).toBeGreaterThan(240);
  });
});

describe('the tab', () => {
  it('axe finds no serious fault, in the light, in the dark, and on a phone', async () => {
    await expectNoFaults(lab.page);
  });

  it('finds the weights of an earlier visit in the browser', async () => {
    await lab.page.reload();
    await lab.page.getByText(/MB, kept from an earlier visit/).waitFor();
    await seen(32);
  });

  it('logs no error in the page', () => {
    expect(lab.errors).toEqual([]);
  });
});
