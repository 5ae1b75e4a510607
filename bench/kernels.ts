/** A benchmark's work as a call of weft's kernels: parameters, shapes, reference. */
import { adamKernel } from '../src/kernels/adam.ts';
import { conv2dKernel } from '../src/kernels/conv2d.ts';
import { type Conv2dGeometry, geometryOf } from '../src/kernels/conv2d-geometry.ts';
import { conv2dInputGradKernel } from '../src/kernels/conv2d-input-grad.ts';
import { conv2dKernelGradKernel } from '../src/kernels/conv2d-kernel-grad.ts';
import { BLOCK } from '../src/kernels/flat.ts';
import { matmulKernel } from '../src/kernels/matmul.ts';
import { KEEP_ALL, maxPool2dGradKernel, maxPool2dKernel } from '../src/kernels/max-pool2d.ts';
import type { Pool2dParams } from '../src/kernels/pool2d-geometry.ts';
import { softmaxCrossEntropyKernel } from '../src/kernels/softmax-cross-entropy.ts';
import type { KernelSpec, Params } from '../src/kernels/spec.ts';
import { windowAxis } from '../src/kernels/window.ts';
import type { ConvShape, PoolShape, Work } from './suites.ts';

export interface KernelCall {
  readonly spec: KernelSpec;
  readonly p: Params;
}

/** Adam as Keras has it by default; the step is the first, so that all moments are 0 before it. */
export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;

export function convGeometry({ n, h, w, cin, cout, kernel, stride, same }: ConvShape): Conv2dGeometry {
  const padding = same ? 'same' : 'valid';
  const [rows, columns] = [windowAxis(h, kernel, stride, 1, padding), windowAxis(w, kernel, stride, 1, padding)];
  return geometryOf({
    ...{ n, h, w, cin, cout, oh: rows.out, ow: columns.out, kh: kernel, kw: kernel },
    ...{ strideH: stride, strideW: stride, dilationH: 1, dilationW: 1, padTop: rows.before, padLeft: columns.before },
  });
}

export function poolGeometry({ n, h, w, c, window }: PoolShape): Pool2dParams {
  const [oh, ow] = [Math.floor(h / window), Math.floor(w / window)];
  return {
    ...{ n, h, w, c, oh, ow, kh: window, kw: window },
    ...{ strideH: window, strideW: window, padTop: 0, padLeft: 0 },
  };
}

const call = <P extends Params>(spec: KernelSpec<P>, p: P): KernelCall => ({ spec: spec as unknown as KernelSpec, p });

/** Undefined where the work is no single kernel. */
export function kernelCall(work: Work): KernelCall | undefined {
  switch (work.op) {
    case 'matmul':
      return call(matmulKernel, { ...work.shape, ta: 0, tb: 0, bias: 0, relu: 0, accumulate: 0 });
    case 'conv2d':
      return call(conv2dKernel, { ...convGeometry(work.shape), bias: 0, relu: 0 });
    case 'conv2d_input_grad':
      return call(conv2dInputGradKernel, { ...convGeometry(work.shape), mask: 0 });
    case 'conv2d_kernel_grad':
      return call(conv2dKernelGradKernel, { ...convGeometry(work.shape), mask: 0, db: 0, accumulate: 0 });
    case 'max_pool2d':
      return call(maxPool2dKernel, { ...poolGeometry(work.shape), ...KEEP_ALL, taps: 0 });
    case 'max_pool2d_grad':
      return call(maxPool2dGradKernel, { ...poolGeometry(work.shape), ...KEEP_ALL, mask: 0 });
    case 'softmax_cross_entropy': {
      const { rows, classes } = work.shape;
      const fused = { base: 0, total: rows, weighted: 0, gradient: 1, accumulate: 0, totals: 0, smoothing: 0 };
      return call(softmaxCrossEntropyKernel, { rows, n: classes, ...fused });
    }
    case 'adam': {
      const { beta1, beta2, epsilon } = ADAM;
      const blocks = Math.ceil(work.shape.size / BLOCK);
      return call(adamKernel, { blocks, decay: 0, maxNorm: 0, amsgrad: 0, beta1, beta2, epsilon });
    }
    default:
      return undefined;
  }
}

/** The results that contenders are compared by, of all that weft's kernel writes. */
export const COMPARED: Readonly<Record<string, readonly string[]>> = {
  matmul: ['out'],
  conv2d: ['y'],
  conv2d_input_grad: ['dx'],
  conv2d_kernel_grad: ['dkernel'],
  max_pool2d: ['y'],
  max_pool2d_grad: ['dx'],
  softmax_cross_entropy: ['loss', 'dlogits'],
  adam: ['parameters'],
  train_step: ['losses'],
  epoch: ['losses'],
  startup: ['losses'],
  memory: ['losses'],
  forward: ['output'],
};
