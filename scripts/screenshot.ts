import { Buffer } from 'node:buffer';
import type { Page } from 'playwright-core';

/** What the window shows, as WebP: half as large as JPEG and PNG, which are all that Playwright takes. */
export async function screenshot(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 50 });
  return Buffer.from(data, 'base64');
}
