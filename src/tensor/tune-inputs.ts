import { type KernelSpec, type Params, sizeOf, type Values } from '../kernels/spec.ts';

/** Operations, or elements where those count, of what is compared with the reference: some hundredths of a second. */
const PROOF_WORK = 2e6;
/** Operations of a call that is timed: a longer one is timed on fewer rows, which cost the same each. */
const TIMED_WORK = { software: 1e9, gpu: 4e11 };
/** So many rows, images of a batch for instance, keep every device busy. */
const FEWEST_TIMED = 8;

/** A call on few enough of its rows to be checked against the float64 reference in no time. */
export function forProof(spec: KernelSpec, p: Params): Params {
  return withRows(spec, p, PROOF_WORK, 1);
}

/** The call, or as many of its rows as take a fraction of a second on such a device. */
export function forTiming(spec: KernelSpec, p: Params, software: boolean): Params {
  return withRows(spec, p, software ? TIMED_WORK.software : TIMED_WORK.gpu, FEWEST_TIMED);
}

function withRows(spec: KernelSpec, p: Params, work: number, fewest: number): Params {
  const rule = spec.slice?.(p);
  const rows = rule ? p[rule.param]! : 0;
  const whole = Math.max(spec.flops(p), elements(spec, p));
  if (!rule || rows <= fewest || whole <= work) return p;
  return { ...p, [rule.param]: Math.max(fewest, Math.floor((rows * work) / whole)) };
}

function elements(spec: KernelSpec, p: Params): number {
  return Object.values(spec.tensors).reduce((sum, tensor) => sum + sizeOf(tensor.shape(p) ?? []), 0);
}

/** Contents from those `drawn` for fewer rows, said again and again, since drawing millions takes seconds. */
export function repeatRows(
  spec: KernelSpec,
  p: Params,
  drawn: Readonly<Record<string, Values>>,
): Record<string, Values> {
  return Object.fromEntries(
    Object.entries(drawn).map(([name, values]) => [name, repeat(values, sizeOf(spec.tensors[name]!.shape(p)!))]),
  );
}

function repeat(values: Values, size: number): Values {
  if (values.length === size) return values;
  const out = new (values.constructor as new (size: number) => Values)(size);
  for (let start = 0; start < size; start += values.length) out.set(values.subarray(0, size - start), start);
  return out;
}
