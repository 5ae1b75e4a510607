import { adamKernel } from './adam.ts';
import { augmentKernel } from './augment.ts';
import { avgPool2dGradKernel, avgPool2dKernel } from './avg-pool2d.ts';
import { axpyKernel } from './axpy.ts';
import {
  batchNormInputGradKernel,
  batchNormKernel,
  batchNormScaleGradKernel,
  batchNormStatisticsKernel,
} from './batch-norm.ts';
import { binaryKernel } from './binary.ts';
import { conv2dKernel } from './conv2d.ts';
import { conv2dInputGradKernel } from './conv2d-input-grad.ts';
import { conv2dKernelGradKernel } from './conv2d-kernel-grad.ts';
import { conv2dMaxPoolKernel } from './conv2d-max-pool.ts';
import { copyKernel } from './copy.ts';
import { denseGradKernel } from './dense-grad.ts';
import { dropoutKernel } from './dropout.ts';
import { fillKernel } from './fill.ts';
import { gatherBatchKernel } from './gather-batch.ts';
import { gatherRowsKernel, scatterRowsKernel } from './gather-rows.ts';
import { matmulKernel } from './matmul.ts';
import { maxPool2dGradKernel, maxPool2dKernel } from './max-pool2d.ts';
import { metricsKernel } from './metrics.ts';
import { addGradientKernel, takeMeanKernel } from './micro-batch.ts';
import { movingAverageKernel } from './moving-average.ts';
import { mseGradKernel, mseKernel } from './mse.ts';
import { padKernel } from './pad.ts';
import { placeKernel } from './place.ts';
import { preprocessGradKernel, preprocessKernel } from './preprocess.ts';
import { randomWordsKernel } from './random-words.ts';
import { extremumGradKernel, extremumKernel, sumKernel } from './reduce.ts';
import { rmspropKernel } from './rmsprop.ts';
import { sgdKernel } from './sgd.ts';
import { softmaxGradKernel, softmaxKernel } from './softmax.ts';
import { softmaxCrossEntropyKernel } from './softmax-cross-entropy.ts';
import type { KernelSpec } from './spec.ts';
import { squaredNormKernel } from './squared-norm.ts';
import { stridedCopyKernel } from './strided-copy.ts';
import { unaryGradKernel, unaryKernel } from './unary.ts';
import { whereKernel } from './where.ts';

/** Every kernel of the library: tests, profiler, tuner and benchmark walk this list. */
export const kernels = [
  adamKernel,
  addGradientKernel,
  augmentKernel,
  avgPool2dGradKernel,
  avgPool2dKernel,
  axpyKernel,
  batchNormInputGradKernel,
  batchNormKernel,
  batchNormScaleGradKernel,
  batchNormStatisticsKernel,
  binaryKernel,
  conv2dInputGradKernel,
  conv2dKernel,
  conv2dKernelGradKernel,
  conv2dMaxPoolKernel,
  copyKernel,
  denseGradKernel,
  dropoutKernel,
  extremumGradKernel,
  extremumKernel,
  fillKernel,
  gatherBatchKernel,
  gatherRowsKernel,
  matmulKernel,
  maxPool2dGradKernel,
  maxPool2dKernel,
  metricsKernel,
  movingAverageKernel,
  mseGradKernel,
  mseKernel,
  padKernel,
  placeKernel,
  preprocessGradKernel,
  preprocessKernel,
  randomWordsKernel,
  rmspropKernel,
  scatterRowsKernel,
  sgdKernel,
  softmaxCrossEntropyKernel,
  softmaxGradKernel,
  softmaxKernel,
  squaredNormKernel,
  stridedCopyKernel,
  sumKernel,
  takeMeanKernel,
  unaryGradKernel,
  unaryKernel,
  whereKernel,
] as unknown as readonly KernelSpec[];
