import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paintPixels } from '../../lab/worker/draw/canvas-painter.ts';
import { featureMaps } from '../../lab/worker/draw/grid.ts';
import type { Painting } from '../../lab/worker/draw/painter.ts';
import { type OpenLab, openLab, PATIENT, pixelsOf } from './lab-page.ts';

let lab: OpenLab;

beforeAll(async () => {
  lab = await openLab();
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const button = (name: string) => lab.page.getByRole('button', { name, exact: true });

describe('the lab', () => {
  it('names the adapter, and lists the layers of a first network with their figures', async () => {
    expect(await lab.page.getByRole('status').textContent()).toMatch(/swiftshader/i);
    const first = await lab.page.locator('.layers > li').first().innerText();
    expect(first).toMatch(/conv1[\s\S]*28 × 28 × 4[\s\S]*40[\s\S]*3 x 3 pixels/);
  });

  it('makes one step, and tells its loss', async () => {
    await button('One step').click();
    await lab.page.waitForFunction(() => globalThis.weftLab.state.value.training?.step === 1);
    expect(await lab.page.locator('.figures').innerText()).toMatch(/loss\s+2\.\d/);
  });

  it('trains on until it is paused, and the loss falls', async () => {
    const first = (await lab.history())[0]!;
    await button('Start').click();
    await lab.page.waitForFunction(() => globalThis.weftLab.state.value.training!.step >= 30);
    await button('Pause').click();
    await button('Start').waitFor();
    const last = (await lab.history()).at(-1)!;
    expect(first.loss).toBeGreaterThan(2);
    expect(last.step).toBeGreaterThanOrEqual(30);
    expect(last.loss).toBeLessThan(0.7 * first.loss);
    await lab.page.waitForFunction(() => !globalThis.weftLab.state.value.training!.running);
  });
});

describe('feature maps', () => {
  it.each(['conv1', 'pool2'])('of %s are drawn in the colours of the values that the engine has', async layer => {
    const { shape, values } = await lab.page.evaluate(async name => {
      const found = await globalThis.weftLab.ask('layer.values', { layer: name });
      return { shape: found.shape, values: Array.from(found.values) };
    }, layer);
    const drawn = await pixelsOf(lab.page, lab.page.getByRole('img', { name: new RegExp(`^What ${layer} makes`) }));
    const maps = featureMaps(shape);
    const columns = Math.round((drawn.width + 1) / (maps.width + 1));
    const grid = { columns, scale: 1, gap: 1 };
    const painting: Painting = { maps, grid, palette: 'sequential', range: 'all', ground: 'light' };
    const expected = Array.from(paintPixels(values, painting));
    expect(new Set(expected).size).toBeGreaterThan(40);
    expect(drawn.pixels.length).toBe(expected.length);
    // A value on the edge between two of the 256 colours may fall to either side: the GPU divides to 2.5 roundings.
    const others = drawn.pixels.filter((pixel, i) => pixel !== expected[i]);
    expect(others.length).toBeLessThan(expected.length / 500);
  });

  it('show another picture when another is chosen', async () => {
    const canvas = lab.page.getByRole('img', { name: /^What conv1 makes/ });
    const before = await pixelsOf(lab.page, canvas);
    await button('Next picture').click();
    await expect.poll(async () => (await pixelsOf(lab.page, canvas)).pixels, PATIENT).not.toEqual(before.pixels);
  });
});

describe('building a network', () => {
  it('follows with shapes, parameters and receptive fields', async () => {
    await button('Change layers').click();
    const form = lab.page.getByRole('group', { name: 'Options of conv1' });
    await form.getByLabel('filters').fill('3');
    await form.getByLabel('filters').blur();
    await expect
      .poll(() => lab.page.locator('.layers > li', { hasText: 'conv1' }).innerText(), PATIENT)
      .toMatch(/28 × 28 × 3/);
    await form.getByLabel('kernel').selectOption('5');
    await expect
      .poll(() => lab.page.locator('.layers > li', { hasText: 'conv1' }).innerText(), PATIENT)
      .toMatch(/5 x 5 pixels/);
  });

  it('says why a layer is impossible, and offers no use of it', async () => {
    const before = lab.page.getByRole('group', { name: 'Options of logits' });
    await before.getByLabel('Move logits up').click();
    await lab.page.getByRole('group', { name: 'Options of logits' }).getByLabel('Move logits up').click();
    await expect
      .poll(() => lab.page.getByRole('alert').innerText())
      .toMatch(/dense 'logits': input is \[7, 7, 6\], expected \[features\]; put a Flatten or GlobalAvgPool before it/);
    expect(await button('Use it').isDisabled()).toBe(true);
    await button('Discard').click();
    expect(await lab.page.getByRole('alert').count()).toBe(0);
  });

  it('logs no error in the page', () => {
    expect(lab.errors).toEqual([]);
  });
});
