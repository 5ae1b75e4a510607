import type * as Tf from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';
import { create, globals } from 'webgpu';

/** tfjs-webgpu in Node: Dawn stands in for the browser's navigator.gpu. */
export interface Tfjs {
  readonly tf: typeof Tf;
  readonly layers: typeof Layers;
  readonly version: string;
  /** Waits until everything submitted has run. */
  finish(): Promise<void>;
}

/** `flags`: the Dawn toggles that weft runs with, so that both stand on the same ground. */
export async function openTfjs(flags: string[]): Promise<Tfjs> {
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  const navigator = { gpu: create(flags), userAgent: 'node', platform: process.platform };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true, writable: true });
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-webgpu');
  const layers = await import('@tensorflow/tfjs-layers');
  await tf.setBackend('webgpu');
  await tf.ready();
  if (tf.getBackend() !== 'webgpu') throw new Error(`tfjs chose the backend ${tf.getBackend()}, not webgpu`);
  return {
    tf,
    layers,
    version: tf.version_core,
    // A read waits for all that was queued before it.
    finish: async () => {
      const probe = tf.tidy(() => tf.add(tf.zeros([1]), 1));
      await probe.data();
      probe.dispose();
    },
  };
}
