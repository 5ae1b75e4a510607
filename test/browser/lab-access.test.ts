import { gzipSync } from 'node:zlib';
import axeCore from 'axe-core';
import { afterEach, describe, expect, it } from 'vitest';
import { bundleLab } from '../../src/cli/lab/site.ts';
import { type LabPageOptions, type OpenLab, openLab } from './lab-page.ts';

let lab: OpenLab;
afterEach(async () => await lab?.[Symbol.asyncDispose]());

describe('the page can be used by everybody', () => {
  const views: [string, LabPageOptions][] = [
    ['in the light', {}],
    ['in the dark', { dark: true }],
    ['on a phone', { width: 390 }],
  ];

  it.each(views)('%s axe finds no serious fault', async (_, options) => {
    lab = await openLab(options);
    await lab.page.evaluate(async () => await globalThis.weftLab.ask('train.judge'));
    await lab.page.getByRole('button', { name: 'Change layers' }).click();
    await lab.page.addScriptTag({ content: axeCore.source });
    const { violations, passes } = await lab.page.evaluate(async () => await globalThis.axe.run());
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    expect(passes.length).toBeGreaterThan(15);
  });

  it('on a phone nothing is wider than the screen', async () => {
    lab = await openLab({ width: 390 });
    expect(await lab.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  it('trains by the keyboard alone', async () => {
    lab = await openLab();
    for (let i = 0; i < 20; i++) {
      await lab.page.keyboard.press('Tab');
      if (await lab.page.evaluate(() => document.activeElement?.textContent === 'One step')) break;
    }
    await lab.page.keyboard.press('Enter');
    await lab.page.waitForFunction(() => globalThis.weftLab.state.value.training?.step === 1);
  });
});

describe('the page is light', () => {
  it('scripts and style of page and workers weigh less than 400 kB, packed', async () => {
    const sizes = Array.from(await bundleLab(), ([name, bytes]) => [name, gzipSync(bytes).length] as const);
    const names = sizes.map(([name]) => name).filter(name => !/^\w+-[0-9A-Z]{8}\.js$/.test(name));
    expect(names.sort()).toEqual(['index.html', 'page.css', 'page.js', 'study.js', 'worker.js']);
    expect(sizes.reduce((sum, [, size]) => sum + size, 0)).toBeLessThan(400_000);
  });
});

declare global {
  var axe: { run(): Promise<axeCore.AxeResults> };
}
