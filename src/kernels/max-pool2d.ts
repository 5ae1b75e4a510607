import type { Capabilities } from '../gpu/capabilities.ts';
import { dropoutFactors, dropThreshold } from './dropout.ts';
import { foldGrid, gridFor } from './grid.ts';
import {
  drawPool2d,
  forEachWindow,
  MOST_TAPS_A_BYTE,
  type Pool2dParams,
  pooledFrom,
  pooledTo,
  poolUniform,
  tapPlace,
  tapsShape,
} from './pool2d-geometry.ts';
import type { Sampler } from './sampler.ts';
import type { Shader } from './shader.ts';
import {
  DEFAULT_STEP,
  defineKernel,
  type Plan,
  type PlannedDispatch,
  type StepValues,
  sizeOf,
  type Values,
} from './spec.ts';
import { fill } from './subgroup.ts';

/**
 * drop: 1 when y is dropped out at random (see dropout.ts), with which rate and as which dropout of the network; base:
 * number of the first image (slices).
 */
export type DropoutOfPooling = { drop: number; base: number; id: number; rate: number };

export type MaxPool2dParams = Pool2dParams & DropoutOfPooling;

/** What stands behind the parameters of a pooling that drops nothing. */
export const KEEP_ALL = { drop: 0, base: 0, id: 0, rate: 0 } as const;

/** taps: 1 when a gradient will ask where each maximum was; 0 spares writing it. */
export type MaxPool2dForwardParams = MaxPool2dParams & { taps: number };

function forward(p: MaxPool2dParams, x: Values, step: StepValues): { y: Float64Array; taps: Uint32Array } {
  const y = new Float64Array(sizeOf(pooledTo(p)));
  const first = { ...p, base: p.base * p.oh * p.ow * p.c };
  const factors = p.drop ? dropoutFactors(first, y.length, step) : undefined;
  const taps = new Uint32Array(sizeOf(tapsShape(p)));
  forEachWindow(p, ({ at, image, inImage }, pixels) => {
    let best = pixels[0]!;
    for (const pixel of pixels) {
      const [value, largest] = [x[pixel.at]!, x[best.at]!];
      if (value > largest || (Number.isNaN(value) && !Number.isNaN(largest))) best = pixel;
    }
    const factor = factors ? factors[at]! : 1;
    y[at] = factor === 0 ? 0 : x[best.at]! * factor;
    const { word, shift, bits } = tapPlace(p, image, inImage);
    // No window has this tap.
    taps[word]! |= (factor === 0 ? bits : best.tap) << shift;
  });
  return { y, taps };
}

function backward(p: MaxPool2dGradParams, dy: Values, taps: Values, y: Values | undefined): Float64Array {
  const dx = new Float64Array(sizeOf(pooledFrom(p)));
  forEachWindow(p, ({ at, image, inImage }, pixels) => {
    const { word, shift, bits } = tapPlace(p, image, inImage);
    if (p.mask && y![at]! <= 0) return;
    const tap = ((taps[word]! >>> shift) & bits) >>> 0;
    const winner = pixels.find(pixel => pixel.tap === tap);
    if (winner) dx[winner.at]! += dy[at]! / (1 - p.rate);
  });
  return dx;
}

/** Few different values, so that windows have equal maxima; and now and then a NaN. */
const tied = (size: number, r: Sampler) =>
  Float64Array.from({ length: size }, () => (r.int(0, 60) === 0 ? Number.NaN : r.int(-2, 2)));

export const maxPoolUniform = (p: MaxPool2dParams) => [
  ...poolUniform(p),
  ...[p.drop, p.base, p.id, dropThreshold(p.rate), { f32: 1 / (1 - p.rate) }],
];

/** Half of the time with dropout, with rates whose scale is a power of two: the results stay exact. */
export const drawDropout = (r: Sampler): DropoutOfPooling =>
  r.int(0, 1) ? { drop: 1, base: r.int(0, 9), id: r.int(0, 9), rate: r.pick([0.5, 0.75]) } : KEEP_ALL;

const draw = (r: Sampler): MaxPool2dParams => ({ ...drawPool2d(r), ...drawDropout(r) });

/** A variant of the forward: a thread makes one word of taps and the values they belong to. */
const oneWordAThread =
  (shader: Shader, constants: (p: MaxPool2dForwardParams) => PlannedDispatch['constants'] = () => ({})) =>
  (p: MaxPool2dForwardParams, caps: Capabilities): Plan => ({
    dispatches: [
      {
        shader,
        constants: constants(p) ?? {},
        uniform: [...maxPoolUniform(p), 0, p.taps],
        bindings: ['step', 'x', 'y', 'taps'],
        workgroups: gridFor(sizeOf(tapsShape(p)), 64, caps),
      },
    ],
  });

