import type { BoundDispatch } from './binder.ts';
import { encode } from './binder.ts';
import type { Device } from './device.ts';

/**
 * Milliseconds of each dispatch, the median of `repeats` rounds. Timestamps exist only at pass boundaries, so every
 * dispatch gets a pass of its own: the sum is a little more than the step, which runs as one pass.
 */
export async function profileDispatches(
  device: Device,
  work: readonly BoundDispatch[],
  repeats: number,
): Promise<number[]> {
  const rounds: number[][] = [];
  for (let round = 0; round < repeats; round++) {
    rounds.push(device.caps.timestamps ? await timestampRound(device, work) : await wallRound(device, work));
  }
  return work.map((_, i) => median(rounds.map(times => times[i]!)));
}

const TIMESTAMPS_PER_SET = 4096;

async function timestampRound(device: Device, work: readonly BoundDispatch[]): Promise<number[]> {
  const times: number[] = [];
  for (let start = 0; start < work.length; start += TIMESTAMPS_PER_SET / 2) {
    times.push(...(await timestampPart(device, work.slice(start, start + TIMESTAMPS_PER_SET / 2))));
  }
  return times;
}

async function timestampPart(device: Device, work: readonly BoundDispatch[]): Promise<number[]> {
  const { handle } = device;
  const count = work.length * 2;
  const querySet = handle.createQuerySet({ type: 'timestamp', count });
  const resolved = handle.createBuffer({
    label: 'timestamps',
    size: count * 8,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  try {
    const encoder = handle.createCommandEncoder({ label: 'profile' });
    work.forEach(({ pipeline, group, dispatch }, i) => {
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
      });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...dispatch.workgroups);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    handle.queue.submit([encoder.finish()]);
    const ticks = new BigUint64Array(await device.read(resolved, 0, count * 8));
    return work.map((_, i) => Number(ticks[2 * i + 1]! - ticks[2 * i]!) / 1e6);
  } finally {
    resolved.destroy();
    querySet.destroy();
  }
}

/**
 * Milliseconds of one run of all of `work`, from `times` runs in a row in one pass: by timestamps where there are, else
 * from submission to the end.
 */
export async function timeTogether(device: Device, work: readonly BoundDispatch[], times: number): Promise<number> {
  const { handle } = device;
  const all = Array.from({ length: times }, () => work).flat();
  await device.finish();
  if (!device.caps.timestamps) {
    const start = performance.now();
    handle.queue.submit([encode(handle, all, 'time')]);
    await device.finish();
    return (performance.now() - start) / times;
  }
  const querySet = handle.createQuerySet({ type: 'timestamp', count: 2 });
  const resolved = handle.createBuffer({
    label: 'timestamps',
    size: 16,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  try {
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
    handle.queue.submit([encode(handle, all, 'time', timestampWrites)]);
    const encoder = handle.createCommandEncoder({ label: 'time' });
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    handle.queue.submit([encoder.finish()]);
    const [begin, end] = new BigUint64Array(await device.read(resolved, 0, 16));
    return Number(end! - begin!) / 1e6 / times;
  } finally {
    resolved.destroy();
    querySet.destroy();
  }
}

/** Without timestamps: each dispatch alone, often enough that the wait around it hardly counts. */
async function wallRound(device: Device, work: readonly BoundDispatch[]): Promise<number[]> {
  const times: number[] = [];
  for (const one of work) {
    const times8 = Array.from({ length: 8 }, () => one);
    await device.finish();
    const start = performance.now();
    device.handle.queue.submit([encode(device.handle, times8, 'profile')]);
    await device.finish();
    times.push((performance.now() - start) / 8);
  }
  return times;
}

/** Runs of one dispatch in a row at most. */
const MOST_RUNS = 1000;

/**
 * Milliseconds of each dispatch, run so often in a row that at least `shortest` milliseconds pass: where timestamps come in
 * steps of 100 us, as in browsers, a single run says nothing.
 * @param onProgress called before each dispatch. What it throws ends the measurement.
 */
export async function timeEach(
  device: Device,
  work: readonly BoundDispatch[],
  shortest: number,
  onProgress?: (done: number) => void,
): Promise<number[]> {
  const milliseconds: number[] = [];
  for (const [i, one] of work.entries()) {
    onProgress?.(i);
    let times = 1;
    let found = await timeTogether(device, [one], times);
    // A run that is too short to be seen takes no time at all, and asks for the most.
    while (found * times < shortest && times < MOST_RUNS) {
      times = Math.min(MOST_RUNS, Math.max(2 * times, Math.ceil((1.2 * shortest) / found)));
      found = await timeTogether(device, [one], times);
    }
    milliseconds.push(found);
  }
  return milliseconds;
}

/**
 * Milliseconds of the main thread from the call of `run` to its return, the median of `repeats` calls: uploading,
 * encoding and submitting, without what the device then takes. Each starts on an idle device, so that none waits for
 * those before it.
 */
export async function hostTime(device: Device, run: () => Promise<void>, repeats: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    await device.finish();
    const start = performance.now();
    const submitted = run();
    times.push(performance.now() - start);
    await submitted;
  }
  await device.finish();
  return median(times);
}

/** Milliseconds of a step as a program runs it, from submission to the end: the median of `repeats` runs. */
export async function timeRuns(device: Device, run: () => Promise<void>, repeats: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    await device.finish();
    const start = performance.now();
    await run();
    await device.finish();
    times.push(performance.now() - start);
  }
  return median(times);
}

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median and range of the rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @param values at least one. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
