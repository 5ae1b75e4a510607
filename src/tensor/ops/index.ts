export { type Conv2dOptions, conv2d } from './conv2d.ts';
export { type DenseOptions, dense } from './dense.ts';
export { dropout } from './dropout.ts';
export { type GatherBatchOptions, type GatheredBatch, gatherBatch } from './gather-batch.ts';
export { type MatmulOptions, matmul } from './matmul.ts';
export {
  type SoftmaxCrossEntropy,
  type SoftmaxCrossEntropyOptions,
  softmaxCrossEntropy,
} from './softmax-cross-entropy.ts';
