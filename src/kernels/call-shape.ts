import { UsageError } from '../platform/errors.ts';
import { Sampler } from './sampler.ts';
import { type KernelSpec, type Params, sizeOf } from './spec.ts';
import { windowAxis } from './window.ts';

// The parameters of a call as people write them: `n=64 h=28 w=28 cin=32 cout=64 k=3 padding=same`. What is left out has a
// sensible size; what follows from the rest (rows of the result, padding) is worked out.

const CONV2D = { n: 16, h: 28, w: 28, cin: 32, cout: 64, kh: 3, kw: 3, bias: 0, relu: 0, mask: 0, db: 0 };
const POOL2D = { n: 128, h: 28, w: 28, c: 32, kh: 2, kw: 2 };
const BATCH_NORM = { rows: 128, inner: 196, c: 64, base: 0, total: 128 };
const ELEMENTS = { size: 1 << 20 };
const BLOCKS = { blocks: 1 << 14 };

/** Sizes of a middling layer, for the kernels whose parameters can be chosen one by one. The rest is drawn. */
const SIZES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ...{ conv2d: CONV2D, conv2d_input_grad: CONV2D, conv2d_kernel_grad: CONV2D },
  ...{ max_pool2d: POOL2D, max_pool2d_grad: POOL2D, avg_pool2d: POOL2D, avg_pool2d_grad: POOL2D },
  ...{ batch_norm: BATCH_NORM, batch_norm_input_grad: BATCH_NORM },
  ...{ batch_norm_scale_grad: BATCH_NORM, batch_norm_statistics: BATCH_NORM },
  matmul: { m: 512, n: 512, k: 512, ta: 0, tb: 0, bias: 0, relu: 0, accumulate: 0 },
  ...{ softmax: { rows: 8192, n: 10 }, softmax_grad: { rows: 8192, n: 10 } },
  softmax_cross_entropy: { rows: 8192, n: 10, base: 0, total: 8192, gradient: 1 },
  sum: { outer: 1, length: 1 << 14, inner: 64, accumulate: 0 },
  ...{ adam: BLOCKS, sgd: BLOCKS, rmsprop: BLOCKS, moving_average: BLOCKS, squared_norm: BLOCKS },
  ...{ unary: ELEMENTS, unary_grad: ELEMENTS, dropout: ELEMENTS, random_words: ELEMENTS },
  ...{ copy: ELEMENTS, fill: ELEMENTS, axpy: ELEMENTS, add_gradient: ELEMENTS, take_mean: ELEMENTS },
};

/** Short for several parameters at once, where the kernel has them. */
const SHORTHAND: Readonly<Record<string, readonly string[]>> = {
  k: ['kh', 'kw'],
  stride: ['strideH', 'strideW'],
  dilation: ['dilationH', 'dilationW'],
};

/** What follows from the other parameters of windows. */
const DERIVED = ['oh', 'ow', 'padTop', 'padLeft'] as const;

/** Draws looked through, for the largest call of a kernel without sizes above, and for which parameters are counts. */
const DRAWS = 64;

/**
 * Parameters of a call from text such as `n=64 h=28 w=28 cin=32 cout=64 k=3 stride=1 padding=same`, with blanks or commas
 * between. Windows are 'same' unless `padding=valid` or all of oh, ow, padTop and padLeft say otherwise. Kernels whose
 * parameters depend on one another (strides of a broadcast) are given either none or all.
 * @throws UsageError naming what is unknown, missing or contradicts the rest.
 */
export function callShape(spec: KernelSpec, text = ''): Params {
  const fail = (what: string): never => {
    throw new UsageError(`kernel '${spec.name}': ${what}`);
  };
  const sizes = SIZES[spec.name];
  const example = sizes ? spec.sample(new Sampler(1)) : largestSample(spec);
  const names = Object.keys(example);
  const hasWindows = DERIVED.every(name => name in example);
  const { given, padding } = readPairs(text, names, hasWindows, fail);
  if (!sizes) {
    const missing = names.filter(name => !(name in given));
    if (missing.length === names.length) return example;
    if (missing.length > 0) {
      fail(`its parameters depend on one another; give all of them or none: ${missing.join(', ')} is missing`);
    }
    return checked(spec, given, fail);
  }
  const p: Record<string, number> = {};
  for (const name of names) {
    const unit = /^(stride|dilation)[HW]$/.test(name) && spec.name.startsWith('conv') ? 1 : undefined;
    p[name] = given[name] ?? sizes[name] ?? unit ?? example[name]!;
  }
  if (hasWindows) placeWindows(p, given, padding, fail);
  if ('total' in p) p.total = given.total ?? p.rows!;
  return checked(spec, p, fail);
}

