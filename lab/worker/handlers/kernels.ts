import { sha256 } from '../../../src/data/dataset.ts';
import { callShape, InterruptedError, type KernelSpec, kernels, type Shape, ValueError } from '../../../src/index.ts';
import { plainAsCustom } from '../../../src/kernels/custom.ts';
import { describeParams } from '../../../src/kernels/spec.ts';
import { KernelError } from '../../../src/platform/errors.ts';
import { measureOp, type OpResult } from '../../../src/tensor/bench-op.ts';
import { measureRoofline } from '../../../src/tensor/roofline.ts';
import type { Lab } from '../lab.ts';
import { describeSite } from '../open.ts';
import { listStep, timeStep } from '../step-list.ts';

/** What is measured of kernels: of each kind there is one at a time. */
export type Measured = 'step' | 'roofline' | 'ladder';

/** Timed rounds of the roofline, and of a ladder. */
const ROUNDS = 3;

/** A call of a kernel, as its ladder is run and as one's own kernel is given it. */
export interface Call {
  /** Parameters, all of them, as `weft bench op --shape` takes them. */
  readonly shape: string;
  readonly tensors: readonly {
    readonly name: string;
    readonly role: 'in' | 'out' | 'inout';
    readonly dtype: string;
    readonly shape: Shape;
  }[];
  readonly variants: readonly string[];
  /** The plain variant as WGSL to start from, or why there is none. */
  readonly plain: { readonly wgsl: string } | { readonly missing: string };
}

export const inTurn = {
  /** The training step of the network as its list of dispatches. */
  'kernels.list': (lab: Lab, _: undefined) => listStep(lab),

  /** Times of all dispatches, on a copy of the network. */
  'kernels.time': async (lab: Lab, _: undefined) => await timeStep(lab, lab.jobs.start('step')),

  /** What this device can do at most. */
  'kernels.roofline': async (lab: Lab, _: undefined) => {
    const signal = lab.jobs.start('roofline');
    const onProgress = (done: number, total: number) =>
      tell(lab, signal, { what: 'roofline', text: `form ${done + 1} of ${total}`, done, total });
    return await measureRoofline(lab.bench.engine, { rounds: ROUNDS, onProgress });
  },

  /** Proves and times all variants of a kernel on one call, and the reader's own beside them. */
  'kernels.ladder': async (lab: Lab, { kernel, shape, wgsl }: LadderInput): Promise<OpResult> => {
    const spec = specOf(kernel);
    const signal = lab.jobs.start('ladder');
    const onProgress = (text: string) => tell(lab, signal, { what: 'ladder', text });
    const custom = wgsl === undefined ? undefined : { name: OWN, wgsl, sha256: await sha256(encode(wgsl)) };
    const task = { spec, p: callShape(spec, shape), custom, repeats: ROUNDS };
    const { weft } = await describeSite();
    return await measureOp(lab.bench.engine, task, { weft, onProgress });
  },
};

export const atOnce = {
  /** What a call of a kernel is made of. */
  'kernels.call': (lab: Lab, { kernel, shape }: { kernel: string; shape: string }): Call => {
    const spec = specOf(kernel);
    const p = callShape(spec, shape);
    const tensors = Object.entries(spec.tensors).flatMap(([name, { role, dtype = 'f32', shape: shapeOf }]) => {
      const found = shapeOf(p);
      return found ? [{ name, role, dtype, shape: found }] : [];
    });
    const variants = spec.variants.map(({ name }) => name);
    return { shape: describeParams(p), tensors, variants, plain: plainOf(lab, spec, p) };
  },

  'kernels.stop': (lab: Lab, { what }: { what: Measured }) => lab.jobs.stop(what),
};

/** What the reader's own kernel is called. */
export const OWN = 'own';

export interface LadderInput {
  readonly kernel: string;
  /** Parameters of the call: `m=64 n=64 k=64`; what is left out has a sensible size. */
  readonly shape: string;
  /** One's own kernel. */
  readonly wgsl?: string;
}

function tell(lab: Lab, signal: AbortSignal, progress: Parameters<typeof lab.emit<'measured'>>[1]): void {
  if (signal.aborted) throw new InterruptedError('the measurement was stopped');
  lab.emit('measured', progress);
}

function specOf(kernel: string): KernelSpec {
  const spec = kernels.find(({ name }) => name === kernel);
  if (spec) return spec;
  throw new ValueError(`there is no kernel '${kernel}'`);
}

function plainOf(lab: Lab, spec: KernelSpec, p: ReturnType<typeof callShape>): Call['plain'] {
  try {
    return { wgsl: plainAsCustom(spec, p, lab.bench.engine.caps) };
  } catch (error) {
    if (error instanceof KernelError) return { missing: error.message };
    throw error;
  }
}

const encode = (text: string) => new TextEncoder().encode(text);
