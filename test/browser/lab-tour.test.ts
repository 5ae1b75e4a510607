import { afterEach, describe, expect, it } from 'vitest';
import { seriousFaults } from './axe.ts';
import { type LabPageOptions, type OpenLab, openLab, PATIENT } from './lab-page.ts';

let lab: OpenLab;
afterEach(async () => await lab?.[Symbol.asyncDispose]());

const card = () => lab.page.getByRole('dialog');
const title = () => card().getByRole('heading').innerText();
const button = (name: string) => card().getByRole('button', { name, exact: true });
const framed = () => lab.page.locator('[data-framed]');

async function open(options: LabPageOptions = {}): Promise<void> {
  lab = await openLab(options);
  await lab.page.getByRole('button', { name: 'Take the tour' }).click();
}

/** What is done for the reader where it takes no weights of 29 MB, and what it is about. */
const STEPS = [
  ['A picture is a grid of numbers', 'picture', true],
  ['A convolution looks for a pattern', 'maps', true],
  ['One value, written out', 'story', true],
  ['From the picture to the classes', 'strip', true],
  ['Learning is many small corrections', 'transport', true],
  ['The gradient says which way', 'maps', true],
  ['Why does it say that?', 'methods', true],
  ['Look at the mistakes', 'mistakes', true],
  ['What the GPU does', 'step', true],
  ['The same, only larger', 'vgg16', false],
] as const;

describe('the tour', () => {
  it('leads through ten steps: frames what each is about, and does it when it is asked to', async () => {
    await open();
    for (const [at, [name, target, isDone]] of STEPS.entries()) {
      await expect.poll(title, PATIENT).toBe(name);
      expect(await card().innerText()).toContain(`${at + 1} of 10`);
      await expect.poll(() => framed().getAttribute('data-tour'), PATIENT).toBe(target);
      expect(await framed().count()).toBe(1);
      if (isDone) {
        await button('Do it for me').click();
        await expect.poll(() => card().locator('.tour-action').innerText(), PATIENT).toMatch(/^Done: /);
      }
      await button(at === STEPS.length - 1 ? 'Finish' : 'Next').click();
    }
    expect(await card().count()).toBe(0);
    expect(await lab.page.evaluate(() => document.activeElement?.id)).toBe('tour-button');
    expect(lab.errors).toEqual([]);
    // Ten steps, each as patient as any: what fails must be able to say so.
  }, 300_000);

  it('is offered once, and can be had again', async () => {
    lab = await openLab();
    await lab.page.getByRole('button', { name: 'No, thanks' }).click();
    await lab.page.reload();
    await lab.page.waitForSelector('.layers li');
    expect(await lab.page.getByRole('complementary', { name: 'Tour' }).count()).toBe(0);
    await lab.page.getByRole('button', { name: 'Tour', exact: true }).click();
    expect(await title()).toBe(STEPS[0][0]);
  });

  it('goes by the arrow keys and ends by Escape, with the focus back where it came from', async () => {
    await open();
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft']) await lab.page.keyboard.press(key);
    await expect.poll(title, PATIENT).toBe(STEPS[1][0]);
    await lab.page.keyboard.press('Escape');
    expect(await card().count()).toBe(0);
    expect(await lab.page.evaluate(() => document.activeElement?.id)).toBe('tour-button');
  });

  it('leaves out what needs WebGPU where there is none, and says so', async () => {
    await open({ webgpu: false });
    for (let i = 0; i < 4; i++) await button('Next').click();
    await expect.poll(title, PATIENT).toBe(STEPS[5][0]);
    expect(await card().innerText()).toContain('Left out here: “Learning is many small corrections”');
  });

  it.each([
    ['in the light', {}],
    ['in the dark', { dark: true }],
    ['on a phone', { width: 390 }],
  ] as const)('%s axe finds no serious fault, and nothing is wider than the screen', async (_, options) => {
    await open(options);
    await button('Next').click();
    await expect.poll(() => framed().getAttribute('data-tour'), PATIENT).toBe('maps');
    expect(await seriousFaults(lab.page)).toEqual([]);
    const width = 'width' in options ? options.width : 1280;
    expect(await lab.page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  });
});
