/** How far results are from what is right, and from each other. */
import type { Params, Values } from '../src/kernels/spec.ts';
import { sizeOf } from '../src/kernels/spec.ts';
import { type KernelCall, kernelCall } from './kernels.ts';
import type { Input } from './peers/peer.ts';
import type { Traded } from './results.ts';
import type { Work } from './suites.ts';

/** Largest difference as a share of the largest expected value; infinite where lengths differ or a value is NaN. */
export function difference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [largest, apart] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const delta = Math.abs(got[i]! - expected[i]!);
    if (!(delta <= apart)) apart = Number.isNaN(delta) ? Number.POSITIVE_INFINITY : delta;
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return apart === 0 ? 0 : apart / largest;
}

/** Results that differ by more than this share of the largest value are not the same computation. */
export const TOLERANCE: Readonly<Record<'none' | Traded, number>> = {
  none: 1e-3,
  winograd: 1e-2,
  f16: 1e-2,
  tf32: 1e-2,
};
/** Part of a result with its exact values. */
export interface Truth {
  readonly name: string;
  readonly values: Float64Array;
  /** The same part of a contender's whole result. */
  readonly part: (whole: Float32Array) => Float32Array;
}

/** Rows of a product, images of a batch, output channels of a kernel gradient that the reference computes. */
const ROWS = 8;
const CHANNELS = 2;

/**
 * The float64 reference of a part of the work, small enough to compute in plain TypeScript: some rows of a product, one
 * image of a convolution, some output channels of a kernel gradient. Undefined for whole networks.
 */
export function truthOf(work: Work, inputs: Readonly<Record<string, Input>>): Truth | undefined {
  const whole = kernelCall(work);
  if (!whole) return undefined;
  switch (work.op) {
    case 'matmul': {
      const m = Math.min(ROWS, work.shape.m);
      return rowsTruth({ ...whole, p: { ...whole.p, m } }, 'out', { a: inputs.a!, b: inputs.b! });
    }
    case 'conv2d':
      return rowsTruth({ ...whole, p: { ...whole.p, n: 1 } }, 'y', inputs);
    case 'conv2d_input_grad':
      return rowsTruth({ ...whole, p: { ...whole.p, n: 1 } }, 'dx', inputs);
    case 'max_pool2d':
      return rowsTruth({ ...whole, p: { ...whole.p, n: 1 } }, 'y', inputs);
    case 'max_pool2d_grad': {
      // The forward's choice of pixels is part of the work of others, and an input of weft's kernel.
      const forward = kernelCall({ op: 'max_pool2d', shape: { ...work.shape, n: 1 } })!;
      const { taps } = reference({ ...forward, p: { ...forward.p, taps: 1 } }, { x: inputs.x! });
      return rowsTruth({ ...whole, p: { ...whole.p, n: 1 } }, 'dx', inputs, { taps: taps! });
    }
    case 'conv2d_kernel_grad':
      return channelsTruth(whole, work.shape.cout, inputs);
    case 'softmax_cross_entropy':
      return rowsTruth(whole, 'dlogits', inputs);
    case 'adam':
      return undefined;
    default:
      return undefined;
  }
}

type Inputs = Readonly<Record<string, Input>>;

function reference({ spec, p }: KernelCall, inputs: Inputs, more: Readonly<Record<string, Values>> = {}) {
  const values: Record<string, Values> = { ...more };
  for (const [name, { role, shape }] of Object.entries(spec.tensors)) {
    const size = shape(p);
    if (role === 'out' || !size || !inputs[name]) continue;
    values[name] = Float64Array.from(inputs[name].data.subarray(0, sizeOf(size)));
  }
  return spec.reference(p, values, { seed: 0, step: 1, rows: 0, learningRate: 0 });
}

/** The first rows of the result depend on the first rows of the inputs alone. */
function rowsTruth(call: KernelCall, name: string, inputs: Inputs, more?: Readonly<Record<string, Values>>): Truth {
  const values = Float64Array.from(reference(call, inputs, more)[name]!);
  return { name, values, part: whole => whole.subarray(0, values.length) };
}

/** The gradient of some output channels depends on these channels of dy alone, but on every pixel. */
function channelsTruth({ spec, p }: KernelCall, cout: number, inputs: Inputs): Truth {
  const some = Math.min(CHANNELS, cout);
  const cut = (whole: Float32Array) => {
    const part = new Float32Array((whole.length / cout) * some);
    for (let i = 0; i < part.length; i++) part[i] = whole[Math.floor(i / some) * cout + (i % some)]!;
    return part;
  };
  const dy = { shape: [], data: cut(inputs.dy!.data) };
  const narrow: Params = { ...p, cout: some };
  const { dkernel } = reference({ spec, p: narrow }, { x: inputs.x!, dy });
  return { name: 'dkernel', values: Float64Array.from(dkernel!), part: cut };
}
