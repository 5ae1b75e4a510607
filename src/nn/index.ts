export { INITIALIZERS, type Initializer, initialValues } from './initializers.ts';
export {
  type BuildScope,
  type Built,
  type BuiltLayer,
  type DropoutRates,
  Layer,
  type LayerConfig,
  type LayerOptions,
  type Pass,
  walk,
} from './layer.ts';
export { Activation, type ActivationName, type ActivationOptions } from './layers/activation.ts';
export { BatchNorm2d, type BatchNorm2dOptions } from './layers/batch-norm2d.ts';
export { Conv2d, type Conv2dOptions } from './layers/conv2d.ts';
export { Dense, type DenseOptions } from './layers/dense.ts';
export { Dropout, type DropoutOptions } from './layers/dropout.ts';
export { Flatten } from './layers/flatten.ts';
export { AvgPool2d, GlobalAvgPool, MaxPool2d, type MaxPool2dOptions, type Pool2dOptions } from './layers/pool2d.ts';
export { Preprocess, type PreprocessOptions } from './layers/preprocess.ts';
export { layerFromJSON } from './layers/registry.ts';
export { Residual, type ResidualOptions } from './layers/residual.ts';
export { Sequential, type SequentialOptions } from './layers/sequential.ts';
export { type Captured, type ForwardOptions, Model, type ModelConfig, type ModelOptions } from './model.ts';
export { toOnnx } from './onnx/index.ts';
export { BLOCK, type Declaration, isPart, ParameterSet, type Segment } from './parameters.ts';
export { runLayer } from './run-layers.ts';
export type { LayerDescription, ModelDescription } from './summary.ts';
