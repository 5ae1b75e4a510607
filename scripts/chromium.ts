import { existsSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, isAbsolute, join } from 'node:path';
import process from 'node:process';
import { type Browser, chromium, type Page } from 'playwright-core';

/**
 * The software adapter is what every machine has; nothing is fetched, nothing is remembered. The page is composed by the
 * same software Vulkan: without, a canvas of WebGPU has nothing to be shown with, and takes the GPU process with it.
 */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-angle=vulkan',
  '--use-vulkan=swiftshader',
  '--no-first-run',
  '--disable-quic',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
];

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Without an icon of its own the page would ask for one, and log that there is none. */
const HTML =
  '<!doctype html><title>weft</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>';

/** Path of the browser to test in. @throws Error that says how to get one: a missing browser is a failure. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string {
  const wanted = env.WEFT_CHROMIUM ? [env.WEFT_CHROMIUM] : NAMES;
  const folders = (env.PATH ?? '').split(delimiter).filter(isAbsolute);
  const paths = wanted.flatMap(name => (/[/\\]/.test(name) ? [name] : folders.map(folder => join(folder, name))));
  const found = [...paths, ...(env.WEFT_CHROMIUM ? [] : ELSEWHERE)].find(
    path => existsSync(path) && statSync(path).isFile(),
  );
  if (found) return found;
  throw new Error(
    `the browser tests need Chromium: ${wanted.join(', ')} is not on this machine; install it (Debian: apt-get install ` +
      'chromium) or name a Chrome or Chromium in WEFT_CHROMIUM',
  );
}

/** A page in headless Chromium that runs `script`, with everything it complained about. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly browser: Browser;
  /** Messages of uncaught exceptions and console errors, in order. */
  readonly errors: readonly string[];
}

/** A page of this machine itself, since WebGPU wants a secure context. */
export async function servePage(script: string, html = HTML): Promise<{ server: Server; address: string }> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
    response.end(isScript ? script : html);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { server, address: `http://localhost:${(server.address() as AddressInfo).port}/` };
}

/** Serves a module and opens it, in a document of its own or in one that loads `page.js`. */
export async function openPage(script: string, html?: string): Promise<OpenPage> {
  const executablePath = findChromium();
  const { server, address } = await servePage(script, html);
  const close = () => new Promise(resolve => server.close(resolve));
  let browser: Browser;
  try {
    browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  } catch (error) {
    await close();
    throw error;
  }
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(String(error)));
  page.on('console', message => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(address, { waitUntil: 'load' });
  return {
    page,
    browser,
    errors,
    async [Symbol.asyncDispose]() {
      await browser.close();
      await close();
    },
  };
}
