/** The studies of src/report/study, asked for in the page. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoFaults } from './axe.ts';
import { type OpenLab, openLab, PATIENT } from './lab-page.ts';

let lab: OpenLab;

beforeAll(async () => {
  lab = await openLab();
  await lab.page.evaluate(async () => await globalThis.weftLab.ask('train.run', { steps: 25 }));
  await lab.page.getByRole('link', { name: 'Study', exact: true }).click();
  await study('What a linear probe reads').waitFor();
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const study = (title: string) => lab.page.getByRole('article', { name: title });
const button = (title: string) => study(title).getByRole('button');

describe('the studies', () => {
  it('find out what they say, beside their controls, while the network trains on', async () => {
    await lab.page.getByLabel('beside the network').selectOption('its first weights');
    await lab.page.getByRole('button', { name: 'Do all' }).click();
    // What is studied has been copied.
    await lab.page.locator('.made').first().waitFor();
    await lab.page.evaluate(() => void globalThis.weftLab.ask('train.run', { steps: 10 }));
    const all = await lab.page.locator('.study .one').count();
    expect(all).toBe(14);
    await expect.poll(() => lab.page.locator('.findings').count(), { timeout: 500_000 }).toBe(all);
    await lab.page.getByRole('progressbar').waitFor({ state: 'detached' });
    expect(await lab.page.evaluate(() => globalThis.weftLab.state.value.training?.step)).toBe(35);
    expect(await lab.page.locator('.notice.problem').allInnerTexts()).toEqual([]);
    for (const one of await lab.page.locator('.study .one').all()) {
      expect(await one.locator('.made').innerText()).toMatch(
        /own, step 25; 50 held-back pictures; beside its first weights(; \S+ [mµ]?s)?$/,
      );
    }
    // The control knows nothing: its bar and its cell stand beside those of the network.
    expect(await study('What a linear probe reads').locator('table').innerText()).toMatch(/Random weights/i);
    expect(await study('What a linear probe reads').locator('svg.chart').count()).toBe(1);
    await study('How alike')
      .getByText(/its first weights/)
      .first()
      .waitFor();
  }, 600_000);

  it('can be saved as one page', async () => {
    const downloading = lab.page.waitForEvent('download');
    await lab.page.getByRole('button', { name: 'Save as a page' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^own-step-25-study\.html$/);
    const page = await readFile(await download.path(), 'utf8');
    expect(page.match(/<section>/g)).toHaveLength(15);
    expect(page).toContain('50 held-back pictures');
  }, 120_000);

  it('have no serious accessibility fault', async () => {
    await expectNoFaults(lab.page);
  }, 120_000);
});

describe('a study', () => {
  it('is of the network as it was, and says so', async () => {
    await lab.page.getByText(/^Found of own, step 25; the network is own, step 35 now\.$/).waitFor(PATIENT);
  });

  it('can be stopped at once, and done after all', async () => {
    await lab.page.getByLabel('pictures of each kind').selectOption('200');
    await button('What each channel is worth').click();
    await study('What each channel is worth').getByRole('button', { name: 'Stop' }).click();
    await lab.page.getByRole('progressbar').waitFor({ state: 'detached' });
    expect(await lab.page.locator('.notice.problem').count()).toBe(0);
    await lab.page.getByLabel('pictures of each kind').selectOption('100');
    await button('How sure it is').click();
    await expect.poll(() => study('How sure it is').locator('.made').innerText(), PATIENT).toMatch(/^own, step 35; /);
    // What was found of the network before is gone.
    expect(await lab.page.locator('.findings').count()).toBe(1);
    expect(lab.errors).toEqual([]);
  }, 240_000);
});
