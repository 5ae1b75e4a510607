import type { Sampler } from '../../kernels/sampler.ts';
import type { DType, Shape, Values } from '../../kernels/spec.ts';
import type { Tensor } from '../tensor.ts';
import { avgPool2dExample } from './avg-pool2d.ts';
import { batchNorm2dExample } from './batch-norm2d.ts';
import { binaryExamples } from './binary.ts';
import { concatExample } from './concat.ts';
import { conv2dExample } from './conv2d.ts';
import { conv2dMaxPoolExample } from './conv2d-max-pool.ts';
import { denseExample } from './dense.ts';
import { dropoutExample } from './dropout.ts';
import { gatherRowsExample } from './gather-rows.ts';
import { globalAvgPoolExample } from './global-avg-pool.ts';
import { matmulExample } from './matmul.ts';
import { maxPool2dExample } from './max-pool2d.ts';
import { mseExample } from './mse.ts';
import { padExample } from './pad.ts';
import { preprocessExample } from './preprocess.ts';
import { reduceExamples } from './reduce.ts';
import { reshapeExample } from './reshape.ts';
import { sliceExample } from './slice.ts';
import { logSoftmaxExample, softmaxExample } from './softmax.ts';
import { softmaxCrossEntropyExample } from './softmax-cross-entropy.ts';
import { transposeExample } from './transpose.ts';
import { unaryExamples } from './unary.ts';
import { whereExample } from './where.ts';

/** One random use of an op: what the gradient checks, the mutation tests and the docs need to know of it. */
export interface OpUse {
  /** Shapes of the inputs that gradients are taken of. */
  readonly inputs: readonly Shape[];
  /** Values of input i, where normal numbers will not do (kinks, poles, positive only). */
  readonly fill?: (i: number, size: number, random: Sampler) => Values;
  /** What else the op takes, and no gradient flows to: labels, indices, masks. Made before a step is traced. */
  readonly constants?: readonly { readonly shape: Shape; readonly dtype: DType; readonly values: ArrayLike<number> }[];
  /** Calls the op on these inputs and constants. */
  readonly apply: (inputs: readonly Tensor[], constants: readonly Tensor[]) => Tensor;
}

/** How to use an op at random. Every op has one; a test fails when one is missing. */
export interface OpExample {
  /** The exported function's name. */
  readonly name: string;
  readonly draw: (random: Sampler) => OpUse;
}

/** Every op of the library. */
export const ops: readonly OpExample[] = [
  ...unaryExamples,
  ...binaryExamples,
  ...reduceExamples,
  concatExample,
  gatherRowsExample,
  mseExample,
  padExample,
  preprocessExample,
  reshapeExample,
  sliceExample,
  transposeExample,
  whereExample,
  batchNorm2dExample,
  dropoutExample,
  logSoftmaxExample,
  softmaxExample,
  softmaxCrossEntropyExample,
  conv2dExample,
  conv2dMaxPoolExample,
  maxPool2dExample,
  globalAvgPoolExample,
  avgPool2dExample,
  denseExample,
  matmulExample,
];

/** Exported functions of ops/index.ts that have no gradient, and why. */
export const withoutGradient: Readonly<Record<string, string>> = {
  argmax: 'an index does not change with the values',
  argmin: 'an index does not change with the values',
  augment: 'it changes pictures before anything learns from them',
  axpy: 'it works in place, off the tape',
  equal: 'a comparison has slope 0',
  gatherBatch: 'it starts from bytes of the data set',
  greater: 'a comparison has slope 0',
  less: 'a comparison has slope 0',
};
