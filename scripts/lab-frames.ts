/**
 * How evenly the page of the lab moves while its small network trains: `npm run lab:frames -- [SECONDS]`, in headless Chromium
 * on SwiftShader, where one processor does what a GPU would and draws the page besides. A frame is the time from one
 * animation frame of the page to the next: the browser asks for the next one when it has room for another picture.
 */
import process from 'node:process';
import type { Page } from 'playwright-core';
import { withLab } from './lab-page.ts';

/** Milliseconds that 19 of 20 frames may take at most. */
const LIMIT = 100;
/** Tabs that show a training under way. */
const TABS = ['Train', 'Look'];

const seconds = Number(process.argv[2] ?? 20);
if (!(seconds >= 1)) {
  process.stderr.write('Usage: npm run lab:frames -- [SECONDS], at least 1 for each tab\n');
  process.exit(2);
}

await withLab({ height: 900, patience: 110_000 }, async page => {
  const adapter = await page.getByRole('status').textContent();
  process.stdout.write(`The small network trains on ${adapter}; milliseconds from frame to frame:\n`);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.waitForFunction(() => globalThis.weftLab.state.value.training!.step >= 20);
  let isWithin = true;
  for (const tab of TABS) {
    await page.getByRole('link', { name: tab, exact: true }).click();
    // What the tab makes once, when it is opened, is not what this is about.
    await page.waitForTimeout(5000);
    const { intervals, steps } = await watch(page, seconds);
    const [middle, most] = [quantile(intervals, 0.5), quantile(intervals, 0.95)];
    isWithin &&= most <= LIMIT;
    const figures = `median ${middle.toFixed(0)}, 95th percentile ${most.toFixed(0)}, longest ${Math.max(...intervals).toFixed(0)}`;
    process.stdout.write(
      `  ${tab}: ${figures} (${intervals.length} frames, ${(steps / seconds).toFixed(1)} steps/s)\n`,
    );
  }
  process.stdout.write(`${isWithin ? 'Within' : 'Over'} ${LIMIT} ms at the 95th percentile.\n`);
  if (!isWithin) process.exitCode = 1;
});

/** Times between frames over so many seconds, and the training steps that were made in them. */
async function watch(page: Page, length: number): Promise<{ intervals: number[]; steps: number }> {
  return await page.evaluate(async milliseconds => {
    const { state } = globalThis.weftLab;
    const first = state.value.training!.step;
    const intervals: number[] = [];
    const end = performance.now() + milliseconds;
    let last = performance.now();
    while (last < end) {
      const now = await new Promise<number>(requestAnimationFrame);
      intervals.push(now - last);
      last = now;
    }
    // The first is from some moment within a frame.
    return { intervals: intervals.slice(1), steps: state.value.training!.step - first };
  }, 1000 * length);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
