/**
 * Finds out by measuring which variant of a kernel is the fastest here:
 *
 *     const report = await tune(engine, [...engine.gpu.chooser.calls.values()]);
 *     report.rows                      what to keep (src/tensor/tuning-cache.ts)
 */

import type { PipelineSource } from '../gpu/pipelines.ts';
import { timeTogether } from '../gpu/profile.ts';
import { compileAll } from '../gpu/warm-up.ts';
import { candidates, chooseMeasured, spread } from '../kernels/candidates.ts';
import { type KernelCall, tableKey } from '../kernels/choose.ts';
import { Sampler } from '../kernels/sampler.ts';
import { bytesMoved, type KernelSpec, type Params, type Variant } from '../kernels/spec.ts';
import { fingerprint } from '../kernels/tuned-table.ts';
import type { TuningRow } from '../kernels/tuning-file.ts';
import { DeviceLostError, WeftError } from '../platform/errors.ts';
import { type CompiledStep, compile } from './compile.ts';
import type { Engine } from './engine.ts';
import { describeFailure, makeTrial, type Trial, tryVariant } from './prove.ts';
import { canRun, kernelTensors, recordVariant } from './run-variant.ts';
import { disagreement } from './tune-agreement.ts';
import { forProof, forTiming, repeatRows } from './tune-inputs.ts';

export interface TuneOptions {
  /** No new call is begun after so many seconds. Default: no limit. */
  readonly budgetSeconds?: number | undefined;
  /** Calls measured before with the same kernels, by key: they are left out. */
  readonly known?: Readonly<Record<string, TuningRow>> | undefined;
  /** Ends the tuning after the call under way. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TuneProgress) => void) | undefined;
  /** Each call that has been decided, so that it can be kept at once. */
  readonly onRow?: ((call: TunedCall) => void) | undefined;
}

export interface TuneProgress {
  readonly stage: 'compiling' | 'measuring';
  readonly done: number;
  readonly total: number;
}

/** A call with what was found out about it. */
export interface TunedCall {
  /** As in a table of variants. */
  readonly key: string;
  /** What the engine would have computed it with. */
  readonly before: string;
  readonly row: TuningRow;
}

/** A variant that must not be used for a call, because it does not compile or computes something else. */
export interface StruckVariant {
  readonly key: string;
  readonly variant: string;
  readonly reason: string;
}

export interface TuneReport {
  /** In the order in which they were measured: the dearest first. */
  readonly calls: readonly TunedCall[];
  readonly struck: readonly StruckVariant[];
  /** Calls that have one candidate only, that were known, and that there was no time for. */
  readonly alone: number;
  readonly known: number;
  readonly left: number;
  readonly seconds: number;
  /** Of these, for compiling. */
  readonly compileSeconds: number;
}

/** Operations of a proof up to which the float64 reference answers in a tenth of a second; beyond, the plain variant does. */
const REFERENCE_FLOPS = 1e7;
/** Calls whose candidates are compiled together, in parallel, before they are measured. */
const TOGETHER = 8;
/** Rounds of a call; in each of them every candidate is timed once. */
const ROUNDS = { fewest: 3, most: 12 };
/** Milliseconds that the rounds of a call may take together, beyond the fewest. */
const PATIENCE = 1500;
/** Milliseconds of one sample: long against the resolution of a clock (100 us in browsers), or the wait around it. */
const SAMPLE = { timestamps: 10, wall: 50 };
/** Beyond any tie, by which `chooseMeasured` might still take the simpler one. */
const CLEARLY = 1.1;
/** A candidate that has never come nearer than this to the best time of all is timed no further. */
const HOPELESS = 1.5;

/**
 * Times every candidate for each call and decides: candidates in turn, round by round, so that whatever else the machine
 * does meets all alike; medians; ties to the simpler variant. A candidate is first compared with the float64 reference on a few
 * rows, then with the others on all rows, so that a wrong one never wins, however fast it is.
 *
 * The calls with the most work come first: a short budget goes where the time is. When `signal` fires it gives back what
 * has been decided so far.
 * @throws DeviceLostError
 */
export async function tune(
  engine: Engine,
  calls: readonly KernelCall[],
  options: TuneOptions = {},
): Promise<TuneReport> {
  const before = engine.step;
  try {
    return await new Tuning(engine, options).go(calls);
  } finally {
    engine.setStep(before);
  }
}

