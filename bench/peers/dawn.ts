import process from 'node:process';
import { openGpu } from '../../src/platform/node.ts';
import type { GpuSource } from '../../src/platform/platform.ts';

/**
 * Dawn as weft opens it, put where frameworks for browsers look for it: the same adapter, toggles and robustness for
 * all. Held for the life of the process: those frameworks have no way to close their device.
 */
export async function openDawn(adapter: string | undefined): Promise<GpuSource> {
  const source = await openGpu(adapter === undefined ? {} : { adapter });
  const gpu = {
    requestAdapter: () => source.requestAdapter(),
    getPreferredCanvasFormat: () => 'bgra8unorm',
    wgslLanguageFeatures: new Set<string>(),
  };
  setNavigator({ gpu });
  return source;
}

/** What frameworks ask a browser for. The number of processors decides how many threads they start. */
export function setNavigator(more: object): void {
  const value = { userAgent: 'Node', platform: process.platform, hardwareConcurrency: 2, ...more };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true, writable: true });
}

/** Rests while `fn` waits for a device, as weft rests: the same courtesy to everybody. */
export async function resting<T>(source: GpuSource, fn: () => Promise<T>): Promise<T> {
  let pending = true;
  source.rest?.(() => pending);
  try {
    return await fn();
  } finally {
    pending = false;
  }
}
