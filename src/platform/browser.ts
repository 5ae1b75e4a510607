import { AdapterError, FileError } from './errors.ts';
import type { FileStore, GpuOptions, GpuSource, Platform } from './platform.ts';

/**
 * weft in a page or a worker. A page cannot choose an adapter by name or switch bounds checks off: `adapter:
 * 'software'` asks for the fallback adapter, any other name is refused by what the adapter says of itself.
 */
export const browserPlatform: Platform = { name: 'browser', openGpu };

/** Opens the browser's WebGPU. @throws AdapterError when there is none. */
export async function openGpu(options: GpuOptions = {}): Promise<GpuSource> {
  const gpu = globalThis.navigator?.gpu as GPU | undefined;
  if (!gpu) {
    throw new AdapterError(
      'this browser gives no WebGPU here (navigator.gpu is missing); use a current Chrome, Edge, Firefox or Safari, and ' +
        'open the page over https or from localhost',
    );
  }
  const software = options.adapter?.toLowerCase() === 'software';
  return {
    async requestAdapter() {
      const adapter = await gpu.requestAdapter(
        software ? { forceFallbackAdapter: true } : { powerPreference: 'high-performance' },
      );
      if (!adapter) {
        throw new AdapterError(
          `the browser found no ${software ? 'software ' : ''}WebGPU adapter; see chrome://gpu or about:support for the ` +
            'reason, and switch on hardware acceleration in its settings',
        );
      }
      if (options.adapter && !software) refuseOther(adapter, options.adapter);
      return adapter;
    },
    close() {},
  };
}

function refuseOther(adapter: GPUAdapter, wanted: string): void {
  const { vendor, architecture, device, description } = adapter.info;
  const name = [vendor, architecture, device, description].filter(Boolean).join(' ');
  if (name.toLowerCase().includes(wanted.toLowerCase())) return;
  throw new AdapterError(
    `no adapter matches '${wanted}'; the browser offers '${name}' and lets no page choose another`,
  );
}

/** Files beside the page, by address. Read-only: results leave a page as downloads, which the application makes. */
export const browserFiles: FileStore = {
  async read(path) {
    const response = await fetch(path).catch((cause: unknown) => {
      throw new FileError(`${path}: cannot fetch: ${String(cause)}; check the address and the network`, { cause });
    });
    if (!response.ok) {
      throw new FileError(`${path}: the server answers ${response.status} ${response.statusText}; check the address`);
    }
    return new Uint8Array(await response.arrayBuffer());
  },

  async write(path) {
    throw new FileError(`${path}: a page cannot write files; offer the bytes as a download instead`);
  },

  async exists(path) {
    return await fetch(path, { method: 'HEAD' }).then(
      response => response.ok,
      () => false,
    );
  },
};
