import { type Spread, spread, timeTogether } from '../gpu/profile.ts';
import { Sampler } from '../kernels/sampler.ts';
import { bytesMoved, DEFAULT_STEP, type KernelSpec, type Params, type Trade, type Variant } from '../kernels/spec.ts';
import { ValueError } from '../platform/errors.ts';
import { type CompiledStep, compile } from './compile.ts';
import type { Engine } from './engine.ts';
import { makeTrial, type ProofFailure, proveVariant, tryVariant } from './prove.ts';
import { canRun, kernelTensors, recordVariant } from './run-variant.ts';

/** One variant of a kernel, proven and timed on one call. Times in milliseconds. */
export interface Rung {
  readonly variant: string;
  readonly trades?: Trade;
  /** Random shapes on which it agreed with the float64 reference, besides the call itself. */
  readonly provenShapes: number;
  /** Who computed what the call was compared with: the reference, or for large calls the plain variant, itself proven. */
  readonly provenBy: 'reference' | 'plain';
  /** Largest error of a value of the call, absolute, and in parts of the kernel's tolerance; absent where it is wrong. */
  readonly error?: number;
  readonly errorShare?: number;
  /** The first wrong value: then it was not timed. */
  readonly failure?: ProofFailure;
  readonly time?: Spread;
  readonly gflopsPerSecond?: number;
  readonly gigabytesPerSecond?: number;
  readonly dispatches: number;
  /** From WGSL to the end of the first run, less a usual run. Drivers that keep compiled kernels on disk make it short. */
  readonly compileTime?: number;
}

export interface LadderOptions {
  /** Default: the kernel's own variants. Those that cannot compute the call here are left out. */
  readonly variants?: readonly Variant<Params>[];
  /** Timed rounds, interleaved over the variants. Default 5. */
  readonly repeats?: number;
  /** Random shapes for the proof of each variant. Default 6. */
  readonly shapes?: number;
  readonly seed?: number;
  readonly onProgress?: (text: string) => void;
  /** Called with each variant once it is proven or found wrong, before any is timed. What it throws ends the comparison. */
  readonly onProof?: (rung: Rung) => void;
}

/** Milliseconds of a round of a fast variant: long against the cost of a submission, short against a driver's watchdog. */
const ROUND = 40;
const MOST_CALLS = 500;

interface Candidate {
  readonly step: CompiledStep<void>;
  readonly firstRun: number;
  readonly rung: Rung;
  readonly times: number[];
}

/**
 * The ladder of a kernel on one call: every variant that can compute it here is first proven against the reference, then
 * all are timed in rounds that alternate between them, so that a machine which slows down slows all of them.
 * @throws KernelError when the driver refuses a variant; ValueError when none can compute the call.
 */
export async function compareVariants(
  engine: Engine,
  spec: KernelSpec,
  p: Params,
  options: LadderOptions = {},
): Promise<Rung[]> {
  const { variants = spec.variants, repeats = 5, shapes = 6, seed = 1, onProgress, onProof } = options;
  const able = variants.filter(variant => canRun(engine, spec, variant, p));
  if (able.length === 0) throw new ValueError(`kernel '${spec.name}': no variant computes this call on this device`);
  const before = engine.step;
  const candidates: Candidate[] = [];
  const steps: CompiledStep<void>[] = [];
  onProgress?.('computing what must come out');
  const trial = await makeTrial(engine, spec, p, new Sampler(seed));
  const tensors = kernelTensors(engine, spec, p, trial.inputs);
  try {
    for (const [i, variant] of able.entries()) {
      onProgress?.(`proving ${variant.name} (${i + 1} of ${able.length})`);
      const start = performance.now();
      const step = await compile(engine, () => recordVariant(engine, spec, variant, p, tensors));
      steps.push(step);
      await step.run();
      await engine.gpu.device.finish();
      const firstRun = performance.now() - start;
      const { error, share, failure } = await tryVariant(engine, spec, variant, trial);
      const proof = failure ? undefined : await proveVariant(engine, spec, variant, { shapes, seed });
      const wrong = failure ?? proof?.failure;
      const rung: Rung = {
        ...{ variant: variant.name, provenShapes: proof?.shapes ?? 0, provenBy: trial.by },
        ...(variant.trades && { trades: variant.trades }),
        ...(wrong ? { failure: wrong } : { error, errorShare: share }),
        dispatches: step.work.length,
      };
      onProof?.(rung);
      candidates.push({ step, firstRun, rung, times: [] });
    }
    engine.setStep(DEFAULT_STEP);
    await timeInTurns(engine, candidates, repeats, onProgress);
    return candidates.map(candidate => finished(spec, p, candidate));
  } finally {
    for (const step of steps) step[Symbol.dispose]();
    for (const tensor of Object.values(tensors)) tensor.dispose();
    engine.setStep(before);
  }
}

async function timeInTurns(
  engine: Engine,
  candidates: readonly Candidate[],
  repeats: number,
  onProgress?: (text: string) => void,
): Promise<void> {
  const { device } = engine.gpu;
  const right = candidates.filter(({ rung }) => !rung.failure);
  const calls = new Map<Candidate, number>();
  for (const candidate of right) {
    const once = await timeTogether(device, candidate.step.work, 1);
    calls.set(candidate, Math.max(1, Math.min(MOST_CALLS, Math.round(ROUND / Math.max(once, 1e-3)))));
  }
  for (let round = 0; round < repeats; round++) {
    onProgress?.(`round ${round + 1} of ${repeats}`);
    for (const candidate of right) {
      candidate.times.push(await timeTogether(device, candidate.step.work, calls.get(candidate)!));
    }
  }
}

function finished(spec: KernelSpec, p: Params, { rung, times, firstRun }: Candidate): Rung {
  if (times.length === 0) return rung;
  const time = spread(times);
  const middle = time.median;
  return {
    ...rung,
    time,
    gflopsPerSecond: spec.flops(p) / middle / 1e6,
    gigabytesPerSecond: bytesMoved(spec, p) / middle / 1e6,
    compileTime: Math.max(0, firstRun - middle),
  };
}
