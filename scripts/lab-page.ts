/** The lab in headless Chromium on SwiftShader, with the real pictures, as the scripts that watch it want it. */
import process from 'node:process';
import { chromium, type Page } from 'playwright-core';
import { serveSite } from '../src/cli/lab/serve.ts';
import { makeSite } from '../src/cli/lab/site.ts';
import { findDataSet } from '../src/data/find.ts';
import { nodeDataPlaces, nodeWeights } from '../src/platform/node.ts';
import { CHROMIUM_FLAGS, findChromium } from './chromium.ts';

/** Serves the lab, opens it with its small network, and hands the page to `use`. @param patience of each wait, in milliseconds. */
export async function withLab(
  { height, patience }: { readonly height: number; readonly patience: number },
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const data = await findDataSet(nodeDataPlaces(), line => process.stderr.write(`${line}\n`));
  await using served = await serveSite(await makeSite(data, undefined, nodeWeights()), 0);
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height } });
    page.setDefaultTimeout(patience);
    await page.goto(served.address);
    await page.waitForFunction(() => globalThis.weftLab?.state.value.training);
    await use(page);
  } finally {
    await browser.close();
  }
}