function readPairs(
  text: string,
  names: readonly string[],
  hasWindows: boolean,
  fail: (what: string) => never,
): { given: Record<string, number>; padding: string | undefined } {
  const given: Record<string, number> = {};
  let padding: string | undefined;
  const set = (name: string, value: number) => {
    if (name in given && given[name] !== value) fail(`${name} is given twice, ${given[name]} and ${value}`);
    given[name] = value;
  };
  for (const pair of text.split(/[\s,]+/).filter(Boolean)) {
    const [, name = '', value = ''] = /^(\w+)=(\S+)$/.exec(pair) ?? [];
    if (!name) fail(`'${pair}' is not of the form name=number`);
    if (name === 'padding' && hasWindows) {
      if (value !== 'same' && value !== 'valid') fail(`padding=${value}: it must be same or valid`);
      padding = value;
      continue;
    }
    const meant = names.includes(name) ? [name] : (SHORTHAND[name]?.filter(long => names.includes(long)) ?? []);
    if (meant.length === 0) {
      const short = hasWindows ? ', and k, stride, dilation, padding for short' : '';
      fail(`it has no parameter '${name}'; it has ${names.join(', ')}${short}`);
    }
    const number = Number(value);
    if (!Number.isFinite(number)) fail(`${name}=${value}: it must be a number`);
    for (const long of meant) set(long, number);
  }
  return { given, padding };
}

function placeWindows(
  p: Record<string, number>,
  given: Readonly<Record<string, number>>,
  padding: string | undefined,
  fail: (what: string) => never,
): void {
  // Pools step by their windows unless told otherwise.
  if (!('dilationH' in p)) {
    p.strideH = given.strideH ?? p.kh!;
    p.strideW = given.strideW ?? p.kw!;
  }
  const explicit = DERIVED.filter(name => name in given);
  if (explicit.length === DERIVED.length && !padding) return;
  const rule = padding === 'valid' ? 'valid' : 'same';
  const rows = windowAxis(p.h!, p.kh!, p.strideH!, p.dilationH ?? 1, rule);
  const columns = windowAxis(p.w!, p.kw!, p.strideW!, p.dilationW ?? 1, rule);
  if (Math.min(rows.out, columns.out) < 1) {
    fail(`a window of ${p.kh}x${p.kw} does not fit into ${p.h}x${p.w} with padding=valid`);
  }
  const derived = { oh: rows.out, ow: columns.out, padTop: rows.before, padLeft: columns.before };
  for (const name of DERIVED) {
    if (name in given && given[name] !== derived[name]) {
      fail(
        `${name}=${given[name]} contradicts padding=${rule}, from which ${name}=${derived[name]} follows; leave it out, or give all of ${DERIVED.join(', ')} and no padding`,
      );
    }
    p[name] = derived[name];
  }
}

/** Refuses what has no shape, before a kernel or the reference runs wild on it. */
function checked(spec: KernelSpec, p: Params, fail: (what: string) => never): Params {
  const draws = draw(spec);
  for (const [name, value] of Object.entries(p)) {
    if (!Number.isInteger(value) && draws.every(drawn => Number.isInteger(drawn[name])))
      fail(`${name}=${value}: it must be a whole number`);
  }
  for (const [tensor, { shape }] of Object.entries(spec.tensors)) {
    const dims = shape(p);
    if (dims && !(dims.every(size => Number.isSafeInteger(size) && size > 0) && Number.isSafeInteger(sizeOf(dims)))) {
      fail(`'${tensor}' would be [${dims.join(', ')}]; every size must be a whole number from 1`);
    }
  }
  if ('strideH' in p && !(p.strideH! >= 1 && p.strideW! >= 1 && p.kh! >= 1 && p.kw! >= 1)) {
    fail('windows and strides must be whole numbers from 1');
  }
  return p;
}

const draw = (spec: KernelSpec) => Array.from({ length: DRAWS }, (_, seed) => spec.sample(new Sampler(seed)));

function largestSample(spec: KernelSpec): Params {
  const work = (p: Params) =>
    Object.values(spec.tensors).reduce((sum, { shape }) => sum + sizeOf(shape(p) ?? [0]), spec.flops(p));
  return draw(spec).reduce((largest, p) => (work(p) > work(largest) ? p : largest));
}
