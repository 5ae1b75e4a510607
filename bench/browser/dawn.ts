/** Takes the place of bench/peers/dawn.ts in a page: the browser's own WebGPU is there, and waits without spinning. */
import { openGpu } from '../../src/platform/browser.ts';
import type { GpuSource } from '../../src/platform/platform.ts';

export const openDawn = (adapter: string | undefined): Promise<GpuSource> =>
  openGpu(adapter === undefined ? {} : { adapter });

/** A page has a navigator. */
export function setNavigator(): void {}

export const resting = <T>(_: GpuSource, fn: () => Promise<T>): Promise<T> => fn();
