import { gatherInputGrad, gatherVariants } from './conv2d-gather.ts';
import {
  type Conv2dGeometry,
  conv2dFlops,
  drawConv2d,
  forEachTap,
  inputShape,
  kernelShape,
  outputShape,
} from './conv2d-geometry.ts';
import { conv2dInputGradPatches } from './conv2d-patches.ts';
import { conv2dInputGradProduct } from './conv2d-product.ts';
import { conv2dInputGradStationary } from './conv2d-stationary.ts';
import { conv2dInputGradStrideSkipped } from './conv2d-stride-skipped.ts';
import { conv2dInputGradStrips } from './conv2d-strip.ts';
import { conv2dInputGradWinograd } from './conv2d-winograd.ts';
import { defineKernel, sizeOf, type Values } from './spec.ts';

/** mask: the forward had a ReLU fused; dy counts only where its result y was positive. */
export type Conv2dInputGradParams = Conv2dGeometry & { mask: number };

function reference(p: Conv2dInputGradParams, dy: Values, y: Values | undefined, kernel: Values): Float64Array {
  const dx = new Float64Array(sizeOf(inputShape(p)));
  forEachTap(p, (xAt, kernelAt, yAt) => {
    for (let co = 0; co < p.cout; co++) {
      if (p.mask && y![yAt + co]! <= 0) continue;
      for (let ci = 0; ci < p.cin; ci++) dx[xAt + ci]! += dy[yAt + co]! * kernel[kernelAt + ci * p.cout + co]!;
    }
  });
  return dx;
}

/** dx: gradient of a convolution's input; 0 where no window looked. */
export const conv2dInputGradKernel = defineKernel<Conv2dInputGradParams>({
  name: 'conv2d_input_grad',
  tensors: {
    dy: { role: 'in', shape: outputShape, rows: true },
    y: { role: 'in', shape: p => (p.mask ? outputShape(p) : null), rows: true },
    kernel: { role: 'in', shape: kernelShape },
    dx: { role: 'out', shape: inputShape, rows: true },
  },
  slice: () => ({ param: 'n' }),
  flops: conv2dFlops,
  reference: (p, { dy, y, kernel }) => ({ dx: reference(p, dy!, y, kernel!) }),
  sample: r => ({ ...drawConv2d(r), mask: r.int(0, 1) }),
  // As a fused ReLU leaves it: half zeros.
  fill: (name, _, size, r) => (name === 'y' ? r.normals(size).map(v => Math.max(v, 0)) : undefined),
  tolerance: { kind: 'dot', terms: p => p.kh * p.kw * p.cout },
  variants: [
    ...gatherVariants(gatherInputGrad),
    conv2dInputGradProduct,
    ...conv2dInputGradStrips,
    conv2dInputGradStationary,
    conv2dInputGradStrideSkipped,
    conv2dInputGradPatches,
    ...conv2dInputGradWinograd,
  ],
});
