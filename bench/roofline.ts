/**
 * The roofline of a device by microbenchmarks: multiply-adds in registers, and a copy between buffers that fit no cache.
 * Each is tried in several forms, and the fastest counts: a roof is what can be reached.
 */
import { readFileSync } from 'node:fs';
import { type BoundDispatch, encode } from '../src/gpu/binder.ts';
import type { Dispatch } from '../src/gpu/dispatch.ts';
import type { Engine } from '../src/tensor/engine.ts';
import type { Roofline, Spread } from './results.ts';
import { spread } from './statistics.ts';

const ROUNDS = 5;
/** Milliseconds of a round. */
const ROUND = 150;
const CHAINS = [8, 10, 12, 16, 32];
const TURNS = 256;
/** As in the shader. */
const UNROLLED = 8;
const PER_THREAD = [4, 16, 64];
/** Bytes of each buffer, where a binding may be so large. */
const COPY_BYTES = 64 << 20;
/** Bytes of each of the buffers on a GPU, whose caches are larger. */
const GPU_COPY_BYTES = 128 << 20;
const LANES = 64;

const shader = (name: string, constants: Record<string, number>): string => {
  let text = readFileSync(new URL(name, import.meta.url), 'utf8');
  for (const [constant, value] of Object.entries(constants)) {
    text = text.replace(new RegExp(`const ${constant} = \\d+u;`), `const ${constant} = ${value}u;`);
  }
  return text;
};

export async function measureRoofline(engine: Engine): Promise<Roofline> {
  const fma = await best(CHAINS, chains => multiplyAdds(engine, chains));
  const copy = await best(PER_THREAD, perThread => copies(engine, perThread));
  return { gflops: fma, gigabytesPerSecond: copy };
}

async function best(choices: readonly number[], measure: (choice: number) => Promise<Spread>): Promise<Spread> {
  const all: Spread[] = [];
  for (const choice of choices) all.push(await measure(choice));
  return all.reduce((a, b) => (b.median > a.median ? b : a));
}

async function multiplyAdds(engine: Engine, chains: number): Promise<Spread> {
  // Enough threads for any GPU; a processor has its share of them one after the other.
  const threads = engine.caps.software ? 1 << 14 : 1 << 20;
  using out = engine.keep(engine.empty([threads]));
  const uniform = Float32Array.of(0.999, 1e-3).buffer;
  const dispatch: Dispatch = {
    source: {
      label: `roofline fma ${chains}`,
      code: shader('roofline-fma.wgsl', { CHAINS: chains, TURNS }),
      access: ['uniform', 'write'],
    },
    uniform,
    bindings: [{ ...out.view, bytes: 4 * threads, access: 'write' }],
    workgroups: [threads / LANES, 1, 1],
    note: { kernel: 'roofline', variant: 'fma', shape: '', flops: 2 * chains * UNROLLED * TURNS * threads, bytes: 0 },
  };
  return await rate(engine, dispatch, dispatch.note.flops);
}

async function copies(engine: Engine, perThread: number): Promise<Spread> {
  const bytes = Math.min(engine.caps.maxBindingBytes, engine.caps.software ? COPY_BYTES : GPU_COPY_BYTES);
  const size = bytes / 16;
  using from = engine.keep(engine.full([size, 4], 1));
  using to = engine.keep(engine.zeros([size, 4]));
  const dispatch: Dispatch = {
    source: {
      label: `roofline copy ${perThread}`,
      code: shader('roofline-copy.wgsl', { PER_THREAD: perThread }),
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
  return await rate(engine, dispatch, 2 * bytes);
}

/** Billions a second of what one dispatch counts, from submission to the end of many. */
async function rate(engine: Engine, dispatch: Dispatch, count: number): Promise<Spread> {
  const { device } = engine.gpu;
  const [work] = (await engine.gpu.bind([dispatch])) as [BoundDispatch];
  const time = async (times: number): Promise<number> => {
    const start = performance.now();
    await device.submit([encode(device.handle, new Array<BoundDispatch>(times).fill(work), 'roofline')]);
    await device.finish();
    return (performance.now() - start) / times;
  };
  await time(1);
  const times = Math.max(1, Math.min(1000, Math.ceil(ROUND / (await time(2)))));
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rates.push(count / (await time(times)) / 1e6);
  return spread(rates);
}