interface Job extends KernelCall {
  readonly key: string;
  readonly variants: readonly Variant<Params>[];
}

class Tuning {
  private readonly start = performance.now();
  private compileMilliseconds = 0;
  private readonly decided: TunedCall[] = [];
  private readonly struck: StruckVariant[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly options: TuneOptions,
  ) {}

  async go(calls: readonly KernelCall[]): Promise<TuneReport> {
    const { caps, gpu } = this.engine;
    const distinct = new Map(calls.map(({ spec, p }) => [tableKey(spec, p), { spec, p }]));
    const jobs = [...distinct].map(([key, { spec, p }]) => {
      return { key, spec, p, variants: candidates(spec, p, caps, gpu.chooser.allow) };
    });
    const open = jobs.filter(job => job.variants.length > 1);
    const unknown = open.filter(job => !this.isKnown(job)).sort((a, b) => workOf(b) - workOf(a));
    let done = 0;
    for (let i = 0; i < unknown.length && !this.isOver(); i += TOGETHER) {
      const group = unknown.slice(i, i + TOGETHER);
      const compiled = await this.compile(group, done, unknown.length);
      for (const job of compiled) {
        if (this.isOver()) break;
        this.tell('measuring', done, unknown.length);
        await this.decide(job);
        done++;
      }
    }
    this.tell('measuring', done, unknown.length);
    return {
      ...{ calls: this.decided, struck: this.struck, alone: jobs.length - open.length },
      ...{ known: open.length - unknown.length, left: unknown.length - done },
      ...{ seconds: (performance.now() - this.start) / 1000, compileSeconds: this.compileMilliseconds / 1000 },
    };
  }

  private isKnown({ key, spec, p }: Job): boolean {
    const row = this.options.known?.[key];
    return row !== undefined && row.fingerprint === this.fingerprintOf(spec, p);
  }

  private fingerprintOf(spec: KernelSpec, p: Params): string {
    return fingerprint(spec, p, this.engine.caps, this.engine.gpu.chooser.allow);
  }

  private isOver(): boolean {
    const { signal, budgetSeconds = Number.POSITIVE_INFINITY } = this.options;
    return signal?.aborted === true || performance.now() - this.start > 1000 * budgetSeconds;
  }

  private tell(stage: TuneProgress['stage'], done: number, total: number): void {
    this.options.onProgress?.({ stage, done, total });
  }

  private strike(key: string, { name }: Variant<Params>, reason: string): void {
    this.struck.push({ key, variant: name, reason });
  }

  /** Compiles the candidates of some calls, all at the same time; those that the driver refuses are left out. */
  private async compile(group: readonly Job[], done: number, total: number): Promise<Job[]> {
    const start = performance.now();
    this.tell('compiling', done, total);
    const sources: PipelineSource[] = [];
    const compiled = await Promise.all(
      group.map(async job => {
        const accepted = await Promise.all(
          job.variants.map(async variant => {
            const own = this.sourcesOf(job, variant);
            const refusal = await this.refusal(own);
            if (refusal) this.strike(job.key, variant, refusal);
            else sources.push(...own);
            return !refusal;
          }),
        );
        return { ...job, variants: job.variants.filter((_, i) => accepted[i]) };
      }),
    );
    await compileAll(this.engine.gpu.device, sources);
    this.compileMilliseconds += performance.now() - start;
    return compiled;
  }

  private sourcesOf({ spec, p }: Job, variant: Variant<Params>): PipelineSource[] {
    const { gpu, caps } = this.engine;
    const { trace } = gpu.trace(() => gpu.record(spec, p, variant.name, variant.plan(p, caps), {}));
    return trace.dispatches.map(({ source }) => source);
  }

  /** Why the driver does not take a kernel, if it does not. */
  private async refusal(sources: readonly PipelineSource[]): Promise<string | undefined> {
    try {
      await this.engine.gpu.device.pipelines.prepare(sources);
      return undefined;
    } catch (error) {
      if (error instanceof WeftError && !(error instanceof DeviceLostError)) return error.message;
      throw error;
    }
  }

