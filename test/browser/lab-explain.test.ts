import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoFaults } from './axe.ts';
import { type OpenLab, openLab, PATIENT, pixelsOf } from './lab-page.ts';

let lab: OpenLab;

beforeAll(async () => {
  lab = await openLab();
  await lab.page.evaluate(async () => await globalThis.weftLab.ask('train.run', { steps: 25 }));
  await lab.page.getByRole('link', { name: 'Explain', exact: true }).click();
  await isDone();
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

/** Waits until all maps of what is chosen have been computed. */
async function isDone(): Promise<void> {
  await lab.page.locator('.method .waiting').first().waitFor({ state: 'detached' });
  await lab.page.locator('.methods .method canvas').first().waitFor();
  await lab.page.getByRole('progressbar').waitFor({ state: 'detached' });
}
const card = (title: string) => lab.page.getByRole('article', { name: new RegExp(`^${title}`) });
const titles = async () => await lab.page.locator('.method h3').allInnerTexts();

describe('the maps', () => {
  it('of all methods stand side by side, each beside its control of random numbers', async () => {
    const found = await titles();
    for (const one of [
      /^Gradient|^Saliency/,
      /^Guided backprop/,
      /^SmoothGrad/,
      /^Integrated gradients/,
      /^Grad-CAM /,
      /^Grad-CAM\+\+/,
      /^Occlusion/,
      /^Edges/,
    ]) {
      expect(found.some(title => one.test(title))).toBe(true);
    }
    for (const method of await lab.page.locator('.method').all()) {
      const name = await method.locator('h3').innerText();
      if (/^Edges/.test(name)) continue;
      expect(await method.locator('figure canvas').count()).toBe(2);
      expect(await method.locator('figcaption').last().innerText()).toMatch(/^random numbers/);
      await method.getByText('like random numbers').waitFor();
    }
  });

  it('of integrated gradients add up to the difference of the scores', async () => {
    const limits = await card('Integrated gradients').locator('.limits').allInnerTexts();
    // From two baselines: black, and the picture blurred.
    expect(limits).toHaveLength(2);
    for (const text of limits) {
      const [, sum, difference] = /add up to (\S+) of (\S+) \(/.exec(text)!.map(part => Number(part.replace('−', '-')));
      expect(Math.abs(sum! - difference!)).toBeLessThanOrEqual(0.011 * Math.abs(difference!));
    }
  });

  it('are others for another class', async () => {
    const canvas = card('Integrated gradients').getByRole('img').first();
    const before = await canvas.getAttribute('aria-label');
    const classes = lab.page.locator('.says li button');
    expect(await classes.count()).toBe(10);
    await classes.and(lab.page.locator('[aria-pressed="false"]')).first().click();
    await isDone();
    await expect
      .poll(() => card('Integrated gradients').getByRole('img').first().getAttribute('aria-label'), PATIENT)
      .not.toBe(before);
    await lab.page.getByRole('button', { name: 'Explain what it takes it for' }).click();
    await isDone();
  });

  it('show what they become as layers forget, the last first', async () => {
    const method = card('Guided backprop');
    await method.getByText('as layers forget').click();
    await expect.poll(() => method.locator('.cascade li').count(), PATIENT).toBeGreaterThanOrEqual(4);
    const likeness = await method.locator('.cascade li > p').allInnerTexts();
    expect(likeness[0]).toBe('alike: 1.00');
  });
});

describe('two networks', () => {
  it('explain one picture: that of now beside its first weights', async () => {
    await lab.page.getByLabel('beside the network').selectOption({ label: 'its first weights' });
    await isDone();
    const method = lab.page.locator('.method').first();
    await expect.poll(() => method.locator('figure canvas').count(), PATIENT).toBe(3);
    await method.getByText('like its first weights').waitFor();
    expect(await lab.page.locator('.says li').first().locator('.share').count()).toBe(2);
    await lab.page.getByLabel('beside the network').selectOption({ label: 'none' });
    await isDone();
  });

  it('of two moments: one that was kept beside the one of later', async () => {
    await lab.page.getByRole('button', { name: 'Keep this one' }).click();
    await lab.page.locator('.notice', { hasText: 'step 25' }).waitFor();
    await lab.page.evaluate(async () => await globalThis.weftLab.ask('train.run', { steps: 3 }));
    await lab.page.getByText('These maps are of step 25; the network is at step 28 now.').waitFor();
    await lab.page.getByLabel('beside the network').selectOption({ label: 'step 25, kept' });
    const captions = async () => {
      const texts = await lab.page.locator('.method').first().locator('figcaption').allInnerTexts();
      return texts.map(text => text.replace(/ \(.*/, ''));
    };
    await expect.poll(captions, PATIENT).toEqual(['step 28', 'step 25, kept', 'random numbers']);
    await isDone();
    await lab.page.getByLabel('beside the network').selectOption({ label: 'none' });
    await isDone();
  });
});

describe('another network', () => {
  it('is explained at once when it takes the place of the one before', async () => {
    const titles = lab.page.locator('.method').first().locator('figcaption').first();
    await expect.poll(() => titles.innerText(), PATIENT).toMatch(/^step 28/);
    await lab.page.evaluate(async () => {
      const { network } = globalThis.weftLab.state.value.model!;
      await globalThis.weftLab.ask('model.set', { network: { ...network, seed: 2 } });
    });
    await expect.poll(() => titles.innerText(), PATIENT).toMatch(/^step 0/);
    await isDone();
  });
});

describe('the picture', () => {
  it('can be a file of the reader, told what was made of it', async () => {
    const [width, height] = [60, 40];
    const data = Uint8Array.from({ length: width * height }, (_, i) => (i % width > 25 && i % width < 35 ? 20 : 250));
    const buffer = Buffer.from(encode({ width, height, data, channels: 1 }));
    await lab.page.getByRole('radio', { name: 'Upload' }).check();
    await lab.page.getByLabel('Choose a PNG or JPEG').setInputFiles({ name: 'bar.png', mimeType: 'image/png', buffer });
    await lab.page.getByText(/60 × 40 pixels, made grey and scaled to 28 × 28; its ground is bright/).waitFor();
    await isDone();
    const picture = lab.page.getByRole('img', { name: 'The picture that is explained: bar.png' });
    // The bar is bright now, its ground dark: 0xAABBGGRR, grey.
    const row = async () => {
      const { pixels, width: side } = await pixelsOf(lab.page, picture);
      const middle = pixels.slice((side * side) / 2, (side * side) / 2 + side).map(pixel => pixel & 0xff);
      return { bar: middle[Math.floor(side / 2)]! > 200, ground: middle[1]! < 40 };
    };
    await expect.poll(row, PATIENT).toEqual({ bar: true, ground: true });
  });

  it('is refused by name where it is none', async () => {
    const buffer = Buffer.from('no picture at all');
    await lab.page
      .getByLabel('Choose a PNG or JPEG')
      .setInputFiles({ name: 'broken.png', mimeType: 'image/png', buffer });
    await lab.page.locator('.notice', { hasText: 'broken.png is no picture that this browser can read' }).waitFor();
  });

  it('can be drawn by the pointer and by the keyboard', async () => {
    await lab.page.getByRole('radio', { name: 'Draw' }).check();
    const pad = lab.page.getByRole('application', { name: /^Draw here/ });
    const { x, y, width, height } = (await pad.locator('canvas').boundingBox())!;
    await lab.page.mouse.move(x + width / 2, y + height / 5);
    await lab.page.mouse.down();
    await lab.page.mouse.move(x + width / 2, y + (4 * height) / 5, { steps: 8 });
    await lab.page.mouse.up();
    await expect
      .poll(() => lab.page.evaluate(() => JSON.stringify(globalThis.weftLab.state.value.image)), PATIENT)
      .toBe('{"kind":"own","name":"your drawing"}');
    await isDone();
    const lit = async () => {
      const { pixels } = await pixelsOf(lab.page, pad.locator('canvas'));
      return pixels.filter(pixel => (pixel & 0xff) > 128).length;
    };
    const before = await lit();
    expect(before).toBeGreaterThan(30);
    await pad.focus();
    for (const key of ['Space', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'Space']) await lab.page.keyboard.press(key);
    expect(await lit()).not.toBe(before);
    await isDone();
  });
});

describe('the tab', () => {
  it('axe finds no serious fault, in the light, in the dark, and on a phone, where nothing is too wide', async () => {
    await expectNoFaults(lab.page);
  });

  it('logs no error in the page', () => {
    expect(lab.errors).toEqual([]);
  });
});
