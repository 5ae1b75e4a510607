import type { Capabilities } from '../gpu/capabilities.ts';
import { elementwise } from './elements.ts';
import { foldGrid, gridFor } from './grid.ts';
import type { Sampler } from './sampler.ts';
import { defineKernel, type Plan, type SliceRule, sizeOf, type Values, type Variant } from './spec.ts';

/** A reduction over the middle axis of [outer, length, inner]. */
type Extents = { outer: number; length: number; inner: number };

/** accumulate: add to what `out` holds (slices). */
export type SumParams = Extents & { scale: number; accumulate: number };
/** minimum: 0 max, 1 min; base: number of the first row along `length`; accumulate: compare with what `out` holds. */
export type ExtremumParams = Extents & { minimum: number; base: number; accumulate: number };

/** A sum over the first axis is sliced along it; else the axes in front of the reduced one are cut. */
const inputShape = (p: Extents) => (p.outer === 1 ? [p.length, p.inner] : [p.outer, p.length, p.inner]);
const outputShape = (p: Extents) => [p.outer, p.inner];
const outerRows = (p: Extents) => p.outer > 1;

interface Split {
  readonly parts: number;
  readonly chunk: number;
}

/** Cuts the length of a reduction into parts, none empty, so that about `wanted` of them work on all outputs together. */
function split(p: Extents, wanted: number, smallest: number): Split {
  const parts = Math.min(Math.ceil(wanted / (p.outer * p.inner)), Math.ceil(p.length / smallest));
  const chunk = Math.ceil(p.length / Math.max(1, parts));
  return { parts: Math.ceil(p.length / chunk), chunk };
}

/** Threads that keep a device busy. */
const busyThreads = (caps: Capabilities) => (caps.software ? 1024 : 1 << 16);
const threadSplit = (p: Extents, caps: Capabilities) => split(p, busyThreads(caps), 16);

/** Plans one dispatch over the whole length, or one over its parts and a second that reduces those. */
function inPasses(
  p: Extents,
  { parts, chunk }: Split,
  pass: (extents: Extents, split: Split, last: boolean, first: boolean) => Plan['dispatches'][number],
): Plan['dispatches'] {
  if (parts === 1) return [pass(p, { parts, chunk }, true, true)];
  const rest = { outer: p.outer, length: parts, inner: p.inner };
  return [pass(p, { parts, chunk }, false, true), pass(rest, { parts: 1, chunk: parts }, true, false)];
}

function sumPlan(
  p: SumParams,
  parts: Split,
  tree: { columns: number; lanes: number } | undefined,
  caps: Capabilities,
): Plan {
  return {
    dispatches: inPasses(p, parts, (extents, { parts, chunk }, last, first) => ({
      shader: tree ? 'reduce/sum_tree' : 'reduce/sum',
      ...(tree && { constants: { COLUMNS: tree.columns, LANES: tree.lanes } }),
      uniform: [
        ...[extents.outer, extents.length, extents.inner, parts, chunk],
        { f32: last ? p.scale : 1 },
        last ? p.accumulate : 0,
      ],
      bindings: [first ? 'x' : { name: 'partial', as: 'read' }, last ? 'out' : 'partial'],
      workgroups: tree
        ? foldGrid(extents.outer * parts * Math.ceil(extents.inner / tree.columns), caps)
        : gridFor(extents.outer * parts * extents.inner, 64, caps),
    })),
    scratch: parts.parts > 1 ? { partial: 4 * p.outer * parts.parts * p.inner } : {},
  };
}

/** A workgroup for a block of outputs, its lanes along the length. */
function treeSum(columns: number, lanes: number, speed: Variant<SumParams>['speed']): Variant<SumParams> {
  const parts = (p: SumParams) => split(p, 512 * columns, 8 * lanes);
  return {
    name: `tree_${columns}x${lanes}`,
    supports: p => p.inner >= columns / 2,
    speed,
    plan: (p, caps) => sumPlan(p, parts(p), { columns, lanes }, caps),
  };
}

const drawExtents = (r: Sampler): Extents => {
  const [outer, inner] = [r.pick([1, 1, r.int(1, 9)]), r.pick([1, r.int(1, 40)])];
  return { outer, length: r.pick([r.int(1, 12), r.int(1, 600)]), inner };
};

/** out[o, i] = scale * sum_l x[o, l, i]: sums and means, gradients of biases and of broadcast operands. */
export const sumKernel = defineKernel<SumParams>({
  name: 'sum',
  tensors: {
    x: { role: 'in', shape: inputShape, rows: true },
    out: { role: 'out', shape: outputShape, rows: outerRows },
  },
  slice: p => (p.outer > 1 ? { param: 'outer' } : { param: 'length', accumulate: 'accumulate' }),
  flops: p => p.outer * p.length * p.inner,
  reference: (p, { x }) => {
    const out = new Float64Array(p.outer * p.inner);
    x!.forEach((value: number, at: number) => {
      out[Math.floor(at / (p.length * p.inner)) * p.inner + (at % p.inner)]! += p.scale * value;
    });
    return { out };
  },
  sample: r => ({ ...drawExtents(r), scale: Math.fround(r.pick([1, r.uniform(0.1, 2)])), accumulate: 0 }),
  // One more than the terms: the scale's own rounding.
  tolerance: { kind: 'dot', terms: p => p.length + 1 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => sumPlan(p, { parts: 1, chunk: p.length }, undefined, caps),
    },
    {
      name: 'parts',
      supports: (p, caps) => threadSplit(p, caps).parts > 1,
      speed: (p, caps) => Math.min(8, busyThreads(caps) / (2 * p.outer * p.inner)),
      plan: (p, caps) => sumPlan(p, threadSplit(p, caps), undefined, caps),
    },
    treeSum(1, 256, (p, caps) => (caps.software || p.inner > 4 ? 0.2 : Math.min(10, p.length / 32))),
    treeSum(32, 8, (p, caps) => (caps.software ? 0.2 : p.outer * p.inner < 16384 ? Math.min(9, p.length / 32) : 0.5)),
  ],
});

