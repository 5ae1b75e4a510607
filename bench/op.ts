/** `weft bench op --peers`: one call of a kernel by weft and by other frameworks; started by src/cli/bench-op-peers.ts. */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import type { PeerTask } from '../src/cli/bench-op-peers.ts';
import { openEngine } from '../src/cli/open-engine.ts';
import { log } from '../src/cli/output.ts';
import { BLOCK } from '../src/kernels/flat.ts';
import type { Params } from '../src/kernels/spec.ts';
import { UsageError, WeftError } from '../src/platform/errors.ts';
import type { PeerTime } from '../src/tensor/bench-op.ts';
import { kernelCall } from './kernels.ts';
import { chooseEntries, runCases } from './run.ts';
import type { Case, Work } from './suites.ts';

/** A call as work that peers know. @throws UsageError for a kernel or parameters that they have no function for. */
export function workOf(kernel: string, p: Params): Work {
  const work = candidate(kernel, p);
  const known = work && kernelCall(work)?.p;
  if (!known)
    throw new UsageError(`bench op --peers: other frameworks are not asked for '${kernel}'; leave --peers out`);
  const others = Object.keys(p).filter(name => p[name] !== known[name]);
  if (others.length === 0) return work;
  const wanted = others.map(name => `${name}=${known[name]}`).join(' ');
  throw new UsageError(`bench op --peers: other frameworks compute ${kernel} with ${wanted}; put that into --shape`);
}

function candidate(kernel: string, p: Params): Work | undefined {
  const { n, h, w, cin, cout } = p as Record<string, number> & {
    n: number;
    h: number;
    w: number;
    cin: number;
    cout: number;
  };
  switch (kernel) {
    case 'matmul':
      return { op: kernel, shape: { m: p.m!, n, k: p.k! } };
    case 'conv2d':
    case 'conv2d_input_grad':
    case 'conv2d_kernel_grad': {
      const same = Number(p.oh === Math.ceil(h / p.strideH!));
      return { op: kernel, shape: { n, h, w, cin, cout, kernel: p.kh!, stride: p.strideH!, same } };
    }
    case 'max_pool2d':
    case 'max_pool2d_grad':
      return { op: kernel, shape: { n, h, w, c: p.c!, window: p.kh! } };
    case 'softmax_cross_entropy':
      return { op: kernel, shape: { rows: p.rows!, classes: n } };
    case 'adam':
      return { op: kernel, shape: { size: p.blocks! * BLOCK } };
    default:
      return undefined;
  }
}

async function main({ kernel, p, peers, rounds, adapter, out }: PeerTask): Promise<void> {
  const one = { ...workOf(kernel, p), suite: 'op', name: kernel, mode: 'throughput', quick: false } as Case;
  const entries = chooseEntries(peers);
  if (out === undefined) return;
  const info = await deviceOf(adapter);
  const results = await runCases(
    { cases: [one], entries, rounds, quick: false, adapter, log, save: () => {} },
    info,
    undefined,
  );
  const times = results.peers.map(({ name, title, version = '', missing }): PeerTime => {
    const { value, error, how, skipped = missing } = results.lines[0]!.rows.find(({ peer }) => peer === name) ?? {};
    return {
      ...{ peer: name, title, version },
      ...(value && { time: value }),
      ...(error !== undefined && { error }),
      ...(how !== undefined && { how }),
      ...(skipped !== undefined && { skipped }),
    };
  });
  writeFileSync(out, JSON.stringify(times));
}

async function deviceOf(adapter: string | undefined) {
  using engine = await openEngine(adapter === undefined ? {} : { adapter });
  return engine.gpu.device.info;
}

if (process.argv[1]?.endsWith('op.ts')) {
  try {
    await main(JSON.parse(process.argv[2] ?? '{}') as PeerTask);
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
    log(`${error.name}: ${error.message}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
