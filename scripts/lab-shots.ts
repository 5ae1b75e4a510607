/**
 * Pictures of every tab of the lab for the docs: `npm run lab:shots -- [TAB ...]`, written to docs/lab in headless Chromium. The
 * small network trains for 300 steps before; the tabs from Explain on show the trained CNN that comes with the page.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { withLab } from './lab-page.ts';
import { screenshot } from './screenshot.ts';

const STEPS = 300;
const out = fileURLToPath(new URL('../docs/lab', import.meta.url));

/** What is done in a tab before its picture is taken. */
const SHOTS: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  train: async page => {
    await page.evaluate(async () => await globalThis.weftLab.ask('train.judge'));
  },
  look: async page => {
    const maps = page.getByRole('application', { name: /^Maps of conv2\./ });
    await page.locator('.strip button', { hasText: 'conv2' }).click();
    const { width, height } = (await maps.boundingBox())!;
    await maps.click({ position: { x: width * 0.07, y: height * 0.4 } });
    await page.locator('.story .equation').first().waitFor();
    await page.getByRole('region', { name: 'Table of all layers' }).waitFor();
  },
  fork: async page => {
    await page.getByLabel('Fork at step').fill('137');
    await page.getByRole('button', { name: 'Fork at step 137' }).waitFor();
    await page.getByLabel('change').selectOption('learning rate');
    await page.getByRole('button', { name: 'Fork at step 137' }).click();
    await page.getByLabel('steps', { exact: true }).fill('40');
    await page.getByRole('button', { name: 'Run both' }).click();
    await page.getByText(/At step 177, /).waitFor();
  },
  explain: async page => {
    await page.locator('.method .waiting').first().waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.querySelectorAll('.method canvas').length >= 16);
    await page.waitForFunction(() => !document.querySelector('[role=progressbar]'));
  },
  study: async page => {
    await page.getByRole('button', { name: 'Do it: How alike the layers are' }).click();
    const found = page.getByRole('article', { name: 'How alike the layers are' });
    await found.locator('.made').waitFor();
    await found.evaluate(element => element.scrollIntoView());
  },
  mistakes: async page => {
    await page.getByRole('button', { name: /Find mistakes|Look again/ }).click();
    await page.locator('.found').waitFor();
    await page.waitForFunction(() => !document.querySelector('[role=progressbar]'));
  },
  kernels: async page => {
    await page.getByRole('button', { name: 'Measure the times' }).click();
    await page.getByRole('button', { name: 'Measure again' }).waitFor();
  },
  vgg16: async page => {
    await page.getByRole('button', { name: /^Load the weights/ }).click();
    await page.locator('.block').nth(4).waitFor();
    await page.waitForFunction(() => !document.querySelector('[role=progressbar]'));
  },
};

/** Shown of the small network, after these steps; the others of the one that comes trained. */
const OF_SMALL = ['train', 'look', 'fork'];

const wanted = process.argv.slice(2);
const unknown = wanted.find(name => !(name in SHOTS));
if (unknown !== undefined) {
  process.stderr.write(`There is no tab '${unknown}'; there are ${Object.keys(SHOTS).join(', ')}\n`);
  process.exit(2);
}

await mkdir(out, { recursive: true });
await withLab({ height: 1000, patience: 300_000 }, async page => {
  await page.getByRole('button', { name: 'No, thanks' }).click();
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);
  if (OF_SMALL.some(isWanted)) {
    await page.evaluate(async steps => await globalThis.weftLab.ask('train.run', { steps }), STEPS);
  }
  let isTrained = false;
  for (const [name, prepare] of Object.entries(SHOTS)) {
    if (!isWanted(name)) continue;
    if (!OF_SMALL.includes(name) && !isTrained) {
      await page.evaluate(async () => await globalThis.weftLab.ask('model.openTrained'));
      isTrained = true;
    }
    await page.locator(`nav a[href="#${name}"]`).click();
    await prepare(page);
    if (name !== 'study') await page.evaluate(() => scrollTo(0, 0));
    // What moves comes to rest.
    await page.waitForTimeout(1500);
    await writeFile(`${out}/${name}.webp`, await screenshot(page));
    process.stdout.write(`docs/lab/${name}.webp\n`);
  }
});
