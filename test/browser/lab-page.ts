/** The lab in headless Chromium, on pictures that are drawn here. */
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { type Network, networkOf } from '../../lab/network.ts';
import { toParams } from '../../lab/page/share.ts';
import type { Moment } from '../../lab/protocol.ts';
import { offers } from '../../lab/worker/recipes.ts';
import { CHROMIUM_FLAGS, findChromium } from '../../scripts/chromium.ts';
import { serveSite } from '../../src/cli/lab/serve.ts';
import { makeSite, type Site } from '../../src/cli/lab/site.ts';
import { type DataSet, makeImageData } from '../../src/data/dataset.ts';
import type { DataSource } from '../../src/platform/platform.ts';
import type { RunFolder } from '../../src/train/run-folder.ts';

/** A processor plays the GPU, beside other tests; one that hangs ends by this limit. */
export const PATIENT = { timeout: 110_000 };

export interface OpenLab extends AsyncDisposable {
  readonly page: Page;
  readonly browser: Browser;
  readonly address: string;
  /** Of the training so far. */
  history(): Promise<readonly Moment[]>;
  /** Messages of uncaught exceptions and console errors, in order. */
  readonly errors: readonly string[];
}

export interface LabPageOptions {
  /** Default true. */
  readonly webgpu?: boolean;
  readonly width?: number;
  readonly dark?: boolean;
  /** Default: `drawnSite()`. */
  readonly site?: Site;
  /** What the address names behind `#train`; default: a tiny network. */
  readonly params?: Readonly<Record<string, string>>;
}

/** Opens the lab and waits until it can be used. */
export async function openLab(options: LabPageOptions = {}): Promise<OpenLab> {
  const { webgpu = true, width = 1280, dark = false } = options;
  const served = await serveSite(options.site ?? (await drawnSite()), 0);
  const args = CHROMIUM_FLAGS.filter(flag => webgpu || !/webgpu|vulkan/i.test(flag));
  const browser = await chromium.launch({ executablePath: findChromium(), args });
  const colorScheme = dark ? 'dark' : 'light';
  // What fades in, or from one colour to the next, would be judged on its way.
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' });
  page.setDefaultTimeout(PATIENT.timeout);
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(String(error)));
  page.on('console', message => {
    if (message.type() === 'error') errors.push(message.text());
  });
  const params = options.params ?? (await toParams(TINY, offers));
  await page.goto(`${served.address}#train?${new URLSearchParams(params)}`);
  await page.waitForSelector('.layers li');
  return {
    ...{ page, browser, address: served.address, errors },
    history: async () => await page.evaluate(() => globalThis.weftLab.moments.value),
    async [Symbol.asyncDispose]() {
      await browser.close();
      await served[Symbol.asyncDispose]();
    },
  };
}

/** What is to be seen on a canvas: its pixels as 0xAABBGGRR, row by row. */
export async function pixelsOf(
  page: Page,
  canvas: Locator,
): Promise<{ width: number; height: number; pixels: number[] }> {
  // The picture is there with the next frame.
  await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return await canvas.evaluate(element => {
    const { width, height } = element as HTMLCanvasElement;
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(element as HTMLCanvasElement, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, pixels: Array.from(new Uint32Array(data.buffer)) };
  });
}

const [SIZE, CLASSES] = [28, 10];

/** Trained in no time, also by a processor that plays the GPU beside other tests. */
const TINY: Network = {
  config: networkOf(
    'own',
    [SIZE, SIZE, 1],
    [
      { type: 'conv2d', name: 'conv1', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
      { type: 'maxPool2d', name: 'pool1', window: 2 },
      { type: 'conv2d', name: 'conv2', filters: 6, kernelSize: 3, padding: 'same', activation: 'relu' },
      { type: 'maxPool2d', name: 'pool2', window: 2 },
      { type: 'flatten', name: 'flatten' },
      { type: 'dropout', name: 'dropout', rate: 0.25 },
      { type: 'dense', name: 'logits', units: CLASSES },
    ],
  ),
  training: { optimizer: 'adam', batch: 16, learningRate: 5e-3 },
  seed: 1,
};

/** The lab with pictures that can be told apart in a few steps. @param weights where those of VGG16 lie. */
export async function drawnSite(weights?: DataSource, run?: RunFolder): Promise<Site> {
  return await makeSite(await drawnData(), run, weights);
}

export async function drawnData(): Promise<DataSet> {
  const [train, test] = [await drawPictures(600), await drawPictures(20)];
  return { name: 'bars', where: 'bars', train, test };
}

/** Each class is a bar at its own angle, over a pattern that tells nothing. */
async function drawPictures(count: number) {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
  const images = new Uint8Array(count * SIZE * SIZE);
  const middle = (SIZE - 1) / 2;
  for (let i = 0; i < count; i++) {
    const angle = (Math.PI * labels[i]!) / CLASSES;
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const distance = (x - middle) * Math.sin(angle) - (y - middle) * Math.cos(angle);
        const pattern = (i * 31 + y * 57 + x * 113 + x * y * (i % 7)) % 60;
        images[(i * SIZE + y) * SIZE + x] = Math.round(190 * Math.exp(-(distance ** 2) / 6) + pattern);
      }
    }
  }
  const classes = Array.from({ length: CLASSES }, (_, k) => `${18 * k}°`);
  const shape = [count, SIZE, SIZE];
  return await makeImageData({ images, shape, labels, classes, name: 'bars', where: 'bars' });
}
