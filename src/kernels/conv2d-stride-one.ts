import type { Conv2dGeometry } from './conv2d-geometry.ts';

/** A stride-1 convolution from `from` to `to`: the forward pass, or the input gradient, which is one too. */
export interface StrideOneProblem {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly cin: number;
  readonly oh: number;
  readonly ow: number;
  readonly cout: number;
  readonly kh: number;
  readonly kw: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly bias: number;
  readonly relu: number;
  /** Whether the kernel is turned by half a turn, its channel axes exchanged. */
  readonly flip: boolean;
  readonly from: string;
  /** Name of the tensor without whose positive values `from` counts as 0. */
  readonly mask?: string;
  readonly to: string;
}

export const stepsByOne = (p: Conv2dGeometry) =>
  p.strideH === 1 && p.strideW === 1 && p.dilationH === 1 && p.dilationW === 1;

export const forwardProblem = (p: Conv2dGeometry & { bias: number; relu: number }): StrideOneProblem => ({
  ...{ n: p.n, h: p.h, w: p.w, cin: p.cin, oh: p.oh, ow: p.ow, cout: p.cout, kh: p.kh, kw: p.kw },
  ...{ padTop: p.padTop, padLeft: p.padLeft, bias: p.bias, relu: p.relu },
  ...{ flip: false, from: 'x', to: 'y' },
});

export const inputGradProblem = (p: Conv2dGeometry & { mask: number }): StrideOneProblem => ({
  ...{ n: p.n, h: p.oh, w: p.ow, cin: p.cout, oh: p.h, ow: p.w, cout: p.cin, kh: p.kh, kw: p.kw },
  ...{ padTop: p.kh - 1 - p.padTop, padLeft: p.kw - 1 - p.padLeft, bias: 0, relu: 0 },
  ...{ flip: true, from: 'dy', ...(p.mask ? { mask: 'y' } : {}), to: 'dx' },
});
