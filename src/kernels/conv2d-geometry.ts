import type { Sampler } from './sampler.ts';
import { drawWindows, type Windows, windowAxis } from './window.ts';

/** A convolution's shapes: x [n, h, w, cin], kernel [kh, kw, cin, cout], y [n, oh, ow, cout]. */
export type Conv2dGeometry = Windows & {
  n: number;
  cin: number;
  cout: number;
  dilationH: number;
  dilationW: number;
};

export const inputShape = (p: Conv2dGeometry) => [p.n, p.h, p.w, p.cin];
export const kernelShape = (p: Conv2dGeometry) => [p.kh, p.kw, p.cin, p.cout];
export const outputShape = (p: Conv2dGeometry) => [p.n, p.oh, p.ow, p.cout];

/** Multiply-adds, counted as two each; forward, input gradient and kernel gradient take the same number. */
export const conv2dFlops = (p: Conv2dGeometry) => 2 * p.n * p.oh * p.ow * p.cout * p.kh * p.kw * p.cin;

/** Just the shapes of a larger set of parameters, in the order in which all three kernels print them. */
export function geometryOf(p: Conv2dGeometry): Conv2dGeometry {
  const { n, h, w, cin, oh, ow, cout, kh, kw, strideH, strideW, dilationH, dilationW, padTop, padLeft } = p;
  return { n, h, w, cin, oh, ow, cout, kh, kw, strideH, strideW, dilationH, dilationW, padTop, padLeft };
}

export function drawConv2d(r: Sampler): Conv2dGeometry {
  const kind = r.int(0, 8);
  if (kind < 6) return drawLayer(r);
  if (kind < 8) return drawStridedLayer(r);
  const windows = drawWindows(r, 11, 2);
  // Few channels and many: tiles of the kernels are 32 to 64 channels wide.
  const [cin, cout] = [r.int(1, 20), r.int(0, 3) ? r.int(1, 24) : r.int(25, 70)];
  return geometryOf({ ...windows, n: r.int(1, 3), cin, cout });
}

/**
 * Most layers of real networks: stride 1, channels in fours, either very few of them or so many that kernels work in
 * slices, pictures wider than a tile, and single taps, as dense layers have them. There are kernels for just these.
 */
function drawLayer(r: Sampler): Conv2dGeometry {
  const [h, w] = [r.int(1, 6), r.int(1, 18)];
  const taps = r.int(0, 7);
  const [kh, kw] = taps < 3 ? [3, 3] : taps < 6 ? [r.int(1, 4), r.pick([1, 3, 4])] : [1, 1];
  const cin = r.int(0, 2) === 0 ? r.pick([1, 3]) : r.int(0, 1) ? 4 * r.int(3, 10) : r.int(9, 40);
  const padding = kh <= h && kw <= w && r.int(0, 1) ? 'valid' : 'same';
  const [rows, columns] = [windowAxis(h, kh, 1, 1, padding), windowAxis(w, kw, 1, 1, padding)];
  return {
    ...{ n: r.int(1, 3), h, w, cin },
    ...{ oh: rows.out, ow: columns.out, cout: 4 * r.int(1, 10), kh, kw },
    ...{ strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, padTop: rows.before, padLeft: columns.before },
  };
}

/** As between the stages of a network: strides of 2 or 3, channels in fours, no dilation. */
function drawStridedLayer(r: Sampler): Conv2dGeometry {
  const [h, w] = [r.int(4, 9), r.int(4, 13)];
  const [kh, kw] = r.pick([
    [1, 1],
    [2, 2],
    [3, 3],
    [3, 3],
    [r.int(1, 4), r.int(1, 4)],
  ] as const);
  const [strideH, strideW] = [r.int(1, 3), r.int(2, 3)];
  const padding = r.pick(['valid', 'same'] as const);
  const [rows, columns] = [windowAxis(h, kh, strideH, 1, padding), windowAxis(w, kw, strideW, 1, padding)];
  return {
    ...{ n: r.int(1, 3), h, w, cin: 4 * r.int(1, 6) },
    ...{ oh: rows.out, ow: columns.out, cout: 4 * r.int(1, 6), kh, kw },
    ...{ strideH, strideW, dilationH: 1, dilationW: 1, padTop: rows.before, padLeft: columns.before },
  };
}

/**
 * Visits every pair of an output pixel and a tap that lies inside the picture, with the places of their first channels
 * in x, in the kernel and in y: all that forward and gradients have in common.
 */
export function forEachTap(p: Conv2dGeometry, visit: (xAt: number, kernelAt: number, yAt: number) => void): void {
  for (let image = 0; image < p.n; image++) {
    for (let oy = 0; oy < p.oh; oy++) {
      for (let ox = 0; ox < p.ow; ox++) {
        const yAt = ((image * p.oh + oy) * p.ow + ox) * p.cout;
        for (let ky = 0; ky < p.kh; ky++) {
          const iy = oy * p.strideH + ky * p.dilationH - p.padTop;
          if (iy < 0 || iy >= p.h) continue;
          for (let kx = 0; kx < p.kw; kx++) {
            const ix = ox * p.strideW + kx * p.dilationW - p.padLeft;
            if (ix < 0 || ix >= p.w) continue;
            visit(((image * p.h + iy) * p.w + ix) * p.cin, (ky * p.kw + kx) * p.cin * p.cout, yAt);
          }
        }
      }
    }
  }
}
