/**
 * The roofline of a device by microbenchmarks: multiply-adds in registers, and a copy between buffers that fit no cache.
 * Each is tried in several forms, and the fastest counts: a roof is what can be reached.
 */
import { type BoundDispatch, encode } from '../gpu/binder.ts';
import type { Dispatch } from '../gpu/dispatch.ts';
import { type Spread, spread } from '../gpu/profile.ts';
import { instantiate } from '../kernels/shader.ts';
import type { Engine } from './engine.ts';
import type { Tensor } from './tensor.ts';

/** What the device can do at most, by microbenchmarks of weft's own. */
export interface Roofline {
  /** Multiply-adds counted as two. */
  readonly gflops: Spread;
  /** Bytes read plus bytes written by a copy of buffers that fit no cache. */
  readonly gigabytesPerSecond: Spread;
}

export interface RooflineOptions {
  /** Of which the median counts. Default 5. */
  readonly rounds?: number;
  /** Called before each form is tried. What it throws ends the measurement. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Milliseconds of a round. */
const ROUND = 150;
const CHAINS = [8, 10, 12, 16, 32];
const TURNS = 256;
const UNROLLED = 8;
const PER_THREAD = [4, 16, 64];
/** Bytes of each buffer, where a binding may be so large. */
const COPY_BYTES = 64 << 20;
/** Bytes of each of the buffers on a GPU, whose caches are larger. */
const GPU_COPY_BYTES = 128 << 20;
const LANES = 64;
/** Enough for the cores of a processor. */
const FEW_GROUPS = 32;

export async function measureRoofline(engine: Engine, options: RooflineOptions = {}): Promise<Roofline> {
  const { rounds = 5, onProgress } = options;
  let done = 0;
  const best = async (choices: readonly number[], form: (choice: number) => Form): Promise<Spread> => {
    const all: Spread[] = [];
    for (const choice of choices) {
      onProgress?.(done++, CHAINS.length + PER_THREAD.length);
      all.push(await rate(engine, form(choice), rounds));
    }
    return all.reduce((a, b) => (b.median > a.median ? b : a));
  };
  const gflops = await best(CHAINS, chains => multiplyAdds(engine, chains));
  const gigabytesPerSecond = await best(PER_THREAD, perThread => copies(engine, perThread));
  return { gflops, gigabytesPerSecond };
}

/** One way to reach the roof. */
interface Form {
  readonly dispatch: Dispatch;
  /** What one workgroup counts: operations or bytes. */
  readonly count: number;
  /** Workgroups that still say the same: a device that is slow with all of them is given fewer. */
  readonly least: number;
  readonly tensors: readonly Tensor[];
}

function multiplyAdds(engine: Engine, chains: number): Form {
  // Enough threads for any GPU; a processor has its share of them one after the other.
  const threads = engine.caps.software ? 1 << 14 : 1 << 20;
  const out = engine.keep(engine.empty([threads]));
  const uniform = Float32Array.of(0.999, 1e-3).buffer;
  const dispatch: Dispatch = {
    source: {
      label: `roofline fma ${chains}`,
      code: instantiate('roofline/fma', { CHAINS: chains, TURNS, UNROLLED }),
      access: ['uniform', 'write'],
    },
    uniform,
    bindings: [{ ...out.view, bytes: 4 * threads, access: 'write' }],
    workgroups: [threads / LANES, 1, 1],
    note: { kernel: 'roofline', variant: 'fma', shape: '', flops: 2 * chains * UNROLLED * TURNS * threads, bytes: 0 },
  };
  const count = dispatch.note.flops / dispatch.workgroups[0];
  return { dispatch, count, least: Math.min(FEW_GROUPS, dispatch.workgroups[0]), tensors: [out] };
}

function copies(engine: Engine, perThread: number): Form {
  const bytes = Math.min(engine.caps.maxBindingBytes, engine.caps.software ? COPY_BYTES : GPU_COPY_BYTES);
  const size = bytes / 16;
  const from = engine.keep(engine.full([size, 4], 1));
  const to = engine.keep(engine.zeros([size, 4]));
  const dispatch: Dispatch = {
    source: {
      label: `roofline copy ${perThread}`,
      code: instantiate('roofline/copy', { PER_THREAD: perThread }),
      access: ['uniform', 'read', 'write'],
    },
    uniform: Uint32Array.of(size, 0, 0, 0).buffer,
    bindings: [
      { ...from.view, bytes, access: 'read' },
      { ...to.view, bytes, access: 'write' },
    ],
    workgroups: [Math.ceil(size / (LANES * perThread)), 1, 1],
    note: { kernel: 'roofline', variant: 'copy', shape: '', flops: 0, bytes: 2 * bytes },
  };
  // Fewer would fit a cache.
  const [least] = dispatch.workgroups;
  return { dispatch, count: (2 * bytes) / least, least, tensors: [from, to] };
}

/** Billions a second of what the form counts, from submission to the end of many. */
async function rate(engine: Engine, form: Form, rounds: number): Promise<Spread> {
  const { device } = engine.gpu;
  const { count, least, tensors } = form;
  try {
    const [bound] = (await engine.gpu.bind([form.dispatch])) as [BoundDispatch];
    // What fills the buffers must not be overtaken.
    await engine.gpu.flush();
    let [groups] = form.dispatch.workgroups;
    const time = async (times: number): Promise<number> => {
      const work = { ...bound, dispatch: { ...bound.dispatch, workgroups: [groups, 1, 1] as const } };
      const start = performance.now();
      await device.submit([encode(device.handle, new Array<BoundDispatch>(times).fill(work), 'roofline')]);
      await device.finish();
      return (performance.now() - start) / times;
    };
    // The first run may include the compiling.
    await time(1);
    while (groups > least && (await time(1)) > ROUND / 2) groups = Math.max(least, groups >> 2);
    const times = Math.max(1, Math.min(1000, Math.ceil(ROUND / (await time(2)))));
    const rates: number[] = [];
    for (let round = 0; round < rounds; round++) rates.push((count * groups) / (await time(times)) / 1e6);
    return spread(rates);
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}
