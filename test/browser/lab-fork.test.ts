import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { seriousFaults } from './axe.ts';
import { type OpenLab, openLab, PATIENT, pixelsOf } from './lab-page.ts';

/** Steps made before, the one that is forked at, and steps made of both branches. */
const [MADE, AT, STEPS] = [20, 12, 6];

let lab: OpenLab;

beforeAll(async () => {
  lab = await openLab();
  await lab.page.evaluate(async steps => await globalThis.weftLab.ask('train.run', { steps }), MADE);
  await lab.page.getByRole('link', { name: 'Fork', exact: true }).click();
  await goTo(AT);
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const button = (name: string | RegExp) => lab.page.getByRole('button', { name, exact: true });
const verdict = () => lab.page.locator('.verdict').innerText();
const weights = async () =>
  await lab.page.evaluate(async () =>
    Array.from(await globalThis.weftLab.ask('train.export', { format: 'safetensors' })),
  );

/** Moves the slider of the step to fork at. */
async function goTo(step: number): Promise<void> {
  await lab.page.getByLabel('Fork at step').fill(String(step));
  await button(`Fork at step ${step}`).waitFor();
}

/** Forks where training stands, and runs both. */
async function forkAndRun(): Promise<void> {
  await button(`Fork at step ${AT}`).click();
  await lab.page.getByLabel('steps', { exact: true }).fill(String(STEPS));
  await button('Run both').click();
  await expect.poll(verdict, { timeout: 110_000 }).toMatch(new RegExp(`at step ${AT + STEPS}`, 'i'));
}

/** Gives a branch up, and goes back to where it began. */
afterEach(async () => {
  if ((await button('Drop it').count()) === 0) return;
  await button('Drop it').click();
  await goTo(AT);
});

describe('a branch', () => {
  it('without a change has the same bits, and the original those of the first time', async () => {
    const { loss } = (await lab.history())[AT + STEPS - 1]!;
    await forkAndRun();
    expect(await verdict()).toMatch(/^The same bits: all [\d,]+ numbers .* losses of all 6 steps since\.$/);
    const texts = await lab.page.locator('.chart').first().locator('.key b').allTextContents();
    expect(texts).toEqual([loss.toFixed(3), loss.toFixed(3)]);
    const maps = (side: string) =>
      pixelsOf(lab.page, lab.page.getByRole('img', { name: `Maps of conv1, ${side}`, exact: true }));
    const [original, branch, difference] = [
      await maps('original'),
      await maps('branch'),
      await maps('branch minus original'),
    ];
    expect(new Set(original.pixels).size).toBeGreaterThan(20);
    expect(branch.pixels).toEqual(original.pixels);
    // Nothing but zero, and the gaps between the maps.
    expect(new Set(difference.pixels).size).toBe(2);
    expect(await seriousFaults(lab.page)).toEqual([]);
  });

  it('with another learning rate has the loss of the first step, and others from the second on', async () => {
    await lab.page.getByLabel('change').selectOption('learning rate');
    await forkAndRun();
    expect(await verdict()).toMatch(
      new RegExp(`^The losses first differ at step ${AT + 2}\\. Step ${AT + 1} has the same`),
    );
    const [original, branch] = await lab.page.locator('.chart').first().locator('.key b').allTextContents();
    expect(branch).not.toBe(original);
    const difference = lab.page.getByRole('img', { name: 'Filters of conv1, branch minus original' });
    expect(new Set((await pixelsOf(lab.page, difference)).pixels).size).toBeGreaterThan(10);
  });

  it.each(['set to zero', 'negated', 'drawn anew'])('with a filter %s differs in that filter at once', async fate => {
    await lab.page.getByLabel('change').selectOption('a filter');
    await lab.page.getByRole('combobox', { name: 'is', exact: true }).selectOption(fate);
    await button(`Fork at step ${AT}`).click();
    await expect.poll(verdict, PATIENT).toMatch(/^No loss differs so far\. At step 12, 9 of [\d,]+ numbers/);
    expect(await lab.page.locator('.told').innerText()).toContain(`filter 0 of conv1.kernel ${fate}`);
  });

  it('says so when the original was taken elsewhere, and is brought back by a run', async () => {
    await forkAndRun();
    await lab.page.evaluate(async step => await globalThis.weftLab.ask('train.goTo', { step }), AT);
    const note = lab.page.getByRole('note').filter({ hasText: `the original was taken to step ${AT}` });
    await note.waitFor();
    await button('Run both').click();
    await note.waitFor({ state: 'detached' });
    await expect.poll(verdict, PATIENT).toMatch(new RegExp(`^The same bits: .* at step ${AT + 2 * STEPS} `));
  });

  it('with another label of a picture of the next step differs from that step on, and can be kept', async () => {
    await lab.page.getByLabel('change').selectOption('a label');
    expect(await lab.page.locator('.batch button').count()).toBe(16);
    expect(await seriousFaults(lab.page)).toEqual([]);
    const before = await weights();
    await forkAndRun();
    expect(await verdict()).toMatch(new RegExp(`^The losses first differ at step ${AT + 1}\\.`));
    const original = await weights();
    expect(original).not.toEqual(before);
    await button('Keep this branch').click();
    await button(`Fork at step ${AT + STEPS}`).waitFor();
    expect(await weights()).not.toEqual(original);
    // Its past is that of both.
    await goTo(AT);
    expect(await weights()).toEqual(before);
  });

  it('fits a phone', async () => {
    await lab.page.setViewportSize({ width: 390, height: 800 });
    await button(/^Fork at step/).click();
    await button('Drop it').waitFor();
    expect(await lab.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await seriousFaults(lab.page)).toEqual([]);
  });

  it('logs no error in the page', () => {
    expect(lab.errors).toEqual([]);
  });
});
