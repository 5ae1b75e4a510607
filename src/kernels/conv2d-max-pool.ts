import type { Capabilities } from '../gpu/capabilities.ts';
import { fastest } from './choose.ts';
import { type Conv2dParams, conv2dKernel } from './conv2d.ts';
import {
  type Conv2dGeometry,
  conv2dFlops,
  drawConv2d,
  geometryOf,
  inputShape,
  kernelShape,
  outputShape,
} from './conv2d-geometry.ts';
import { stepsByOne } from './conv2d-stride-one.ts';
import { isFirstLayer } from './conv2d-strip.ts';
import { foldGrid, gridFor } from './grid.ts';
import {
  type DropoutOfPooling,
  drawDropout,
  type MaxPool2dParams,
  maxPool2dKernel,
  maxPoolUniform,
} from './max-pool2d.ts';
import { MOST_TAPS_A_BYTE, pooledTo, tapsShape } from './pool2d-geometry.ts';
import { rebind } from './rebind.ts';
import type { Sampler } from './sampler.ts';
import { defineKernel, type Plan, type PlannedDispatch, sizeOf, type Variant } from './spec.ts';
import { fill, isSubgroup } from './subgroup.ts';
import { windowAxis } from './window.ts';

/**
 * A convolution's shapes, what is fused behind its sum, and the pooling behind that: `ph` x `pw` windows over the
 * convolution's [oh, ow]. taps: 1 when a gradient will ask where each maximum was; 0 spares writing it.
 */
export type Conv2dMaxPoolParams = Conv2dGeometry & {
  ph: number;
  pw: number;
  windowH: number;
  windowW: number;
  poolStrideH: number;
  poolStrideW: number;
  poolPadTop: number;
  poolPadLeft: number;
  bias: number;
  relu: number;
  taps: number;
} & DropoutOfPooling;

const convolutionOf = (p: Conv2dMaxPoolParams): Conv2dParams => ({ ...geometryOf(p), bias: p.bias, relu: p.relu });

/** The pooling alone, as its own kernels know it. */
export const poolingOf = (p: Conv2dMaxPoolParams): MaxPool2dParams => ({
  ...{ n: p.n, h: p.oh, w: p.ow, c: p.cout, oh: p.ph, ow: p.pw, kh: p.windowH, kw: p.windowW },
  ...{ strideH: p.poolStrideH, strideW: p.poolStrideW, padTop: p.poolPadTop, padLeft: p.poolPadLeft },
  ...{ drop: p.drop, base: p.base, id: p.id, rate: p.rate },
});

function uniform(p: Conv2dMaxPoolParams): PlannedDispatch['uniform'] {
  const [, , , , ...pooling] = maxPoolUniform(poolingOf(p));
  return [
    ...inputShape(p),
    ...[p.oh, p.ow, p.cout, p.kh, p.kw, p.strideH, p.strideW, p.dilationH, p.dilationW, p.padTop, p.padLeft],
    ...pooling,
    ...[p.bias, p.relu, p.taps],
  ];
}

const bindings = ['step', 'x', 'kernel', 'bias', 'y', 'taps'];
const tapWords = (p: Conv2dMaxPoolParams) => sizeOf(tapsShape(poolingOf(p)));

/** Four channels make one word of taps, and no window reaches beyond the convolution's result. */
function hasWholeWindows(p: Conv2dMaxPoolParams): boolean {
  const fits = (count: number, window: number, stride: number, size: number) => (count - 1) * stride + window <= size;
  return (
    p.cout % 4 === 0 &&
    p.poolPadTop === 0 &&
    p.poolPadLeft === 0 &&
    fits(p.ph, p.windowH, p.poolStrideH, p.oh) &&
    fits(p.pw, p.windowW, p.poolStrideW, p.ow)
  );
}

