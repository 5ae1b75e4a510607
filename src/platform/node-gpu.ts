import { availableParallelism } from 'node:os';
import process from 'node:process';
import { AdapterError } from './errors.ts';
import { type AdapterName, type GpuOptions, type GpuSource, SOFTWARE_NAMES } from './platform.ts';

/** Dawn's Node binding, loaded on first use: it is 20 MB of native code that `--help` has no need of. */
async function loadDawn(): Promise<(flags: string[]) => GPU> {
  let dawn: typeof import('webgpu');
  try {
    dawn = await import('webgpu');
  } catch (cause) {
    throw new AdapterError(
      `the package 'webgpu' (Dawn) has no build for ${process.platform}-${process.arch} or is not installed; ` +
        'run npm ci, on Linux x64 or arm64, macOS or Windows',
      { cause },
    );
  }
  // GPUBufferUsage, GPUMapMode and the rest, which a browser has as globals.
  for (const [name, value] of Object.entries(dawn.globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return dawn.create;
}

/** All adapters that Dawn accepts here, in no particular order. Empty when there is none. */
export async function listAdapters(): Promise<AdapterName[]> {
  const create = await loadDawn();
  try {
    // The binding tells the names only in the message about a name that does not exist.
    const gpu = create(['adapter=?']);
    await gpu.requestAdapter();
    return [];
  } catch (error) {
    const found = String((error as Error).message).matchAll(/backend: '([^']*)', name: '(.*)'/g);
    return Array.from(found, ([, backend, name]) => ({
      backend: backend!,
      name: name!,
      software: SOFTWARE_NAMES.test(name!),
    }));
  }
}

/**
 * Opens Dawn. See `GpuOptions` for what can be chosen; the environment variable WEFT_ADAPTER stands in for `adapter`.
 *
 * With many Vulkan drivers Dawn writes two harmless lines to stderr ("maxDynamic... artificially reduced ..."). It has no
 * setting against them, and pointing descriptor 2 elsewhere meanwhile would not do: Node has no dup2, and between close
 * and open another thread's file would become stderr.
 */
export async function openGpu(options: GpuOptions = {}): Promise<GpuSource> {
  const create = await loadDawn();
  const flags = ['disable-dawn-features=timestamp_quantization'];
  if (options.robustness === false) flags.push('enable-dawn-features=allow_unsafe_apis,disable_robustness');
  const wanted = options.adapter ?? process.env.WEFT_ADAPTER;
  if (wanted) {
    const { backend, name } = await chooseAdapter(wanted);
    flags.push(`adapter=${name}`, `backend=${backend}`);
  }
  // Collected too early, this object takes every pending promise with it; kept too long, it keeps the process alive.
  let gpu: GPU | undefined = create(flags);
  let isClosed = false;
  return {
    async requestAdapter() {
      const open = gpu;
      if (!open || isClosed) throw new AdapterError('the GPU source was closed; open a new one with openGpu()');
      // Dawn puts discrete before integrated and both before CPU adapters.
      const adapter = await open.requestAdapter({ powerPreference: 'high-performance' });
      if (!adapter) throw new AdapterError(`no WebGPU adapter found; ${adapterRemedy()}`);
      return adapter;
    },
    rest,
    processors: availableParallelism(),
    close() {
      isClosed = true;
      // The binding has one more look at its events in the event loop, also when nothing is pending any more.
      setTimeout(() => {
        gpu = undefined;
      }, LAST_LOOK);
    },
  };
}

async function chooseAdapter(wanted: string): Promise<AdapterName> {
  const all = await listAdapters();
  if (all.length === 0) throw new AdapterError(`no WebGPU adapter found; ${adapterRemedy()}`);
  const part = wanted.toLowerCase();
  const match =
    all.find(a => a.name.toLowerCase() === part) ??
    all.find(a => (part === 'software' ? a.software : a.name.toLowerCase().includes(part)));
  if (match) return match;
  const names = all.map(a => `'${a.name}' (${a.backend})`).join(', ');
  const remedy = part === 'software' ? adapterRemedy() : `choose one of those, by a part of its name`;
  throw new AdapterError(`no adapter matches '${wanted}'; there is ${names}; ${remedy}`);
}

/** What to install so that this machine gets an adapter, as the end of a sentence. */
export function adapterRemedy(): string {
  if (process.platform === 'darwin') return 'WebGPU needs a Mac with Metal';
  if (process.platform === 'win32') return 'install a graphics driver with Direct3D 12';
  return (
    'install a Vulkan driver of Mesa 23.1 or newer (Debian, Ubuntu, Fedora: mesa-vulkan-drivers, Arch: vulkan-swrast, ' +
    'Alpine: mesa-vulkan-swrast, openSUSE: libvulkan_lvp) and its loader (libvulkan1, vulkan-loader, ' +
    'vulkan-icd-loader); in a clone of weft, ./weft doctor does so on Debian and Ubuntu'
  );
}

/** Milliseconds in which the event loop turns some times, also where each turn sleeps. */
const LAST_LOOK = 20;

const waiting = new Set<() => boolean>();
const cell = new Int32Array(new SharedArrayBuffer(4));
/** Milliseconds that a wait may be spent awake. */
const AWAKE = 0.2;
/** After so many waits that took longer, one is spent awake again, to see whether work has become small. */
const PROBE_EVERY = 16;
let since = 0;
/** Waits in a row, up to now, that did not end while awake. */
let long = 0;

/**
 * Sleeps a millisecond in every turn of the event loop until nothing is pending: the binding polls the device from that
 * loop without ever sleeping, which costs a core that a software adapter needs for its work. Small work is done before a sleep
 * would end: while waits are short, their first moments are spent awake.
 */
function rest(pending: () => boolean): void {
  if (!pending()) return;
  // Another wait begins where one ended: how long was that?
  const isNext = waiting.has(pending);
  const now = performance.now();
  if (isNext && now - since <= AWAKE) long = 0;
  since = now;
  if (isNext) return;
  waiting.add(pending);
  if (waiting.size === 1) setImmediate(sleep);
}

function sleep(): void {
  for (const pending of waiting) if (!pending()) waiting.delete(pending);
  const waited = performance.now() - since;
  if (waiting.size === 0) {
    if (waited <= AWAKE) long = 0;
    return;
  }
  const isAwake = long % PROBE_EVERY === 0;
  if (waited > AWAKE || !isAwake) {
    Atomics.wait(cell, 0, 0, 1);
    long++;
  }
  setImmediate(sleep);
}
