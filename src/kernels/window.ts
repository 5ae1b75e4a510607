import type { Sampler } from './sampler.ts';

/** 'valid': windows lie inside the picture. 'same': ceil(size / stride) windows, zeros (or nothing) around the picture. */
export type Padding = 'valid' | 'same';

export interface WindowAxis {
  /** Number of windows; 0 or less when the picture is too small for a single one. */
  readonly out: number;
  /** Positions of the first window that lie before the picture. */
  readonly before: number;
}

/**
 * Where the windows of a convolution or pooling lie along one axis: window o, tap k looks at o * stride + k * dilation
 * - before. 'same' is TensorFlow's rule: of the padding that is needed, the smaller half comes first, so that with
 * stride 2 an even picture is padded behind only. (PyTorch pads both sides alike; weights trained there want explicit
 * padding.)
 */
export function windowAxis(
  size: number,
  window: number,
  stride: number,
  dilation: number,
  padding: Padding,
): WindowAxis {
  const span = (window - 1) * dilation + 1;
  if (padding === 'valid') return { out: Math.floor((size - span) / stride) + 1, before: 0 };
  const out = Math.ceil(size / stride);
  const total = Math.max((out - 1) * stride + span - size, 0);
  return { out, before: Math.floor(total / 2) };
}

/** Windows in two dimensions, as parameters of a kernel. */
export type Windows = {
  h: number;
  w: number;
  oh: number;
  ow: number;
  kh: number;
  kw: number;
  strideH: number;
  strideW: number;
  padTop: number;
  padLeft: number;
};

/** Random windows on a small picture: odd sizes, strides beyond the window, both paddings. */
export function drawWindows(
  r: Sampler,
  largest: number,
  dilations: number,
): Windows & { dilationH: number; dilationW: number } {
  const [h, w] = [r.int(1, largest), r.int(1, largest)];
  const [kh, kw] = [r.int(1, 4), r.int(1, 4)];
  const [strideH, strideW] = [r.int(1, 3), r.int(1, 3)];
  const [dilationH, dilationW] = [r.int(1, dilations), r.int(1, dilations)];
  const fits = (kh - 1) * dilationH < h && (kw - 1) * dilationW < w;
  const padding = fits && r.int(0, 1) === 0 ? 'valid' : 'same';
  const rows = windowAxis(h, kh, strideH, dilationH, padding);
  const columns = windowAxis(w, kw, strideW, dilationW, padding);
  return {
    ...{ h, w, oh: rows.out, ow: columns.out, kh, kw, strideH, strideW, dilationH, dilationW },
    ...{ padTop: rows.before, padLeft: columns.before },
  };
}
