/** Looking inside a network. Every function takes a model and plain arrays, and gives plain arrays. */
export { batchFor, type HostArray, imageAt, probabilitiesOf, rowOf } from './arrays.ts';
export { type ClassMap, type ClassMapOptions, classMaps } from './class-maps.ts';
export {
  type Curve,
  type DeletionCurves,
  type DeletionInsertion,
  type DeletionOptions,
  deletionCurves,
} from './deletion.ts';
export { type Explained, type ExplainedImage, type ExplainOptions, explainImage } from './explain.ts';
export {
  type ClassActivationMap,
  defaultMapLayer,
  type GradCamOptions,
  gradCam,
  gradCamPlusPlus,
  mapLayers,
  overImage,
} from './grad-cam.ts';
export { blur, channelSum, magnitude, sobel, stretch } from './image-filters.ts';
export {
  black,
  blurred,
  type IntegratedGradients,
  type IntegratedGradientsOptions,
  integratedGradients,
  meanImage,
} from './integrated-gradients.ts';
export { type Explanation, findMethod, type Method, type MethodOptions, methods, whyNot } from './methods.ts';
export { logit, loss, type Objective } from './objectives.ts';
export { type Occlusion, type OcclusionOptions, occlusion } from './occlusion.ts';
export { type CascadeOptions, type CascadeStep, cascade, type Explain } from './randomisation.ts';
export { gradient, guidedBackprop, type SmoothGradOptions, saliency, smoothGrad } from './saliency.ts';
export { compareMaps, type MapSimilarity, rankCorrelation, structuralSimilarity } from './similarity.ts';
export { type ReluRule, type Trace, type TraceOptions, trace, traceTensors } from './trace.ts';
export type { BatchOptions, TargetOptions } from './variants.ts';

// --- What layers represent ------------------------------------------------------------------------------------------

export { type Calibration, calibration, chanceCalibrationError, fitTemperature } from './calibration.ts';
export { type CentredGram, CkaSums, centreGram, hsic, type Similarity } from './cka.ts';
export { type Compared, compareLayers, type LayerComparison, type LayerComparisonOptions } from './compare-layers.ts';
export { type Embedding, type EmbeddingOptions, embed, umap } from './embedding.ts';
export {
  type FeatureOptions,
  featureLayers,
  type LayerFeatures,
  layerFeatures,
  PIXELS,
  penultimateLayer,
} from './features.ts';
export { type LogisticFit, LogisticRegression } from './logistic.ts';
export { type Matrix, toMatrix } from './matrix.ts';
export { type PcaOptions, type PrincipalComponents, principalComponents, project, projectionLayer } from './pca.ts';
export { fitProbe, type LayerProbe, type Probe, type ProbeRows, probeLayers } from './probe.ts';
export { projectFeatures } from './projection.ts';

// --- What a network loses, and what misleads it ---------------------------------------------------------------------

export { type Ablation, type AblationOptions, ablateChannels } from './ablation.ts';
export { type AttackOptions, type AttackResult, attack } from './adversarial.ts';
export { findLabelNoise, flipLabels, type LabelNoise, precisionAt, rankByDoubt, type Suspect } from './label-noise.ts';
export { type Fold, foldsOf, linearOutOfFold, outOfFold, trainOutOfFold } from './out-of-fold.ts';

// --- What a network has learned -------------------------------------------------------------------------------------

export { cutModel } from './cut-model.ts';
export { effectiveRank, type SpectrumOptions, singularValues } from './effective-rank.ts';
export { symmetricEigenvalues } from './eigenvalues.ts';
export {
  bestMatches,
  type FilterBank,
  type FilterChange,
  type FilterPicture,
  filterBanks,
  filterChanges,
  filterPicture,
} from './filters.ts';
export { type InspectOptions, inspect, type LayerReport } from './inspect.ts';
export { type LayerRanks, type LayerRanksOptions, layerRanks } from './layer-ranks.ts';
export { type Goal, type Maximised, type MaximiseOptions, maximise } from './maximise.ts';
export { type Responses, responses } from './responses.ts';
export { type Histogram, StatisticsCollector, statisticsOf, type ValueStatistics } from './statistics.ts';
export { classPurity, type TopImage, type TopImagesOptions, topImages } from './top-images.ts';
export {
  type Look,
  RunWatch,
  readLooks,
  updateRatio,
  type WatchedLayer,
  Watcher,
  writeLooks,
} from './watch.ts';

// --- Every number written out, and recorded trainings ---------------------------------------------------------------

export * from './arithmetic/index.ts';
export {
  Playback,
  type Recording,
  type RecordingOptions,
  readRecording,
  recordTraining,
  type Snapshot,
} from './recording.ts';
