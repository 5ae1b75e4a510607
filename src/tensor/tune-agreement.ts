import type { KernelSpec, Params, Slack, Values, Variant } from '../kernels/spec.ts';
import { closeness, describeDifference, errorBounds } from '../kernels/verify.ts';
import type { CompiledStep } from './compile.ts';
import type { Engine } from './engine.ts';
import { plusOne } from './prove.ts';
import type { Tensor } from './tensor.ts';

/** A call as it is timed. */
interface TimedCall {
  readonly spec: KernelSpec;
  readonly p: Params;
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly inputs: Readonly<Record<string, Values>>;
}

/** Bytes read back of each result at most: a first part tells as much as hundreds of megabytes. */
const MOST_VALUES = 4 << 20;

/**
 * Runs each candidate once, which also warms it up, and compares what it wrote with what the simplest one wrote. Gives
 * back those that differ by more than rounding.
 */
export async function disagreement(
  engine: Engine,
  call: TimedCall,
  runs: readonly { readonly step: CompiledStep<void> }[],
  variants: readonly Variant<Params>[],
): Promise<{ variant: Variant<Params>; reason: string }[]> {
  const wrong: { variant: Variant<Params>; reason: string }[] = [];
  let first: Record<string, Values> | undefined;
  for (const [i, { step }] of runs.entries()) {
    poison(call);
    await step.run();
    const results = await read(engine, call);
    if (!first) first = results;
    else {
      const variant = variants[i]!;
      const reason = compare(call, results, first, variant.slack);
      if (reason) wrong.push({ variant, reason: `differs from '${variants[0]!.name}' in ${reason}` });
    }
  }
  return wrong;
}

/** Fresh inputs where the kernel writes over them, and NaN where it only writes: what it leaves out is seen. */
function poison({ spec, tensors, inputs }: TimedCall): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    const { role } = spec.tensors[name]!;
    if (role === 'inout') tensor.write(inputs[name]!);
    if (role !== 'out') continue;
    const mark = tensor.dtype === 'f32' ? Number.NaN : tensor.dtype === 'u8' ? 255 : 0xffffffff;
    tensor.write(new Float64Array(tensor.size).fill(mark));
  }
}

async function read(engine: Engine, { spec, tensors }: TimedCall): Promise<Record<string, Values>> {
  const results: Record<string, Values> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (spec.tensors[name]!.role === 'in') continue;
    const part = tensor.size > MOST_VALUES ? engine.segment(tensor, 0, [MOST_VALUES]) : tensor;
    results[name] = await part.data();
  }
  return results;
}

function compare(
  { spec, p }: TimedCall,
  actual: Record<string, Values>,
  expected: Record<string, Values>,
  slack: Slack | undefined,
): string | undefined {
  // Both have rounded.
  const allowed = errorBounds(spec, p, expected, largestSums(spec, p, expected), plusOne(slack));
  for (const [name, values] of Object.entries(expected)) {
    const { difference } = closeness(actual[name]!, values, allowed[name]!);
    if (difference) return `'${name}': ${describeDifference(difference)}`;
  }
  return undefined;
}

/** The largest of many normal numbers in multiples of their standard deviation. */
const LARGEST = 5;

/**
 * What the absolute values of the products add up to at most, as `errorBounds` wants to know, from the results: of n
 * products of normal numbers the sum is about sqrt(n) large, the sum of their absolute values about n.
 */
function largestSums(spec: KernelSpec, p: Params, results: Record<string, Values>): Record<string, Values> {
  const { tolerance } = spec;
  if (tolerance.kind !== 'dot') return {};
  return Object.fromEntries(
    Object.entries(results).map(([name, values]) => {
      const squares = (values as Float32Array).reduce((sum, value) => sum + value * value, 0);
      const typical = Math.sqrt(squares / values.length);
      return [name, new Float64Array(values.length).fill(LARGEST * typical * Math.sqrt(tolerance.terms(p)))];
    }),
  );
}