  private async decide(job: Job): Promise<void> {
    const { key, spec, p } = job;
    const before = this.engine.gpu.chooser.best(spec, p).name;
    const trial = await makeTrial(this.engine, spec, forProof(spec, p), new Sampler(1), REFERENCE_FLOPS);
    const right = await this.proven(job, trial);
    const timed = await this.time({ ...job, variants: right }, trial.inputs);
    // Where all that should be fast are wrong, the plain one is left; where it is wrong too, nothing has been learned.
    const plain = spec.variants[0]!;
    const variant = chooseMeasured(timed) ?? (job.variants.includes(plain) ? undefined : plain.name);
    if (variant === undefined) return;
    const milliseconds = Object.fromEntries(timed.map(one => [one.variant, spread(one.milliseconds).median]));
    const call = { key, before, row: { variant, fingerprint: this.fingerprintOf(spec, p), milliseconds } };
    this.decided.push(call);
    this.options.onRow?.(call);
  }

  /** The candidates that compute what the reference says, on a few rows. */
  private async proven({ key, spec, variants }: Job, trial: Trial): Promise<Variant<Params>[]> {
    const right: Variant<Params>[] = [];
    for (const variant of variants) {
      // A variant for many rows may have no way with few; the comparison on all rows is left.
      const failure = canRun(this.engine, spec, variant, trial.p)
        ? (await tryVariant(this.engine, spec, variant, trial)).failure
        : undefined;
      if (failure) this.strike(key, variant, describeFailure(failure));
      else right.push(variant);
    }
    return right;
  }

  private async time({ key, spec, p, variants }: Job, drawn: Trial['inputs']): Promise<readonly Run[]> {
    const { engine } = this;
    const fewer = forTiming(spec, p, engine.caps.software);
    // A variant that wants many rows is timed with all there are, and so are its rivals.
    const shape = variants.every(variant => canRun(engine, spec, variant, fewer)) ? fewer : p;
    return await engine.scope(async () => {
      const inputs = repeatRows(spec, shape, drawn);
      const tensors = kernelTensors(engine, spec, shape, inputs);
      const runs: Run[] = [];
      try {
        for (const variant of variants) {
          const step = await compile(engine, () => recordVariant(engine, spec, variant, shape, tensors));
          runs.push({ variant: variant.name, step, repeats: 1, milliseconds: [] });
        }
        const wrong = await disagreement(engine, { spec, p: shape, tensors, inputs }, runs, variants);
        for (const { variant, reason } of wrong) this.strike(key, variant, reason);
        const struck = new Set(wrong.map(({ variant }) => variant.name));
        return await this.race(runs.filter(run => !struck.has(run.variant)));
      } finally {
        for (const { step } of runs) step[Symbol.dispose]();
      }
    });
  }

  /** Samples of each, in turn. All have run before. */
  private async race(runs: readonly Run[]): Promise<readonly Run[]> {
    const { device } = this.engine.gpu;
    const least = device.caps.timestamps ? SAMPLE.timestamps : SAMPLE.wall;
    for (const run of runs) {
      const once = await timeTogether(device, run.step.work, 1);
      run.repeats = Math.min(1000, Math.max(1, Math.ceil(least / Math.max(once, 1e-3))));
    }
    const start = performance.now();
    let racing = runs;
    for (let round = 1; round <= ROUNDS.most && (round === 1 || racing.length > 1); round++) {
      for (const { milliseconds, repeats, step } of racing) {
        milliseconds.push(await timeTogether(device, step.work, repeats));
      }
      // By the best samples: whatever else the machine does can only add to a time.
      const best = Math.min(...racing.map(({ milliseconds }) => Math.min(...milliseconds)));
      if (round > 1) racing = racing.filter(({ milliseconds }) => Math.min(...milliseconds) <= HOPELESS * best);
      const tired = performance.now() - start > PATIENCE || this.options.signal?.aborted;
      if (round >= ROUNDS.fewest && (tired || isDecided(racing))) break;
    }
    return runs;
  }
}

/** Whether the fastest has left all others behind, beyond what the samples of either vary. */
function isDecided(runs: readonly Run[]): boolean {
  const [first, second] = runs.map(run => spread(run.milliseconds)).sort((a, b) => a.median - b.median);
  return !second || second.low > first!.high * CLEARLY;
}

/** One candidate under measurement. */
interface Run {
  readonly variant: string;
  readonly step: CompiledStep<void>;
  repeats: number;
  readonly milliseconds: number[];
}

/** What a call is worth measuring: its arithmetic, or what it moves, whichever is more. */
function workOf({ spec, p }: KernelCall): number {
  return Math.max(spec.flops(p), bytesMoved(spec, p));
}
