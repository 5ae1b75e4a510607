import { Sampler } from '../kernels/sampler.ts';
import {
  describeParams,
  type KernelSpec,
  type Params,
  type Slack,
  type StepValues,
  type Values,
  type Variant,
} from '../kernels/spec.ts';
import { absoluteInputs, closeness, type Difference, drawInputs, drawStep, errorBounds } from '../kernels/verify.ts';

import type { Engine } from './engine.ts';
import { canRun, runVariant } from './run-variant.ts';

/** One call of a kernel with random contents and what must come out of it. */
export interface Trial {
  readonly p: Params;
  readonly inputs: Record<string, Values>;
  readonly step: StepValues;
  readonly expected: Record<string, Values>;
  /** Who computed that: the float64 reference, or, where it would take minutes, the plain variant on the device. */
  readonly by: 'reference' | 'plain';
  /** What the kernel makes of the absolute inputs, for tolerances of sums. */
  readonly sums: Record<string, Values>;
}

/** How near one variant comes in one trial. */
export interface TrialResult {
  /** Largest error of a value, absolute. */
  readonly error: number;
  /** The same in parts of what float32 sums in another order may be off. */
  readonly share: number;
  readonly failure: ProofFailure | undefined;
}

/** The first wrong value. */
export interface ProofFailure {
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly params: Params;
  readonly difference: Difference;
}

export interface Proof {
  /** Random shapes of the kernel's sampler that it was tried on. */
  readonly shapes: number;
  /** Largest error over all of them, in parts of the tolerance. */
  readonly share: number;
  readonly failure: ProofFailure | undefined;
}

export interface ProofOptions {
  /** Random shapes to try it on. Default 12. */
  readonly shapes?: number;
  readonly seed?: number;
  readonly onShape?: (done: number, total: number) => void;
}

/** Seeds looked through for shapes that a variant supports. */
const SEEDS = 400;

/** Operations up to which the reference answers in some seconds. */
const REFERENCE_FLOPS = 1e9;

/**
 * Random contents for a call of this size, and the right results.
 * @param mostFlops operations up to which the reference answers; beyond, the plain variant does.
 */
export async function makeTrial(
  engine: Engine,
  spec: KernelSpec,
  p: Params,
  random: Sampler,
  mostFlops = REFERENCE_FLOPS,
): Promise<Trial> {
  const inputs = drawInputs(spec, p, random);
  const step = drawStep(random);
  const absolute = spec.tolerance.kind === 'dot' ? absoluteInputs(inputs) : undefined;
  if (spec.flops(p) <= mostFlops) {
    const sums = absolute ? spec.reference(p, absolute, step) : {};
    return { p, inputs, step, expected: spec.reference(p, inputs, step), by: 'reference', sums };
  }
  const plain = spec.variants[0]!;
  engine.setStep(step);
  const expected = await runVariant(engine, spec, plain, p, inputs);
  const sums = absolute ? await runVariant(engine, spec, plain, p, absolute) : {};
  return { p, inputs, step, expected, by: 'plain', sums };
}

/** Runs a variant on a trial and compares. Leaves the engine at the trial's step. */
export async function tryVariant(
  engine: Engine,
  spec: KernelSpec,
  variant: Variant<Params>,
  trial: Trial,
): Promise<TrialResult> {
  const { p, inputs, step, expected, by, sums } = trial;
  engine.setStep(step);
  const actual = await runVariant(engine, spec, variant, p, inputs);
  // A plain variant in the reference's place has rounded too.
  const allowed = errorBounds(spec, p, expected, sums, by === 'plain' ? plusOne(variant.slack) : variant.slack);
  let [error, share] = [0, 0];
  for (const [tensor, values] of Object.entries(actual)) {
    const near = closeness(values, expected[tensor]!, allowed[tensor]!);
    error = Math.max(error, near.error);
    share = Math.max(share, near.share);
    if (near.difference) {
      const shape = spec.tensors[tensor]!.shape(p)!;
      return { error, share, failure: { tensor, shape, params: p, difference: near.difference } };
    }
  }
  return { error, share, failure: undefined };
}

export function plusOne(slack: Slack = 1): Slack {
  return typeof slack === 'number' ? slack + 1 : { ofLargest: slack.ofLargest + 1 };
}

/** Random shapes of the kernel's sampler that a variant supports here, each with the randomness for its contents. */
function* drawShapes(
  engine: Engine,
  spec: KernelSpec,
  variant: Variant<Params>,
  { shapes = 12, seed = 1 }: ProofOptions,
): Generator<{ p: Params; random: Sampler }> {
  for (let i = 0, found = 0; i < SEEDS && found < shapes; i++) {
    const random = new Sampler(seed * SEEDS + i);
    const p = spec.sample(random);
    if (!canRun(engine, spec, variant, p)) continue;
    found++;
    yield { p, random };
  }
}

/**
 * Proves a variant against the float64 reference over random shapes, up to the first wrong value.
 * @throws KernelError with the driver's message when it does not compile.
 */
export async function proveVariant(
  engine: Engine,
  spec: KernelSpec,
  variant: Variant<Params>,
  options: ProofOptions = {},
): Promise<Proof> {
  const before = engine.step;
  let [shapes, share] = [0, 0];
  try {
    for (const { p, random } of drawShapes(engine, spec, variant, options)) {
      const result = await tryVariant(engine, spec, variant, await makeTrial(engine, spec, p, random));
      shapes++;
      share = Math.max(share, result.share);
      if (result.failure) return { shapes, share, failure: result.failure };
      options.onShape?.(shapes, options.shapes ?? 12);
    }
    return { shapes, share, failure: undefined };
  } finally {
    engine.setStep(before);
  }
}

/** `'y' [2, 3, 5, 8] at [0, 1, 4, 7] is 1.25, the reference says 1.5 ... with n=2 h=3 ...`. */
export function describeFailure({ tensor, shape, params, difference }: ProofFailure): string {
  const { index, actual, expected, allowed } = difference;
  return (
    `'${tensor}' [${shape.join(', ')}] at [${unflatten(index, shape).join(', ')}] (value ${index}) is ${actual}, the ` +
    `reference says ${expected}; allowed is an error of ${allowed.toPrecision(3)}; with ${describeParams(params)}`
  );
}

function unflatten(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return place;
}
