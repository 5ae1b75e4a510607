/** What the project promises about its speed, and whether runs show it. */
import { bestPeer, headline, ratioOf } from './ratios.ts';
import type { Line, Results, Row } from './results.ts';

/** One promise: weft against some peers on one line. `least`: how many times their time weft's must go into. */
interface Target {
  readonly line: string;
  readonly mode?: 'throughput';
  readonly against: 'best WebGPU peer' | 'tfjs webgpu' | 'jax-js webgpu';
  readonly least: number;
}

const AGAINST: Readonly<Record<Target['against'], readonly string[]>> = {
  'best WebGPU peer': ['tfjs-webgpu', 'tfjs-webgpu-flags', 'jax-webgpu'],
  'tfjs webgpu': ['tfjs-webgpu', 'tfjs-webgpu-flags'],
  'jax-js webgpu': ['jax-webgpu'],
};

const TARGETS: readonly Target[] = [
  { line: 'matmul 1024', against: 'best WebGPU peer', least: 3 },
  { line: 'conv 64x28x28 32->64 3x3, forward', against: 'tfjs webgpu', least: 7 },
  { line: 'conv 64x28x28 32->64 3x3, dX', against: 'tfjs webgpu', least: 5 },
  { line: 'conv 64x28x28 32->64 3x3, dW', against: 'tfjs webgpu', least: 35 },
  { line: 'peer-cnn training step, batch 128', against: 'tfjs webgpu', least: 10 },
  { line: 'peer-cnn training step, batch 128', against: 'jax-js webgpu', least: 3 },
  { line: 'vgg16 forward, 32 px, batch 8', against: 'tfjs webgpu', least: 5 },
];

/** Every line is to be ahead by this much, but for a tenth of them, and none behind. */
export const EVERY_LINE = 1.5;
export const MOST_EXCEPTIONS = 0.1;
/** An epoch may take this many times as long as the native library's, at first; the goal is 1. */
const EPOCH_LIMIT = 3;

export interface Verdict {
  readonly promise: string;
  /** Undefined where the run did not measure both. */
  readonly measured?: string;
  readonly holds?: boolean;
}

/** All promises with what runs on one adapter, each of its own lines, say about them. */
export function judge(runs: readonly Results[]): Verdict[] {
  const single = [...TARGETS.map(target => (run: Results) => judgeTarget(run, target)), judgeEpoch];
  const verdicts = single.map(one => {
    const all = runs.map(one);
    return all.find(({ measured }) => measured !== undefined) ?? all[0]!;
  });
  return [...verdicts, judgeLines(runs)];
}

function judgeTarget({ lines }: Results, { line: name, against, least }: Target): Verdict {
  const promise = `${name}: ${least} times ${against}`;
  const line = lines.find(({ name: other, mode }) => other === name && mode === 'throughput');
  const ours = line && headline(line);
  const theirs = line && fastest(line, AGAINST[against]);
  if (!ours?.value || !theirs?.value) return { promise };
  const ratio = theirs.value.median / ours.value.median;
  return { promise, measured: `${times(ratio)} (${theirs.peer})`, holds: ratio >= least };
}

function fastest({ rows }: Line, names: readonly string[]): Row | undefined {
  const measured = rows.filter(({ peer, value, traded }) => names.includes(peer) && value && !traded);
  return measured.sort((a, b) => a.value!.median - b.value!.median)[0];
}

/** Lines that are compared with WebGPU peers at all, with the ratio of each. */
export function comparedLines(results: Results): { readonly line: Line; readonly ratio: number }[] {
  return results.lines
    .filter(({ unit, op }) => unit === 'ms' && op !== 'startup')
    .map(line => ({ line, ratio: ratioOf(results, line) }))
    .filter((entry): entry is { line: Line; ratio: number } => entry.ratio !== undefined);
}

function judgeLines(runs: readonly Results[]): Verdict {
  const promise = `every line ${EVERY_LINE} times the best WebGPU peer, at most ${100 * MOST_EXCEPTIONS} % excepted, none below 1`;
  const all = runs.flatMap(comparedLines);
  if (all.length === 0) return { promise };
  const below = all.filter(({ ratio }) => ratio < EVERY_LINE);
  const behind = below.filter(({ ratio }) => ratio < 1);
  const measured = `${below.length} of ${all.length} lines below ${EVERY_LINE}, ${behind.length} of them below 1`;
  return { promise, measured, holds: behind.length === 0 && below.length <= MOST_EXCEPTIONS * all.length };
}

function judgeEpoch(results: Results): Verdict {
  const promise = `epoch of cnn: at most ${EPOCH_LIMIT} times the time of the faster of TensorFlow and PyTorch; the goal is 1`;
  const line = results.lines.find(({ op }) => op === 'epoch');
  const ours = line && headline(line);
  const theirs = line && bestPeer(results, line, ['cpu']);
  if (!ours?.value || !theirs?.value) return { promise };
  const ratio = ours.value.median / theirs.value.median;
  return { promise, measured: `${times(ratio)} the time of ${theirs.peer}`, holds: ratio <= EPOCH_LIMIT };
}

export const times = (ratio: number) => `${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(3)}x`;
