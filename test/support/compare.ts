import type { Sampler } from '../../src/kernels/sampler.ts';
import type { KernelSpec, Params, Values } from '../../src/kernels/spec.ts';
import { DEFAULT_STEP, type StepValues, sizeOf } from '../../src/kernels/spec.ts';

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
  slack = 1,
): Record<string, Float64Array> {
  const { tolerance } = spec;
  const bounds: Record<string, Float64Array> = {};
  const magnitudes = tolerance.kind === 'dot' ? absoluteSums(spec, p, inputs, step) : {};
  for (const [name, values] of Object.entries(expected)) {
    bounds[name] = Float64Array.from(values, (value, i) => {
      if (tolerance.kind === 'exact') return 0;
      if (tolerance.kind === 'elementwise') {
        return slack * tolerance.ulps * EPSILON * Math.max(tolerance.floor ?? 1e-3, Math.abs(value));
      }
      return slack * DOT_FACTOR * EPSILON * Math.sqrt(tolerance.terms(p)) * magnitudes[name]![i]! + 1e-37;
    });
  }
  return bounds;
}

/** The sums of the kernel with every input made positive: what rounding errors are relative to. */
function absoluteSums(
  spec: KernelSpec,
  p: Params,
  inputs: Record<string, Values>,
  step: StepValues,
): Record<string, Values> {
  const absolute = Object.fromEntries(
    Object.entries(inputs).map(([name, values]) => [
      name,
      values instanceof Float64Array ? Float64Array.from(values, Math.abs) : values,
    ]),
  );
  return spec.reference(p, absolute, step);
}

/** The first value that is further off than allowed, as a sentence; undefined when all are close. NaN equals NaN. */
export function firstDifference(actual: Values, expected: Values, allowed: Float64Array): string | undefined {
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Number.isNaN(a) && Number.isNaN(e)) continue;
    if (a === Math.fround(e)) continue;
    const error = Math.abs(a - e);
    if (!(error <= allowed[i]!))
      return `value ${i} of ${expected.length}: got ${a}, expected ${e}, error ${error} > ${allowed[i]}`;
  }
  return undefined;
}