/** A variant of the gradient. */
const gradientPlan =
  (shader: Shader, workgroups: (p: MaxPool2dGradParams, caps: Capabilities) => PlannedDispatch['workgroups']) =>
  (p: MaxPool2dGradParams, caps: Capabilities): Plan => ({
    dispatches: [
      {
        shader,
        uniform: [...maxPoolUniform(p), p.mask, 1],
        bindings: ['dy', 'taps', 'y', 'dx'],
        workgroups: workgroups(p, caps),
      },
    ],
  });

/** Rows, and columns, of windows that do not overlap and together reach over the picture. */
const cellRows = (p: MaxPool2dParams) => Math.ceil((p.h + p.padTop) / p.strideH);
const cellColumns = (p: MaxPool2dParams) => Math.ceil((p.w + p.padLeft) / p.strideW);

/** Four neighbouring channels and their taps are one vec4 and one word. */
const isInQuads = (p: MaxPool2dParams) => p.c % 4 === 0 && p.kh * p.kw <= MOST_TAPS_A_BYTE;

/**
 * y = the largest value of each window; taps: which one it was, packed (see tapsShape). The first of equal ones, or the
 * first NaN. With `drop`, y is dropped out behind that, and what is dropped has no tap.
 */
export const maxPool2dKernel = defineKernel<MaxPool2dForwardParams>({
  name: 'max_pool2d',
  tensors: {
    x: { role: 'in', shape: pooledFrom, rows: true },
    y: { role: 'out', shape: pooledTo, rows: true },
    taps: { role: 'out', shape: p => (p.taps ? tapsShape(p) : null), dtype: 'u32', rows: true },
  },
  slice: () => ({ param: 'n', base: 'base' }),
  flops: p => sizeOf(pooledTo(p)) * p.kh * p.kw,
  reference: (p, { x }, step) => {
    const { y, taps } = forward(p, x!, step);
    return p.taps ? { y, taps } : { y };
  },
  sample: r => ({ ...draw(r), taps: r.int(0, 1) }),
  fill: (_, __, size, r) => tied(size, r),
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: oneWordAThread('pool/max'),
    },
    {
      name: 'quads',
      // Bounds of the division in the shader.
      supports: p => isInQuads(p) && Math.max(p.n, tapsShape(p)[1]!) < 2 ** 22,
      // On a GPU an estimate: a quarter of the threads, each of which moves whole vec4s and one word.
      speed: (_, caps) => (caps.software ? 8 : 2),
      plan: oneWordAThread('pool/max_quads', p => ({ KH: p.kh, KW: p.kw, TAPS: Boolean(p.taps) })),
    },
  ],
});

/** mask: a ReLU stood before the pooling; dy counts only where its result y is positive. */
export type MaxPool2dGradParams = MaxPool2dParams & { mask: number };

/** dx: each dy goes to the pixel that was its window's maximum, times the scale of the dropout; a dropped one to none. */
export const maxPool2dGradKernel = defineKernel<MaxPool2dGradParams>({
  name: 'max_pool2d_grad',
  tensors: {
    dy: { role: 'in', shape: pooledTo, rows: true },
    taps: { role: 'in', shape: tapsShape, dtype: 'u32', rows: true },
    y: { role: 'in', shape: p => (p.mask ? pooledTo(p) : null), rows: true },
    dx: { role: 'out', shape: pooledFrom, rows: true },
  },
  slice: () => ({ param: 'n' }),
  flops: p => sizeOf(pooledTo(p)),
  reference: (p, { dy, taps, y }) => ({ dx: backward(p, dy!, taps!, y) }),
  sample: r => ({ ...draw(r), mask: r.int(0, 1) }),
  // Taps as the forward leaves them, and y as a ReLU before it does: many zeros.
  fill: (name, p, size, r) => {
    if (name === 'taps') return forward(p, tied(sizeOf(pooledFrom(p)), r), DEFAULT_STEP).taps;
    return name === 'y' ? r.normals(size).map(v => Math.max(v, 0)) : undefined;
  },
  tolerance: { kind: 'dot', terms: p => p.kh * p.kw },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: gradientPlan('pool/max_grad', (p, caps) => gridFor(sizeOf(pooledFrom(p)), 64, caps)),
    },
    {
      name: 'cells',
      supports: p => p.strideH >= p.kh && p.strideW >= p.kw,
      speed: () => 2,
      plan: gradientPlan('pool/max_grad_cells', (p, caps) =>
        gridFor(p.n * cellRows(p) * cellColumns(p) * p.c, 64, caps),
      ),
    },
    {
      // Four channels a lane, a row of windows a workgroup: what software adapters want, and GPUs do not.
      name: 'rows',
      speed: (p, caps) => (caps.software ? 8 * fill(p.c, 32) : 0.5),
      supports: p => isInQuads(p) && p.strideH >= p.kh && p.strideW >= p.kw,
      plan: gradientPlan('pool/max_grad_rows', (p, caps) => foldGrid(p.n * cellRows(p), caps)),
    },
  ],
});
