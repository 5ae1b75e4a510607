import type { Sampler } from './sampler.ts';
import {
  DEFAULT_STEP,
  type KernelSpec,
  type Params,
  type Slack,
  type StepValues,
  sizeOf,
  type Values,
} from './spec.ts';

// Whether a kernel computes what its reference says: random contents, how far float32 may be off, where it is further
// off. Tests, the tuner, `weft bench op` and people with a kernel of their own all ask the same question here.

/** The constant c of every 'dot' tolerance: c * 2^-24 * sqrt(terms) * sum|a*b|. */
const DOT_FACTOR = 8;
const EPSILON = 2 ** -24;

/** Random contents for the inputs of a kernel. */
export function drawInputs(spec: KernelSpec, p: Params, random: Sampler): Record<string, Values> {
  const inputs: Record<string, Values> = {};
  for (const [name, tensor] of Object.entries(spec.tensors)) {
    const shape = tensor.shape(p);
    if (!shape || tensor.role === 'out') continue;
    const size = sizeOf(shape);
    inputs[name] = spec.fill?.(name, p, size, random) ?? random.normals(size);
  }
  return inputs;
}

/** What a step tells its kernels: half of the time all rows of the batch are real. */
export function drawStep(random: Sampler): StepValues {
  return {
    seed: random.int(0, 2 ** 32 - 1),
    step: random.int(1, 2000),
    rows: random.int(0, 1) * random.int(1, 100),
    learningRate: Math.fround(random.uniform(0, 0.1)),
  };
}

/** How far each value of each result may be from the reference; `slack` is the variant's. */
export function allowedErrors(
  spec: KernelSpec,
  p: Params,
  inputs: Record<string, Values>,
  expected: Record<string, Values>,
  step: StepValues = DEFAULT_STEP,
  slack: Slack = 1,
): Record<string, Float64Array> {
  const sums = spec.tolerance.kind === 'dot' ? spec.reference(p, absoluteInputs(inputs), step) : {};
  return errorBounds(spec, p, expected, sums, slack);
}

/**
 * The same from `sums`, what the kernel makes of the absolute values of its inputs (only 'dot' kernels need them): so
 * that a device may compute these where the reference would take minutes.
 */
export function errorBounds(
  { tolerance }: KernelSpec,
  p: Params,
  expected: Record<string, Values>,
  sums: Record<string, Values>,
  slack: Slack = 1,
): Record<string, Float64Array> {
  const bounds: Record<string, Float64Array> = {};
  const [factor, ofLargest] = typeof slack === 'number' ? [slack, false] : [slack.ofLargest, true];
  for (const [name, values] of Object.entries(expected)) {
    const largest = ofLargest ? Array.from(sums[name] ?? []).reduce((a, b) => Math.max(a, b), 0) : undefined;
    bounds[name] = Float64Array.from(values, (value, i) => {
      if (tolerance.kind === 'exact') return 0;
      if (tolerance.kind === 'elementwise') {
        return factor * tolerance.ulps * EPSILON * Math.max(tolerance.floor ?? 1e-3, Math.abs(value));
      }
      return factor * DOT_FACTOR * EPSILON * Math.sqrt(tolerance.terms(p)) * (largest ?? sums[name]![i]!) + 1e-37;
    });
  }
  return bounds;
}

/** Every input made positive: the sums of these are what rounding errors are relative to. */
export function absoluteInputs(inputs: Readonly<Record<string, Values>>): Record<string, Values> {
  const absolute = (values: Values) => (values instanceof Float64Array ? Float64Array.from(values, Math.abs) : values);
  return Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, absolute(values)]));
}

/** A value that is further off than allowed. */
export interface Difference {
  readonly index: number;
  /** Number of values. */
  readonly size: number;
  readonly actual: number;
  readonly expected: number;
  readonly error: number;
  readonly allowed: number;
}

/** How near a result is to the reference. */
export interface Closeness {
  /** The first value that is further off than allowed; undefined when all are close. */
  readonly difference: Difference | undefined;
  /** Largest error of a value up to there, absolute, and in parts of what is allowed there. */
  readonly error: number;
  readonly share: number;
}

/** Compares value by value. NaN equals NaN. */
export function closeness(actual: Values, expected: Values, allowed: Float64Array): Closeness {
  let [error, share] = [0, 0];
  for (let index = 0; index < expected.length; index++) {
    const [a, e] = [actual[index]!, expected[index]!];
    if (Number.isNaN(a) && Number.isNaN(e)) continue;
    if (a === Math.fround(e)) continue;
    const own = Math.abs(a - e);
    if (!(own <= allowed[index]!)) {
      const difference = { index, size: expected.length, actual: a, expected: e, error: own, allowed: allowed[index]! };
      return { difference, error: own, share: own / allowed[index]! };
    }
    error = Math.max(error, own);
    share = Math.max(share, own / allowed[index]!);
  }
  return { difference: undefined, error, share };
}

/** The first value that is further off than allowed, as a sentence; undefined when all are close. NaN equals NaN. */
export function firstDifference(actual: Values, expected: Values, allowed: Float64Array): string | undefined {
  const { difference } = closeness(actual, expected, allowed);
  return difference && describeDifference(difference);
}

export function describeDifference({ index, size, actual, expected, error, allowed }: Difference): string {
  return `value ${index} of ${size}: got ${actual}, expected ${expected}, error ${error} > ${allowed}`;
}