function extremumPlan(p: ExtremumParams, parts: Split, caps: Capabilities): Plan {
  const bytes = 4 * p.outer * parts.parts * p.inner;
  return {
    dispatches: inPasses(p, parts, (extents, { parts, chunk }, last, first) => ({
      shader: 'reduce/extremum',
      uniform: [
        ...[extents.outer, extents.length, extents.inner, parts, chunk, p.minimum],
        ...[Number(!first), first ? p.base : 0, last ? p.accumulate : 0],
      ],
      bindings: [
        // Where there are no indices yet, any readable buffer will do in their place.
        ...(first ? ['x', 'x'] : (['best', 'place'] as const).map(name => ({ name, as: 'read' as const }))),
        ...(last ? ['out', 'index'] : ['best', 'place']),
      ],
      workgroups: gridFor(extents.outer * parts * extents.inner, 64, caps),
    })),
    scratch: parts.parts > 1 ? { best: bytes, place: bytes } : {},
  };
}

/** Whether a comes before b: NaN first, then the larger (smaller). */
const beats = (a: number, b: number, minimum: number) =>
  !Number.isNaN(b) && (Number.isNaN(a) || (minimum ? a < b : a > b));

const extremumSlice = (p: ExtremumParams): SliceRule<ExtremumParams> =>
  p.outer > 1 ? { param: 'outer' } : { param: 'length', base: 'base', accumulate: 'accumulate' };

/** out[o, i] = max_l x[o, l, i] (or min) and the first l that has it. */
export const extremumKernel = defineKernel<ExtremumParams>({
  name: 'extremum',
  tensors: {
    x: { role: 'in', shape: inputShape, rows: true },
    out: { role: 'out', shape: outputShape, rows: outerRows },
    index: { role: 'out', shape: outputShape, dtype: 'u32', rows: outerRows },
  },
  slice: extremumSlice,
  flops: p => p.outer * p.length * p.inner,
  reference: (p, { x }) => {
    const out = new Float64Array(p.outer * p.inner);
    const index = new Uint32Array(p.outer * p.inner);
    for (let at = 0; at < out.length; at++) {
      const start = Math.floor(at / p.inner) * p.length * p.inner + (at % p.inner);
      let best = 0;
      for (let l = 1; l < p.length; l++)
        if (beats(x![start + l * p.inner]!, x![start + best * p.inner]!, p.minimum)) best = l;
      out[at] = x![start + best * p.inner]!;
      index[at] = p.base + best;
    }
    return { out, index };
  },
  sample: r => ({ ...drawExtents(r), minimum: r.int(0, 1), base: r.int(0, 3), accumulate: 0 }),
  // Few values, so that there are ties, and now and then a NaN.
  fill: (_, p, size, r) =>
    Float64Array.from({ length: size }, () => (r.int(0, 20 * p.length) === 0 ? Number.NaN : r.int(-9, 9))),
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => extremumPlan(p, { parts: 1, chunk: p.length }, caps),
    },
    {
      name: 'parts',
      supports: (p, caps) => threadSplit(p, caps).parts > 1,
      speed: (p, caps) => Math.min(8, busyThreads(caps) / (2 * p.outer * p.inner)),
      plan: (p, caps) => extremumPlan(p, threadSplit(p, caps), caps),
    },
  ],
});

export type ExtremumGradParams = Extents & { base: number };

function extremumGradient(p: ExtremumGradParams, index: Values, dy: Values): Float64Array {
  return Float64Array.from({ length: p.outer * p.length * p.inner }, (_, id) => {
    const row = Math.floor(id / p.inner);
    const at = Math.floor(row / p.length) * p.inner + (id % p.inner);
    return index[at] === (row % p.length) + p.base ? dy[at]! : 0;
  });
}

/** Gradient of `extremum`: dy at the place of the maximum, else 0. */
export const extremumGradKernel = defineKernel<ExtremumGradParams>({
  name: 'extremum_grad',
  tensors: {
    index: { role: 'in', shape: outputShape, dtype: 'u32', rows: outerRows },
    dy: { role: 'in', shape: outputShape, rows: outerRows },
    out: { role: 'out', shape: inputShape, rows: true },
  },
  slice: p => (p.outer > 1 ? { param: 'outer' } : { param: 'length', base: 'base' }),
  flops: () => 0,
  reference: (p, { index, dy }) => ({ out: extremumGradient(p, index!, dy!) }),
  sample: r => ({ ...drawExtents(r), base: r.int(0, 3) }),
  fill: (name, p, size, r) =>
    name === 'index' ? Uint32Array.from({ length: size }, () => p.base + r.int(0, p.length - 1)) : undefined,
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(sizeOf(inputShape(p)), caps, {
            shader: 'reduce/extremum_grad',
            uniform: [p.length, p.inner, p.base],
            bindings: ['index', 'dy', 'out'],
          }),
        ],
      }),
    },
  ],
});
