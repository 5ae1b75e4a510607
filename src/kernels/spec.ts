import type { Capabilities } from '../gpu/capabilities.ts';
import { ValueError } from '../platform/errors.ts';
import type { Sampler } from './sampler.ts';
import type { Shader } from './shader.ts';

export type DType = 'f32' | 'u32' | 'u8';
export type Shape = readonly number[];

/** Host-side contents of a tensor. References compute in float64; the GPU in float32. */
export type Values = Float64Array | Float32Array | Uint32Array | Uint8Array;

/** What a kernel is asked to do, as plain numbers: they print, hash, travel in a uniform and can be drawn at random. */
export type Params = { readonly [name: string]: number };

/** What changes from step to step; kernels that bind `step` read it from one small uniform (shaders/lib/step.wgsl). */
export interface StepValues {
  /** Key of all random draws of the run. */
  readonly seed: number;
  /** Number of the step, from 1 (bias correction of Adam, counter of the draws). */
  readonly step: number;
  /** Rows of the batch that are real; the rest is padding, masked in loss, metrics and statistics. 0: all are. */
  readonly rows: number;
  readonly learningRate: number;
}

export const DEFAULT_STEP: StepValues = { seed: 0, step: 1, rows: 0, learningRate: 0 };

/** Bytes of the step uniform: seed, step, rows, learning rate. */
export const STEP_BYTES = 16;

export interface TensorSpec<P extends Params> {
  readonly role: 'in' | 'out' | 'inout';
  /** Shape for these parameters; null when the tensor is absent (a blank buffer is bound in its place). */
  readonly shape: (p: P) => Shape | null;
  readonly dtype?: DType;
  /** Its first axis is the one that large tensors are sliced along (`slice` of the kernel). May depend on p. */
  readonly rows?: boolean | ((p: P) => boolean);
}

/** One dispatch of a variant, before its tensors are known. */
export interface PlannedDispatch {
  readonly shader: Shader;
  /** Values for the `const` parameters at the top of the shader. */
  readonly constants?: Readonly<Record<string, number | boolean>>;
  /** The fields of the shader's `Params`, in order. A plain number is written as u32 or i32, {f32} as a float. */
  readonly uniform: readonly (number | { readonly f32: number })[];
  /** Bindings 1, 2, ...: names of the kernel's tensors, of `scratch`, or 'step'. */
  readonly bindings: readonly BindingRef[];
  readonly workgroups: readonly [number, number, number];
  /** Its share of the kernel's work, for profiles: 0 for what only prepares or adds up. Default 1. */
  readonly work?: number;
}

export type BindingRef =
  | string
  | {
      readonly name: string;
      readonly as: 'read' | 'write' | 'uniform';
      readonly offset?: number;
      readonly bytes?: number;
    };

export interface Plan {
  readonly dispatches: readonly PlannedDispatch[];
  /** Buffers that live only within this plan: name to bytes. */
  readonly scratch?: Readonly<Record<string, number>>;
}

/** What a variant may give up for speed: other products than the definition's, or numbers of half the width. */
export type Trade = (typeof TRADES)[number];

export const TRADES = ['winograd', 'f16'] as const;

/**
 * A multiple of the tolerance of each value; or, with `ofLargest`, of what the kernel allows the largest sum of the call:
 * where values are computed together, one may carry the rounding of others that it does not depend on.
 */
export type Slack = number | { readonly ofLargest: number };

/** One way to compute a kernel: a shader with its constants. Together the variants of a kernel are its ladder. */
export interface Variant<P extends Params> {
  readonly name: string;
  /**
   * What it gives up. Such a variant is chosen only where the engine's options allow it, and benchmarks show it in a row
   * of its own. Absent: float32 products and sums, as the plain variant has them.
   */
  readonly trades?: Trade;
  /** Its tolerance, in multiples of the kernel's: how much what it gives up costs. Default 1. */
  readonly slack?: Slack;
  /** Whether it can do this at all on such a device. The plain variant can do everything. */
  readonly supports: (p: P, caps: Capabilities) => boolean;
  /**
   * Expected speed on such a device, in multiples of the plain variant's; the highest wins where no tuning table says
   * otherwise. The figures come from measurements (docs/kernels.md says how).
   */
  readonly speed: (p: P, caps: Capabilities) => number;
  readonly plan: (p: P, caps: Capabilities) => Plan;
}