/** The whole window of a pooling in the registers of a thread. */
const windowVariant: Variant<Conv2dMaxPoolParams> = {
  name: 'window',
  supports: p => hasWholeWindows(p) && p.windowH * p.windowW <= 9,
  // An estimate for GPUs: where there are few input channels, what the two kernels would write and read decides.
  speed: (p, caps) => (caps.software ? 2 : 160 / (p.cin + 7)),
  plan: (p, caps) => ({
    dispatches: [
      {
        shader: 'conv2d_max_pool/window',
        constants: { WH: p.windowH, WW: p.windowW, TAPS: Boolean(p.taps) },
        uniform: uniform(p),
        bindings,
        workgroups: gridFor(tapWords(p), 64, caps),
      },
    ],
  }),
};

/** Columns of the convolution that a subgroup accumulates in registers. */
const COLUMNS = 14;

/** conv2d/first_layer with the pooling behind it. */
const firstLayer: Variant<Conv2dMaxPoolParams> = {
  name: 'first_layer',
  supports: (p, caps) =>
    isSubgroup(caps) &&
    stepsByOne(p) &&
    isFirstLayer(p) &&
    hasWholeWindows(p) &&
    p.poolStrideH === p.windowH &&
    p.poolStrideW === p.windowW &&
    p.windowW <= 4 &&
    p.windowH * p.windowW <= MOST_TAPS_A_BYTE,
  speed: (p, caps) => {
    const windows = Math.floor(COLUMNS / p.windowW);
    return caps.software ? 20 * fill(p.cout, 4 * caps.subgroupSize) * fill(p.pw, windows) : 0.5;
  },
  plan: (p, caps) => {
    const windows = Math.floor(COLUMNS / p.windowW);
    const window = { WW: p.windowW, PX: windows, TAPS: Boolean(p.taps) };
    const constants = { SG: caps.subgroupSize, CIN: p.cin, KH: p.kh, KW: p.kw, ...window };
    const groups = Math.ceil(p.cout / (4 * caps.subgroupSize)) * Math.ceil((p.n * p.ph) / 2);
    return {
      dispatches: [
        {
          shader: 'conv2d_max_pool/first_layer',
          constants,
          uniform: uniform(p),
          bindings,
          workgroups: foldGrid(groups, caps),
        },
      ],
    };
  },
};

/** The fastest kernels for the two, one after the other, with what lies between them in scratch. */
const twoPasses: Variant<Conv2dMaxPoolParams> = {
  name: 'two_passes',
  supports: (p, caps) => sizeOf(outputShape(p)) * 4 <= caps.maxBindingBytes,
  speed: (p, caps) => {
    const convolution = convolutionOf(p);
    // Four fifths: what lies between is written and read.
    return 0.8 * fastest(conv2dKernel, convolution, caps, []).speed(convolution, caps);
  },
  plan: (p, caps) => planTwoPasses(p, caps),
};

function planTwoPasses(p: Conv2dMaxPoolParams, caps: Capabilities): Plan {
  const [convolution, pooling] = [convolutionOf(p), { ...poolingOf(p), taps: p.taps }];
  const first = fastest(conv2dKernel, convolution, caps, []).plan(convolution, caps);
  const second = fastest(maxPool2dKernel, pooling, caps, []).plan(pooling, caps);
  const bytes = sizeOf(outputShape(p)) * 4;
  const between = (as: 'read' | 'write') => ({ name: 'convolution', as, bytes });
  return {
    dispatches: [
      ...rebind(first, { y: between('write') }).dispatches,
      ...rebind(second, { x: between('read') }).dispatches.map(d => ({ ...d, work: 0 })),
    ],
    scratch: { ...first.scratch, ...second.scratch, convolution: bytes },
  };
}

/**
 * The first layer of a network: few input channels, stride 1, pictures wider than a step of the kernels. Few different
 * ones, as each is a pipeline of its own.
 */
