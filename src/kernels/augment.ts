import { foldGrid } from './grid.ts';
import { philox4x32, toUnit } from './philox.ts';
import { defineKernel, type StepValues, type Values } from './spec.ts';

/** "augm": keeps these draws apart from those of others. The same constant stands in shaders/augment/plain.wgsl. */
const DOMAIN = 0x6175676d;

/**
 * flip, erase: shares of the pictures; shift: most pixels; turn: tan(largest angle / 2); zoom, contrast: within 1 +- this;
 * brightness: within +- this; eraseMin, eraseMax: sides of the erased rectangle as shares of the picture's.
 */
export type AugmentParams = {
  n: number;
  h: number;
  w: number;
  c: number;
  flip: number;
  shift: number;
  turn: number;
  zoom: number;
  brightness: number;
  contrast: number;
  erase: number;
  eraseMin: number;
  eraseMax: number;
};

/** Above this a picture is left as it is: a word's upper 24 bits against a share. */
const threshold = (share: number) => Math.round(share * 2 ** 24);

/** Lengths in pixels that a side of the rectangle may have: from the first on so many. */
function sidesOf(length: number, { eraseMin, eraseMax }: AugmentParams): [from: number, sizes: number] {
  const from = Math.min(length, Math.max(1, Math.round(eraseMin * length)));
  const to = Math.min(length, Math.max(from, Math.round(eraseMax * length)));
  return [from, to - from + 1];
}

const below = (word: number, bound: number) => Math.floor(((word >>> 16) * bound) / 2 ** 16);
const eitherSide = (word: number) => 2 * toUnit(word) - 1;

/** What is done to the picture with this key. */
function drawChange(p: AugmentParams, key: number, { seed, step }: StepValues) {
  const words = (call: number) =>
    philox4x32(key, step, call, DOMAIN, seed, 0) as unknown as [number, number, number, number];
  const [flip, down, right, turn] = words(0);
  const [zoom, brightness, contrast, erase] = words(1);
  const [height, width, top, left] = words(2);
  const t = eitherSide(turn) * p.turn;
  const [fromH, sizesH] = sidesOf(p.h, p);
  const [fromW, sizesW] = sidesOf(p.w, p);
  const hole = { h: fromH + below(height, sizesH), w: fromW + below(width, sizesW) };
  return {
    sign: flip >>> 8 < threshold(p.flip) ? -1 : 1,
    down: below(down, 2 * p.shift + 1) - p.shift,
    right: below(right, 2 * p.shift + 1) - p.shift,
    cosine: (1 - t * t) / (1 + t * t),
    sine: (2 * t) / (1 + t * t),
    zoom: 1 + eitherSide(zoom) * p.zoom,
    brightness: eitherSide(brightness) * p.brightness,
    contrast: 1 + eitherSide(contrast) * p.contrast,
    erased: erase >>> 8 < threshold(p.erase),
    hole: { ...hole, top: below(top, p.h - hole.h + 1), left: below(left, p.w - hole.w + 1) },
  };
}

const recolours = (p: AugmentParams) => p.brightness > 0 || p.contrast > 0;

function reference(p: AugmentParams, x: Values, keys: Values, step: StepValues): Float64Array {
  const { n, h, w, c } = p;
  const out = new Float64Array(n * h * w * c);
  const pixel = (image: number, y: number, column: number, k: number) =>
    y < 0 || y >= h || column < 0 || column >= w ? 0 : x[((image * h + y) * w + column) * c + k]!;
  let at = 0;
  for (let image = 0; image < n; image++) {
    const change = drawChange(p, keys[image]!, step);
    const { sign, cosine, sine, zoom, hole } = change;
    for (let i = 0; i < h * w; i++) {
      const [row, column] = [Math.floor(i / w), i % w];
      const down = row - (h - 1) / 2 - change.down;
      const right = column - (w - 1) / 2 - change.right;
      const fromY = (cosine * down - sine * right) * zoom + (h - 1) / 2;
      const fromX = (sine * down + cosine * right) * zoom * sign + (w - 1) / 2;
      const [top, left] = [Math.floor(fromY), Math.floor(fromX)];
      const [fy, fx] = [fromY - top, fromX - left];
      const inHole = row >= hole.top && row < hole.top + hole.h && column >= hole.left && column < hole.left + hole.w;
      for (let k = 0; k < c; k++) {
        const upper = (1 - fx) * pixel(image, top, left, k) + fx * pixel(image, top, left + 1, k);
        const lower = (1 - fx) * pixel(image, top + 1, left, k) + fx * pixel(image, top + 1, left + 1, k);
        let v = (1 - fy) * upper + fy * lower;
        if (recolours(p)) v = Math.min(1, Math.max(0, (v - 0.5) * change.contrast + 0.5 + change.brightness));
        out[at++] = change.erased && inHole ? 0 : v;
      }
    }
  }
  return out;
}

/** out[n] = x[n] changed by chance: shift, mirror, turn, zoom, brightness, contrast, an erased rectangle. */
export const augmentKernel = defineKernel<AugmentParams>({
  name: 'augment',
  tensors: {
    x: { role: 'in', shape: p => [p.n, p.h, p.w, p.c], rows: true },
    keys: { role: 'in', shape: p => [p.n], dtype: 'u32', rows: true },
    out: { role: 'out', shape: p => [p.n, p.h, p.w, p.c], rows: true },
  },
  slice: () => ({ param: 'n' }),
  // Where from, four weights and four products a value, the colour.
  flops: p => p.n * p.h * p.w * (12 + p.c * (11 + (recolours(p) ? 4 : 0))),
  reference: (p, { x, keys }, step) => ({ out: reference(p, x!, keys!, step) }),
  sample: r => {
    const maybe = (high: number) => (r.int(0, 2) === 0 ? 0 : Math.fround(r.uniform(0, high)));
    const eraseMin = r.uniform(0, 0.5);
    return {
      ...{ n: r.pick([r.int(1, 6), r.int(65, 140)]), h: r.int(1, 14), w: r.int(1, 14), c: r.int(1, 3) },
      ...{ flip: r.pick([0, 0.5, 1]), shift: r.int(0, 3), turn: maybe(0.5), zoom: maybe(0.4) },
      ...{ brightness: maybe(0.4), contrast: maybe(0.5) },
      ...{ erase: r.pick([0, 0.5, 1]), eraseMin, eraseMax: r.uniform(eraseMin, 1) },
    };
  },
  fill: (name, _, size, r) => {
    if (name === 'keys') return Uint32Array.from({ length: size }, () => r.int(0, 2 ** 32 - 1));
    return Float64Array.from({ length: size }, () => Math.fround(r.uniform()));
  },
  // A coordinate is off by an ulp of the picture's side, and the value by that times the slope, which is at most 1.
  tolerance: { kind: 'elementwise', ulps: 16, floor: 16 },
  variants: [
    {
      name: 'plain',
      supports: () => true,
      speed: () => 1,
      plan: (p, caps) => ({
        dispatches: [
          {
            shader: 'augment/plain',
            uniform: [
              ...[p.n, p.h, p.w, p.c, threshold(p.flip), p.shift, threshold(p.erase)],
              ...[...sidesOf(p.h, p), ...sidesOf(p.w, p), Number(recolours(p))],
              ...[p.turn, p.zoom, p.brightness, p.contrast].map(f32 => ({ f32 })),
            ],
            bindings: ['step', 'x', 'keys', 'out'],
            workgroups: foldGrid(p.n, caps),
          },
        ],
      }),
    },
  ],
});
