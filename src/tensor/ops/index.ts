export { type AugmentOptions, augment } from './augment.ts';
export { avgPool2d } from './avg-pool2d.ts';
export { axpy } from './axpy.ts';
export { type BatchNorm2dOptions, batchNorm2d } from './batch-norm2d.ts';
export { add, div, equal, greater, less, maximum, minimum, mul, pow, sub } from './binary.ts';
export { concat } from './concat.ts';
export { type Conv2dOptions, conv2d } from './conv2d.ts';
export { type Conv2dMaxPoolOptions, conv2dMaxPool } from './conv2d-max-pool.ts';
export { type DenseOptions, dense } from './dense.ts';
export { type DropoutChoice, dropout } from './dropout.ts';
export { type GatherBatchOptions, type GatheredBatch, gatherBatch } from './gather-batch.ts';
export { gatherRows } from './gather-rows.ts';
export { globalAvgPool } from './global-avg-pool.ts';
export { type MatmulOptions, matmul } from './matmul.ts';
export { type MaxPool2dOptions, maxPool2d, type Pool2dOptions } from './max-pool2d.ts';
export { mse } from './mse.ts';
export { pad } from './pad.ts';
export { type PreprocessOptions, preprocess } from './preprocess.ts';
export { type ArgOptions, argmax, argmin, max, mean, min, type ReduceOptions, sum } from './reduce.ts';
export { reshape } from './reshape.ts';
export { slice } from './slice.ts';
export { logSoftmax, softmax } from './softmax.ts';
export {
  type SoftmaxCrossEntropy,
  type SoftmaxCrossEntropyOptions,
  softmaxCrossEntropy,
} from './softmax-cross-entropy.ts';
export { transpose } from './transpose.ts';
export { abs, affine, clamp, exp, gelu, leakyRelu, log, neg, relu, sigmoid, silu, sqrt, tanh } from './unary.ts';
export { where } from './where.ts';
export type { Pair } from './windows.ts';
