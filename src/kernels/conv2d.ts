import { forwardF16Tile, gatherForward, gatherVariants } from './conv2d-gather.ts';
import {
  type Conv2dGeometry,
  conv2dFlops,
  drawConv2d,
  forEachTap,
  inputShape,
  kernelShape,
  outputShape,
} from './conv2d-geometry.ts';
import { conv2dPatches } from './conv2d-patches.ts';
import { conv2dProduct } from './conv2d-product.ts';
import { conv2dStationary } from './conv2d-stationary.ts';
import { conv2dStrideSkipped } from './conv2d-stride-skipped.ts';
import { conv2dStrips } from './conv2d-strip.ts';
import { conv2dWinograd } from './conv2d-winograd.ts';
import { defineKernel, sizeOf, type Values } from './spec.ts';

/** bias, relu: what is fused behind the sum. */
export type Conv2dParams = Conv2dGeometry & { bias: number; relu: number };

function reference(p: Conv2dParams, x: Values, kernel: Values, bias: Values | undefined): Float64Array {
  const y = new Float64Array(sizeOf(outputShape(p)));
  forEachTap(p, (xAt, kernelAt, yAt) => {
    for (let ci = 0; ci < p.cin; ci++) {
      const row = kernelAt + ci * p.cout;
      for (let co = 0; co < p.cout; co++) y[yAt + co]! += x[xAt + ci]! * kernel[row + co]!;
    }
  });
  return y.map((sum, i) => {
    const value = p.bias ? sum + bias![i % p.cout]! : sum;
    return p.relu && value <= 0 ? 0 : value;
  });
}

/**
 * y[n, oy, ox, co] = act(sum_{ky, kx, ci} x[n, oy*strideH + ky*dilationH - padTop, ..., ci] kernel[ky, kx, ci, co] + bias[co]).
 */
export const conv2dKernel = defineKernel<Conv2dParams>({
  name: 'conv2d',
  tensors: {
    x: { role: 'in', shape: inputShape, rows: true },
    kernel: { role: 'in', shape: kernelShape },
    bias: { role: 'in', shape: p => (p.bias ? [p.cout] : null) },
    y: { role: 'out', shape: outputShape, rows: true },
  },
  slice: () => ({ param: 'n' }),
  flops: conv2dFlops,
  reference: (p, { x, kernel, bias }) => ({ y: reference(p, x!, kernel!, bias) }),
  sample: r => ({ ...drawConv2d(r), bias: r.int(0, 1), relu: r.int(0, 1) }),
  tolerance: { kind: 'dot', terms: p => p.kh * p.kw * p.cin + 1 },
  variants: [
    ...gatherVariants(gatherForward),
    forwardF16Tile,
    conv2dProduct,
    ...conv2dStrips,
    conv2dStationary,
    conv2dStrideSkipped,
    conv2dPatches,
    ...conv2dWinograd,
  ],
});
