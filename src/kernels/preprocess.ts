import { elementwise } from './elements.ts';
import type { Sampler } from './sampler.ts';
import { defineKernel, type Values } from './spec.ts';

/** Channels of what it makes: red, green and blue, in one order or the other. */
export const OUT_CHANNELS = 3;

/**
 * n pictures h x w x c (c: 1 or 3) become `size` x `size` x 3. spread: 1 stretches a picture over the whole of it, bilinear;
 * 0 puts it in the middle, on black. reverse: the last channel first. Then times `scale`, minus `mean0..2`, which go by
 * the channels of the result.
 */
export type PreprocessParams = {
  n: number;
  h: number;
  w: number;
  c: number;
  size: number;
  spread: number;
  reverse: number;
  scale: number;
} & Record<`mean${0 | 1 | 2}`, number>;

/** Where a pixel of the result comes from along an axis: two neighbours and the share of the second. */
type Tap = { readonly first: number; readonly second: number; readonly share: number };

/** How far the picture lies from the edge of what it is put on. */
const margin = (length: number, size: number) => Math.floor((size - length) / 2);

/** Of each pixel along one axis; undefined: none, it is black. Centres of pixels lie at halves, edges repeat. */
function taps(length: number, { size, spread }: PreprocessParams): (Tap | undefined)[] {
  return Array.from({ length: size }, (_, i) => {
    if (!spread) {
      const at = i - margin(length, size);
      return at >= 0 && at < length ? { first: at, second: at, share: 0 } : undefined;
    }
    const at = Math.max(0, (2 * i + 1) * length - size) / (2 * size);
    const first = Math.floor(at);
    return { first, second: Math.min(first + 1, length - 1), share: at - first };
  });
}

/** The channel of the picture behind channel k of the result. */
const sourceOf = (k: number, { c, reverse }: PreprocessParams) => (c === 1 ? 0 : reverse ? c - 1 - k : k);

/** Calls `visit` for every pixel of the result that shows anything, with the weights of the four it is made of. */
function forEachTap(p: PreprocessParams, visit: (to: number, from: number, weight: number) => void): void {
  const { n, h, w, c, size } = p;
  const [rows, columns] = [taps(h, p), taps(w, p)];
  const pairs = ({ first, second, share }: Tap) => [[first, 1 - share] as const, [second, share] as const];
  for (let image = 0; image < n; image++) {
    for (const [y, row] of rows.entries()) {
      for (const [x, column] of columns.entries()) {
        if (!row || !column) continue;
        const to = ((image * size + y) * size + x) * OUT_CHANNELS;
        for (const [fromY, a] of pairs(row)) {
          for (const [fromX, b] of pairs(column)) {
            const from = ((image * h + fromY) * w + fromX) * c;
            for (let k = 0; k < OUT_CHANNELS; k++) visit(to + k, from + sourceOf(k, p), a * b);
          }
        }
      }
    }
  }
}

function reference(p: PreprocessParams, x: Values): Float64Array {
  const out = new Float64Array(p.n * p.size * p.size * OUT_CHANNELS);
  forEachTap(p, (to, from, weight) => {
    out[to]! += weight * x[from]!;
  });
  return out.map((value, i) => value * p.scale - p[`mean${(i % OUT_CHANNELS) as 0 | 1 | 2}`]);
}

function gradient(p: PreprocessParams, dy: Values): Float64Array {
  const out = new Float64Array(p.n * p.h * p.w * p.c);
  forEachTap(p, (to, from, weight) => {
    out[from]! += weight * dy[to]! * p.scale;
  });
  return out;
}

const uniform = (p: PreprocessParams) => [
  ...[p.h, p.w, p.c, p.size, p.spread, p.reverse, margin(p.h, p.size), margin(p.w, p.size)],
  ...[p.scale, p.mean0, p.mean1, p.mean2].map(f32 => ({ f32 })),
];

const outSize = (p: PreprocessParams) => p.n * p.size * p.size * OUT_CHANNELS;
const inSize = (p: PreprocessParams) => p.n * p.h * p.w * p.c;

const shapes = {
  x: (p: PreprocessParams) => [p.n, p.h, p.w, p.c],
  y: (p: PreprocessParams) => [p.n, p.size, p.size, OUT_CHANNELS],
};

function sample(r: Sampler): PreprocessParams {
  const [h, w, spread] = [r.int(1, 9), r.int(1, 9), r.int(0, 1)];
  // Padding only enlarges; stretching may as well shrink.
  const size = spread ? r.int(1, 20) : r.int(Math.max(h, w), 14);
  return {
    ...{ n: r.pick([r.int(1, 5), r.int(40, 70)]), h, w, c: r.pick([1, 3]), size, spread, reverse: r.int(0, 1) },
    scale: r.pick([1, 2]),
    ...{ mean0: Math.fround(r.normal()), mean1: Math.fround(r.normal()), mean2: Math.fround(r.normal()) },
  };
}

/** Pictures as a pretrained network wants them: of its size, with its three channels, scaled and centred. */
export const preprocessKernel = defineKernel<PreprocessParams>({
  name: 'preprocess',
  tensors: {
    x: { role: 'in', shape: shapes.x, rows: true },
    out: { role: 'out', shape: shapes.y, rows: true },
  },
  slice: () => ({ param: 'n' }),
  flops: p => outSize(p) * (p.spread ? 11 : 2),
  reference: (p, { x }) => ({ out: reference(p, x!) }),
  sample,
  // The sum of four products may be small where they are not.
  tolerance: { kind: 'elementwise', ulps: 16, floor: 8 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(outSize(p), caps, {
            shader: 'preprocess/forward',
            uniform: uniform(p),
            bindings: ['x', 'out'],
          }),
        ],
      }),
    },
  ],
});

/** Gradient of `preprocess`: out = scale * transposed interpolation of dy, summed over the channels a grey value became. */
export const preprocessGradKernel = defineKernel<PreprocessParams>({
  name: 'preprocess_grad',
  tensors: {
    dy: { role: 'in', shape: shapes.y, rows: true },
    out: { role: 'out', shape: shapes.x, rows: true },
  },
  slice: () => ({ param: 'n' }),
  flops: p => outSize(p) * (p.spread ? 16 : 1),
  reference: (p, { dy }) => ({ out: gradient(p, dy!) }),
  sample,
  // Pixels of the result that one of the picture is part of, times channels.
  tolerance: { kind: 'dot', terms: p => 3 * (2 + (2 * p.size) / p.h) * (2 + (2 * p.size) / p.w) },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          elementwise(inSize(p), caps, {
            shader: 'preprocess/grad',
            uniform: uniform(p),
            bindings: ['dy', 'out'],
          }),
        ],
      }),
    },
  ],
});
