import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, type OpenPage, openPage } from '../../scripts/chromium.ts';
import { type Bundle, bundleForBrowser } from '../support/bundle.ts';
import { gpuEngine } from '../support/engine.ts';
import { BATCH, type Outcome, SIZE, STEPS, trainSmallCnn } from './training.ts';

/**
 * Two adapters may sum in other orders and round exp, log and sqrt otherwise, nothing else: the longest sum of a step, a
 * kernel's gradient over all pixels of a batch, is off by sqrt(length) roundings, and Adam, which divides a gradient by
 * its own size, does not enlarge that. Another random bit, batch or update would show in the third digit.
 */
const TOLERANCE = 2 * Math.sqrt(BATCH * SIZE * SIZE) * 2 ** -24;

describe('the same source in Node and in the browser', () => {
  let opened: OpenPage;
  let inPage: Outcome;
  let inNode: Outcome;

  beforeAll(async () => {
    const { text } = await bundleForBrowser('test/browser/page.ts');
    opened = await openPage(text);
    inPage = await opened.page.evaluate(() => globalThis.trainInPage());
    inNode = await trainSmallCnn(await gpuEngine());
  });
  afterAll(async () => await opened?.[Symbol.asyncDispose]());

  it('runs on two adapters, and learns', () => {
    expect(inPage.adapter).not.toBe(inNode.adapter);
    for (const { losses } of [inPage, inNode]) {
      expect(losses).toHaveLength(STEPS);
      expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
    }
  });

  it(`gives the same ${STEPS} losses to within ${TOLERANCE.toExponential(1)}`, () => {
    const differences = inPage.losses.map((loss, i) => Math.abs(loss - inNode.losses[i]!) / inNode.losses[i]!);
    expect(Math.max(...differences)).toBeLessThan(TOLERANCE);
  });

  it('reports the same epochs from fit', () => {
    expect(inPage.history).toHaveLength(2);
    inPage.history.forEach(({ loss, accuracy, valLoss, valAccuracy }, i) => {
      const there = inNode.history[i]!;
      expect(Math.abs(loss - there.loss) / there.loss).toBeLessThan(TOLERANCE);
      expect(Math.abs(valLoss! - there.valLoss!) / there.valLoss!).toBeLessThan(TOLERANCE);
      expect({ accuracy, valAccuracy }).toEqual({ accuracy: there.accuracy, valAccuracy: there.valAccuracy });
    });
  });

  it('gives the same bits eagerly and compiled, here and there', () => {
    for (const { eager, compiled } of [inPage, inNode]) {
      expect(new Set(compiled).size).toBeGreaterThan(100);
      expect(compiled).toEqual(eager);
    }
  });

  it('logs no error in the page', () => {
    expect(opened.errors).toEqual([]);
  });
});

describe('a bundle for browsers', () => {
  const entries = ['test/browser/page.ts', 'src/index.ts', 'src/browser.ts'];

  it.each(entries)('of %s contains neither node: nor Dawn', async entry => {
    const bundle: Bundle = await bundleForBrowser(entry);
    expect(bundle.text).not.toMatch(/["'`]node:/);
    expect(bundle.text).not.toMatch(/(from|import|require)\s*\(?\s*["']webgpu["']/);
    expect(bundle.files.filter(file => /platform\/node|node_modules\/webgpu\//.test(file))).toEqual([]);
  });

  it('would be refused with them', async () => {
    await expect(bundleForBrowser('src/node.ts')).rejects.toThrow(/Could not resolve "node:/);
  });
});

describe('without a browser', () => {
  it('says what to install', () => {
    expect(() => findChromium({ WEFT_CHROMIUM: '/nowhere/chrome' })).toThrow(
      'the browser tests need Chromium: /nowhere/chrome is not on this machine; install it (Debian: apt-get install chromium)',
    );
  });
});
