import axeCore from 'axe-core';
import type { Page } from 'playwright-core';

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
