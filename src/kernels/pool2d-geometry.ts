import type { Sampler } from './sampler.ts';
import { drawWindows, type Windows } from './window.ts';

/** A pooling's shapes: x [n, h, w, c], y [n, oh, ow, c]. */
export type Pool2dParams = Windows & { n: number; c: number };

export const pooledFrom = (p: Pool2dParams) => [p.n, p.h, p.w, p.c];
export const pooledTo = (p: Pool2dParams) => [p.n, p.oh, p.ow, p.c];

/** Taps of a window that fit into a byte, beside the byte that stands for none of them. */
export const MOST_TAPS_A_BYTE = 255;

/** Taps that one word holds: a byte each, while they fit. */
const tapsPerWord = (p: Pool2dParams) => (p.kh * p.kw <= MOST_TAPS_A_BYTE ? 4 : 1);

/**
 * One tap for each value of y, packed. Every image starts where a binding may start (a multiple of 64 words), so that
 * this tensor never decides where a batch can be cut into slices.
 */
export const tapsShape = (p: Pool2dParams) => [p.n, Math.ceil((p.oh * p.ow * p.c) / tapsPerWord(p) / 64) * 64];

/** Word and shift of the tap of value i of an image. */
export function tapPlace(p: Pool2dParams, image: number, i: number): { word: number; shift: number; bits: number } {
  const perWord = tapsPerWord(p);
  const word = image * tapsShape(p)[1]! + Math.floor(i / perWord);
  return { word, shift: 8 * (i % perWord), bits: perWord === 4 ? 0xff : 0xffffffff };
}

/** Just the parameters of a pooling, in printing order. */
export function poolParams({ n, h, w, c, oh, ow, kh, kw, strideH, strideW, padTop, padLeft }: Pool2dParams) {
  return { n, h, w, c, oh, ow, kh, kw, strideH, strideW, padTop, padLeft };
}

export const poolUniform = (p: Pool2dParams) => [
  ...pooledFrom(p),
  ...[p.oh, p.ow, p.kh, p.kw, p.strideH, p.strideW, p.padTop, p.padLeft, tapsPerWord(p), tapsShape(p)[1]!],
];

/** The last fields of the uniform (dropout, mask, taps) of a pooling that has none of these. */
export const NOTHING_BEHIND = [0, 0, 0, 0, { f32: 1 }, 0, 0] as const;

export function drawPool2d(r: Sampler): Pool2dParams {
  const c = r.int(0, 2) ? r.int(1, 9) : 4 * r.int(1, 10);
  if (r.int(0, 9) > 0) return poolParams({ ...drawWindows(r, 12, 1), n: r.int(1, 3), c });
  // Now and then the whole of a picture so large that a tap does not fit into a byte.
  const [h, w] = [r.int(16, 19), r.int(16, 19)];
  const window = { h, w, oh: 1, ow: 1, kh: h, kw: w, strideH: 1, strideW: 1, padTop: 0, padLeft: 0 };
  return poolParams({ ...window, n: r.int(1, 2), c });
}

/** Visits every window and channel, with the pixels of it that lie inside the picture, in row-major order. */
export function forEachWindow(
  p: Pool2dParams,
  visit: (y: { at: number; image: number; inImage: number }, pixels: readonly { at: number; tap: number }[]) => void,
): void {
  for (let image = 0; image < p.n; image++) {
    for (let oy = 0; oy < p.oh; oy++) {
      for (let ox = 0; ox < p.ow; ox++) {
        for (let c = 0; c < p.c; c++) {
          const pixels: { at: number; tap: number }[] = [];
          for (let ky = 0; ky < p.kh; ky++) {
            const iy = oy * p.strideH + ky - p.padTop;
            for (let kx = 0; kx < p.kw; kx++) {
              const ix = ox * p.strideW + kx - p.padLeft;
              if (iy < 0 || iy >= p.h || ix < 0 || ix >= p.w) continue;
              pixels.push({ at: ((image * p.h + iy) * p.w + ix) * p.c + c, tap: ky * p.kw + kx });
            }
          }
          const inImage = (oy * p.ow + ox) * p.c + c;
          visit({ at: image * p.oh * p.ow * p.c + inImage, image, inImage }, pixels);
        }
      }
    }
  }
}
