/// <reference lib="esnext.disposable" preserve="true" />
/**
 * weft-gpu, the library: the same code in Node and in the browser, without an import of either.
 *
 *     import { Engine, findDataSet, findModel, fit, GpuDataset, Model, splitOf } from 'weft-gpu';
 *     import { nodeDataPlaces, openGpu } from 'weft-gpu/node';
 *
 *     const { train } = await findDataSet(nodeDataPlaces());
 *     const recipe = findModel('cnn');
 *     using engine = await Engine.open(await openGpu());
 *     using data = new GpuDataset(engine, train);
 *     using model = new Model(engine, recipe.build(), { inputShape: recipe.inputShape, seed: 1 });
 *     await fit(model, { data, ...splitOf(train) }, {
 *       training: { ...recipe.defaults, seed: 1 },
 *       onEpoch: ({ epoch, loss, valAccuracy }) => console.log(epoch, loss, valAccuracy),
 *     });
 *
 * TypeScript before version 6 and projects without the `dom` library need the package @webgpu/types.
 */

// --- Tensors and what is computed with them -------------------------------------------------------------------------

export type { AdapterInfo, Capabilities } from './gpu/capabilities.ts';
export { type Backward, gradients, type Upstream } from './tensor/autograd.ts';
export { CompiledStep, type CompileOptions, compile, type ProfiledDispatch } from './tensor/compile.ts';
export { Engine, type EngineOptions } from './tensor/engine.ts';
/** Every op, forward and backward: `ops.conv2d(x, kernel)`. */
export * as ops from './tensor/ops/index.ts';
export type { MemoryPlan } from './tensor/plan.ts';
export { Tensor } from './tensor/tensor.ts';

// --- Kernels: for programs that bring one of their own or repeat a run to the bit ------------------------------------

export { callShape } from './kernels/call-shape.ts';
export type { KernelCall, VariantTable } from './kernels/choose.ts';
export { type CustomKernel, customVariant, plainAsCustom } from './kernels/custom.ts';
export { kernels } from './kernels/registry.ts';
export {
  type DType,
  defineKernel,
  type KernelSpec,
  type Params,
  type Shape,
  type StepValues,
  type Trade,
  type Values,
  type Variant,
} from './kernels/spec.ts';
export { findShipped, type ShippedTable } from './kernels/tables/index.ts';
export { type TunedRow, TunedTable, type TuningTarget } from './kernels/tuned-table.ts';
export type { TuningRow, TuningRows } from './kernels/tuning-file.ts';
export { measureOp, type OpResult, type OpTask, type SharedKernel } from './tensor/bench-op.ts';
export { compareVariants, type LadderOptions, type Rung } from './tensor/ladder.ts';
export { describeFailure, type Proof, type ProofFailure, type ProofOptions, proveVariant } from './tensor/prove.ts';
export { measureRoofline, type Roofline, type RooflineOptions } from './tensor/roofline.ts';
export { type StruckVariant, type TunedCall, type TuneOptions, type TuneReport, tune } from './tensor/tuner.ts';
export { loadTuning, readTuning, type TuningStore, writeTuning } from './tensor/tuning-cache.ts';
export { modelCalls } from './train/model-calls.ts';

// --- Networks -------------------------------------------------------------------------------------------------------

export {
  createModel,
  findModel,
  loadPretrained,
  models,
  type PretrainedName,
  type Recipe,
  type TrainingDefaults,
  VGG16_INPUTS,
  type Vgg16TransferOptions,
  vgg16,
} from './models/index.ts';
/** Layers, initial values and the model made of them: `new nn.Dense({ units: 10 })`. */
export * as nn from './nn/index.ts';
export { Model } from './nn/index.ts';
/** Optimizers and schedules: `optim.adam()`. */
export * as optim from './optim/index.ts';

// --- Data -----------------------------------------------------------------------------------------------------------

export {
  AUGMENTATION_NAMES,
  type AugmentationName,
  type AugmentationPolicy,
  augmentedCopy,
  findAugmentation,
} from './data/augmentation.ts';
export { Batches } from './data/batches.ts';
export { type DataSet, type ImageData8, type ImageParts, makeImageData } from './data/dataset.ts';
export type { Examples, Feed } from './data/examples.ts';
export { FASHION_MNIST_CLASSES } from './data/fashion-mnist.ts';
export { findDataSet } from './data/find.ts';
export { GpuDataset, type ImageBatch, type Preprocessing } from './data/gpu-dataset.ts';
export { type IdxArray, parseIdx, parseIdxImages, parseIdxLabels } from './data/idx.ts';
export { loadDataSet } from './data/load.ts';
export { type Split, splitOf, stratifiedSplit } from './data/split.ts';

// --- Training -------------------------------------------------------------------------------------------------------

export { type BranchDifference, compareBranches } from './train/branches.ts';
export { describeData, describeRun, type RunConfig, type RunData, type TrainingOptions } from './train/config.ts';
export {
  type DropoutEdit,
  type Edit,
  filterPlaces,
  type LabelEdit,
  type LearningRateEdit,
  type ParameterEdit,
  type Settings,
} from './train/edits.ts';
export { type Evaluation, Evaluator } from './train/evaluate.ts';
export type { EpochMetrics, StepProgress } from './train/events.ts';
export {
  CachedFeatures,
  cacheFeatures,
  examplesFor,
  type FeatureHooks,
  type FeatureOptions,
  type FeatureProgress,
} from './train/features.ts';
export { type FitData, type FitOptions, type FitResult, fit } from './train/fit.ts';
export type { LookAhead, LookAheadOptions, LookArray } from './train/look-ahead.ts';
export {
  accuracyOf,
  type ClassMetrics,
  type ConfusedPair,
  classMetrics,
  confusedPairs,
  confusionMatrix,
} from './train/metrics.ts';
export { type Outputs, type RunOutputs, readOutputs } from './train/outputs.ts';
export { prepareRun } from './train/prepare.ts';
export { RunFolder } from './train/run-folder.ts';
export {
  type Change,
  type Position,
  type RestoreOptions,
  type RunOptions,
  type SessionOptions,
  TrainingSession,
  type Validation,
} from './train/session.ts';
export { measureStartup, type Startup } from './train/startup.ts';
export type { StepMetrics } from './train/step-watch.ts';

// --- Looking inside --------------------------------------------------------------------------------------------------

/** Activations, gradients and explanations of a trained model: `study.trace(model, image, { layers: ['conv1'] })`. */
export * as study from './study/index.ts';

// --- Files ----------------------------------------------------------------------------------------------------------

export { readNpz } from './io/npz.ts';
export {
  readSafetensors,
  type SafetensorsEntry,
  type SafetensorsFile,
  type SafetensorsSource,
  writeSafetensors,
} from './io/safetensors.ts';
export {
  ARCHITECTURE_NAMES,
  fitTo,
  type ReadWeightsOptions,
  readWeights,
  type WeightFile,
  without,
} from './io/weights/index.ts';

// --- The platform's interfaces and every error thrown on purpose -----------------------------------------------------

export * from './platform/errors.ts';
export type {
  AdapterName,
  DataPlaces,
  DataSource,
  FileStore,
  GpuOptions,
  GpuSource,
  Platform,
} from './platform/platform.ts';