/**
 * How much a float32 result may differ from the float64 reference.
 * - 'dot': a sum of `terms(p)` products: c * 2^-24 * sqrt(terms) * sum|a*b|, the sum taken by the reference on |inputs|.
 * - 'elementwise': `ulps` * 2^-24 relative to max(|result|, floor), for pointwise formulas. `floor`, 1e-3 by default, is
 *   the size of the terms that a small result may be the difference of.
 * - 'exact': the very same bits (copies, comparisons, integers).
 */
export type Tolerance<P extends Params> =
  | { readonly kind: 'dot'; readonly terms: (p: P) => number }
  | { readonly kind: 'elementwise'; readonly ulps: number; readonly floor?: number }
  | { readonly kind: 'exact' };

export interface SliceRule<P extends Params> {
  /** Which parameter counts the rows. */
  readonly param: keyof P & string;
  /** Which parameter receives the number of the slice's first row (kernels that draw by index). */
  readonly base?: keyof P & string;
  /** Which 0/1 parameter makes the kernel add to its outputs: set from the second slice on (sums over rows). */
  readonly accumulate?: keyof P & string;
}

export interface KernelSpec<P extends Params = Params> {
  readonly name: string;
  /** In binding order of the plain variant. */
  readonly tensors: Readonly<Record<string, TensorSpec<P>>>;
  /** How tensors larger than a binding are cut along their first axis; undefined: they cannot be. */
  readonly slice?: (p: P) => SliceRule<P> | undefined;
  readonly flops: (p: P) => number;
  /** Bytes that must move at least once. Default: all tensors once. */
  readonly bytes?: (p: P) => number;
  /** The same in plain TypeScript: `out` and `inout` tensors by name. Computes in the precision of Float64Array. */
  readonly reference: (p: P, inputs: Readonly<Record<string, Values>>, step: StepValues) => Record<string, Values>;
  /** Random parameters: odd sizes, ones, tails; small enough for the reference. */
  readonly sample: (random: Sampler) => P;
  /** Contents of inputs that are not just normal numbers (labels, indices, probabilities). */
  readonly fill?: (name: string, p: P, size: number, random: Sampler) => Values | undefined;
  readonly tolerance: Tolerance<P>;
  /** From the plain reference variant to the fastest. */
  readonly variants: readonly Variant<P>[];
}

/**
 * Checks a kernel's description and gives it back.
 * @throws ValueError naming what is missing: a kernel that cannot be tested cannot be registered.
 */
export function defineKernel<P extends Params>(spec: KernelSpec<P>): KernelSpec<P> {
  const fail = (what: string) => {
    throw new ValueError(`kernel '${spec.name}': ${what}`);
  };
  if (!/^[a-z][a-z0-9_]*$/.test(spec.name)) fail('its name must be lower_case');
  if (spec.variants.length === 0) fail('it has no variant; the first must be the plain one that supports every shape');
  if (new Set(spec.variants.map(v => v.name)).size !== spec.variants.length) fail('two variants have the same name');
  if (!Object.values(spec.tensors).some(t => t.role !== 'in')) fail('it writes no tensor');
  for (const part of ['flops', 'reference', 'sample', 'tolerance'] as const)
    if (!spec[part]) fail(`it lacks '${part}'`);
  return spec;
}

export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = { f32: 4, u32: 4, u8: 1 };

export function sizeOf(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Parameters as text for profiles, tables and error messages: `n=128 h=28 w=28`. */
export function describeParams(p: Params): string {
  return Object.entries(p)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** Bytes that one evaluation must move: every tensor once, unless the kernel says otherwise. */
export function bytesMoved<P extends Params>(spec: KernelSpec<P>, p: P): number {
  if (spec.bytes) return spec.bytes(p);
  let bytes = 0;
  for (const tensor of Object.values(spec.tensors)) {
    const shape = tensor.shape(p);
    if (shape) bytes += sizeOf(shape) * BYTES_PER_ELEMENT[tensor.dtype ?? 'f32'] * (tensor.role === 'inout' ? 2 : 1);
  }
  return bytes;
}
