import axeCore from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

declare global {
  var axe: { run(): Promise<axeCore.AxeResults> };
}

/** What axe calls serious or critical on a page as it is: rule and elements. */
export async function seriousFaults(page: Page): Promise<[rule: string, html: string[]][]> {
  await page.addScriptTag({ content: axeCore.source });
  const { violations, passes } = await page.evaluate(async () => await globalThis.axe.run());
  if (passes.length < 10) throw new Error(`axe looked at ${passes.length} rules; that is no page`);
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}

/** Serious faults are none, in the light, in the dark, and on a phone, where nothing is too wide. The page stays as on the phone. */
export async function expectNoFaults(page: Page): Promise<void> {
  expect(await seriousFaults(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await seriousFaults(page)).toEqual([]);
  await page.setViewportSize({ width: 390, height: 800 });
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { timeout: 110_000 }).toBe(390);
  expect(await seriousFaults(page)).toEqual([]);
}
