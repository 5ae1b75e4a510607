/** `npm run docs:report -- REPORT.html`: the picture of the README, the top of a comparison's page, written to docs/compare.webp. */
import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from './chromium.ts';
import { screenshot } from './screenshot.ts';

const [report] = process.argv.slice(2);
if (report === undefined) {
  process.stderr.write('Usage: npm run docs:report -- REPORT.html\n');
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS });
try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 860 } });
  await page.goto(pathToFileURL(report).href);
  await writeFile(fileURLToPath(new URL('../docs/compare.webp', import.meta.url)), await screenshot(page));
} finally {
  await browser.close();
}
