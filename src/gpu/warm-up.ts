import { alignUp } from './capabilities.ts';
import type { Device } from './device.ts';
import type { PipelineSource } from './pipelines.ts';

/** Milliseconds of compiling on one device before a second one is worth opening. */
const ALONE = 200;
/** Bytes bound for every binding: what the largest fixed-size binding, a uniform array, takes. */
const BOUND_BYTES = 64 << 10;
const INDIRECT_BYTES = 12;

/**
 * Compiles what is missing down to machine code, in parallel, so that the first step runs as fast as the second.
 *
 * GPU drivers do all of that in `createComputePipelineAsync`. Mesa's software driver does it at a pipeline's first
 * dispatch, on the one thread of the queue: seconds a kernel, one after another, in the middle of the first step. So
 * there each pipeline is dispatched once with no workgroups; and since the code goes to Mesa's cache on disk, other
 * devices, with threads of their own, can make it for this one.
 * @throws KernelError as `PipelineCache.prepare` does.
 */
export async function compileAll(
  device: Device,
  sources: readonly PipelineSource[],
  progress?: (done: number, total: number) => void,
): Promise<void> {
  const { pipelines } = device;
  if (!device.caps.software) return await pipelines.prepare(sources, progress);
  const cold = pipelines.cold(sources);
  await pipelines.prepare(cold);
  let next = 0;
  let done = 0;
  const work = async (on: Device, isHelper: boolean) => {
    while (next < cold.length) {
      const source = cold[next++]!;
      if (isHelper) await on.pipelines.prepare([source]);
      await dispatchNothing(on, [source]);
      if (!isHelper) pipelines.setWarm([source]);
      progress?.(++done, cold.length);
    }
  };
  const helpers = helpLater(device, () => cold.length - next, work);
  try {
    await work(device, false);
  } finally {
    await helpers.end();
  }
  // Whatever the others made comes from the disk now.
  const rest = pipelines.cold(cold);
  await dispatchNothing(device, rest);
  pipelines.setWarm(rest);
}

/** Opens further devices as soon as the work turns out to be long: with everything in Mesa's cache it never does. */
function helpLater(
  device: Device,
  left: () => number,
  work: (on: Device, isHelper: boolean) => Promise<void>,
): { end(): Promise<void> } {
  const running: Promise<void>[] = [];
  const help = async () => {
    try {
      using helper = await device.twin();
      await work(helper, true);
    } catch {
      // What it took and did not finish is still cold, and left to the device itself.
    }
  };
  const timer = setTimeout(() => {
    const count = Math.min(device.processors - 1, left());
    for (let i = 0; i < count; i++) running.push(help());
  }, ALONE);
  return {
    async end() {
      clearTimeout(timer);
      await Promise.all(running);
    },
  };
}

/** Each pipeline once, with no workgroups: indirectly, because Dawn warns of a direct dispatch of none. */
async function dispatchNothing(device: Device, sources: readonly PipelineSource[]): Promise<void> {
  if (sources.length === 0) return;
  const { handle, pipelines, buffers } = device;
  const most = Math.max(...sources.map(({ access }) => access.length));
  const bound = Array.from({ length: most }, (_, i) => buffers.acquire(alignUp(BOUND_BYTES), `warm-up ${i}`));
  const none = handle.createBuffer({ label: 'no workgroups', size: INDIRECT_BYTES, usage: GPUBufferUsage.INDIRECT });
  try {
    const encoder = handle.createCommandEncoder({ label: 'warm-up' });
    const pass = encoder.beginComputePass({ label: 'warm-up' });
    for (const source of sources) {
      pass.setPipeline(pipelines.get(source));
      const entries = source.access.map((_, binding) => ({ binding, resource: { buffer: bound[binding]! } }));
      pass.setBindGroup(0, handle.createBindGroup({ layout: pipelines.layout(source.access), entries }));
      pass.dispatchWorkgroupsIndirect(none, 0);
    }
    pass.end();
    handle.queue.submit([encoder.finish()]);
    await device.finish();
  } finally {
    none.destroy();
    for (const buffer of bound) buffers.release(buffer);
  }
}