function drawFirstLayer(r: Sampler): Conv2dGeometry {
  const [h, w] = [r.int(3, 9), r.int(3, 34)];
  const [kh, kw, cin] = r.pick([
    [3, 3, 1],
    [2, 1, 3],
  ] as const);
  const padding = r.pick(['valid', 'same'] as const);
  const [rows, columns] = [windowAxis(h, kh, 1, 1, padding), windowAxis(w, kw, 1, 1, padding)];
  return {
    ...{ n: r.int(1, 3), h, w, cin },
    ...{ oh: rows.out, ow: columns.out, cout: 4 * r.int(1, 10), kh, kw },
    ...{ strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, padTop: rows.before, padLeft: columns.before },
  };
}

/** Any convolution but with so few input channels. */
function drawInnerLayer(r: Sampler): Conv2dGeometry {
  const geometry = drawConv2d(r);
  return { ...geometry, cin: geometry.cin > 4 ? geometry.cin : geometry.cin + 4 };
}

/** Half of the time a pooling as networks have it, windows side by side, else any. */
function draw(r: Sampler): Conv2dMaxPoolParams {
  const geometry = r.int(0, 1) ? drawFirstLayer(r) : drawInnerLayer(r);
  const sideBySide = r.int(0, 1) === 1;
  const [windowH, windowW] = sideBySide
    ? r.pick([
        [2, 2],
        [1, 3],
      ] as const)
    : [r.int(1, 3), r.int(1, 3)];
  const [poolStrideH, poolStrideW] = sideBySide ? [windowH, windowW] : [r.int(1, 3), r.int(1, 3)];
  const padding = windowH <= geometry.oh && windowW <= geometry.ow && r.int(0, 2) ? 'valid' : 'same';
  const rows = windowAxis(geometry.oh, windowH, poolStrideH, 1, padding);
  const columns = windowAxis(geometry.ow, windowW, poolStrideW, 1, padding);
  return {
    ...geometry,
    ...{ ph: rows.out, pw: columns.out, windowH, windowW, poolStrideH, poolStrideW },
    ...{
      poolPadTop: rows.before,
      poolPadLeft: columns.before,
      bias: r.int(0, 1),
      relu: r.int(0, 1),
      taps: r.int(0, 1),
    },
    ...drawDropout(r),
  };
}

/** Small whole numbers: their sums are exact in any order, so equal maxima are equal, and taps can be compared. */
function drawValues(name: string, size: number, r: Sampler): Float64Array {
  const values = Float64Array.from({ length: size }, () => r.int(-3, 3));
  if (name === 'x' && r.int(0, 3) === 0) values[r.int(0, size - 1)] = Number.NaN;
  return values;
}

/**
 * y = the largest value of each window of act(convolution + bias), of which nothing else is kept; taps: which one it was
 * (see max_pool2d). With `drop`, y is dropped out behind that, and what is dropped has no tap.
 */
export const conv2dMaxPoolKernel = defineKernel<Conv2dMaxPoolParams>({
  name: 'conv2d_max_pool',
  tensors: {
    x: { role: 'in', shape: inputShape, rows: true },
    kernel: { role: 'in', shape: kernelShape },
    bias: { role: 'in', shape: p => (p.bias ? [p.cout] : null) },
    y: { role: 'out', shape: p => pooledTo(poolingOf(p)), rows: true },
    taps: { role: 'out', shape: p => (p.taps ? tapsShape(poolingOf(p)) : null), dtype: 'u32', rows: true },
  },
  slice: () => ({ param: 'n', base: 'base' }),
  flops: conv2dFlops,
  reference: (p, inputs, step) => {
    const { y } = conv2dKernel.reference(convolutionOf(p), inputs, step);
    return maxPool2dKernel.reference({ ...poolingOf(p), taps: p.taps }, { x: y! }, step);
  },
  sample: draw,
  fill: (name, _, size, r) => drawValues(name, size, r),
  tolerance: { kind: 'exact' },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'conv2d_max_pool/plain',
            uniform: uniform(p),
            bindings,
            workgroups: gridFor(tapWords(p), 64, caps),
          },
        ],
      }),
    },
    windowVariant,
    firstLayer,
    twoPasses,
  ],
});
