import type { Spread } from '../gpu/profile.ts';
import { type CustomKernel, customVariant } from '../kernels/custom.ts';
import { sliceCall } from '../kernels/slice.ts';
import { bytesMoved, describeParams, type KernelSpec, type Params } from '../kernels/spec.ts';
import { KernelError, ValueError } from '../platform/errors.ts';
import type { Engine } from './engine.ts';
import { compareVariants, type Rung } from './ladder.ts';
import { describeFailure } from './prove.ts';

// The ladder of one kernel on one call as a document that can be handed on: `weft bench op` and the lab make it.

export const OP_FORMAT = 'weft-bench-op';
export const OP_VERSION = 1;

/** A ladder with what it was measured on, somebody's own kernel in it. */
export interface OpResult {
  readonly format: typeof OP_FORMAT;
  readonly version: typeof OP_VERSION;
  /** ISO 8601. */
  readonly date: string;
  readonly weft: string;
  readonly adapter: {
    readonly device: string;
    readonly driver: string;
    readonly software: boolean;
    readonly subgroupSize: number;
  };
  readonly kernel: string;
  readonly shape: Params;
  readonly flops: number;
  readonly bytes: number;
  readonly repeats: number;
  /** The variant that weft takes for this call here. */
  readonly chosen: string;
  readonly rungs: readonly Rung[];
  readonly custom?: SharedKernel;
  /** Other frameworks on the same call, and weft as they are measured: by the clock, many calls and one wait. */
  readonly peers?: readonly PeerTime[];
}

/** One framework on the call, or why it was not timed. */
export interface PeerTime {
  readonly peer: string;
  readonly title: string;
  readonly version: string;
  /** Milliseconds of a call. */
  readonly time?: Spread;
  /** Largest difference from the float64 reference, as a share of the largest value. */
  readonly error?: number;
  /** Kernels or flags that produced the time. */
  readonly how?: string;
  readonly skipped?: string;
}

/** Somebody's own kernel, whole, with the hash by which people can tell that they speak of the same. */
export interface SharedKernel extends CustomKernel {
  readonly sha256: string;
}

/** What is measured: a kernel of the registry, a call of it, perhaps somebody's own way to compute it. */
export interface OpTask {
  readonly spec: KernelSpec;
  readonly p: Params;
  readonly custom?: SharedKernel | undefined;
  /** Timed rounds. */
  readonly repeats: number;
}

export interface OpOptions {
  /** Version of weft, for the document. */
  readonly weft: string;
  /** What it throws ends the measurement. */
  readonly onProgress?: (text: string) => void;
}

/**
 * Proves and times all variants of a kernel on one call, and somebody's own before them: what does not compile or is wrong
 * is said at once, and then nothing is timed.
 * @throws ValueError when the own kernel has the name of a variant, no formula of workgroups, or does not support the call;
 * KernelError when the driver refuses it, or with the first wrong value.
 */
export async function measureOp(engine: Engine, task: OpTask, { weft, onProgress }: OpOptions): Promise<OpResult> {
  const { spec, p, custom, repeats } = task;
  const own = custom && customVariant(spec, custom);
  if (own && spec.variants.some(({ name }) => name === own.name)) {
    throw new ValueError(
      `kernel '${spec.name}': '${own.name}' is the name of one of its variants; give your own another one`,
    );
  }
  if (own && !own.supports(p, engine.caps)) {
    throw new ValueError(
      `kernel '${spec.name}/${own.name}': its line '// supports:' excludes this call (${describeParams(p)}); give another shape`,
    );
  }
  const variants = own ? [own, ...spec.variants] : spec.variants;
  const onProof = ({ variant, failure }: Rung) => {
    if (own?.name !== variant || !failure) return;
    throw new KernelError(`kernel '${spec.name}/${variant}' is wrong: ${describeFailure(failure)}`);
  };
  const rungs = await compareVariants(engine, spec, p, {
    ...{ variants, repeats, onProof },
    ...(onProgress && { onProgress }),
  });
  const { vendor, architecture, device, description, software } = engine.gpu.device.info;
  return {
    ...{ format: OP_FORMAT, version: OP_VERSION, date: new Date().toISOString(), weft },
    adapter: {
      // Browsers tell no more than who made it and of which kind it is.
      device: device || [vendor, architecture].filter(Boolean).join(' '),
      ...{ driver: description, software, subgroupSize: engine.caps.subgroupSize },
    },
    ...{ kernel: spec.name, shape: p, flops: spec.flops(p), bytes: bytesMoved(spec, p), repeats },
    chosen: engine.gpu.chooser.choose(spec, sliceCall(spec, p, engine.caps)[0]!.p).name,
    rungs,
    ...(custom && { custom }),
  };
}
