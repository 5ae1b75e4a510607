export {
  type Backwards,
  type DropoutDraw,
  type ElementwiseName,
  explainGradient,
  explainOutput,
  type GradientArithmetic,
  type GradientTerm,
  type LayerArithmetic,
  type OutputArithmetic,
  type Term,
} from './arithmetic.ts';
export { type BatchNormGradient, explainBatchNormGradient } from './batch-statistics.ts';
export {
  type ClassTerm,
  explainLoss,
  explainSoftmax,
  explainSoftmaxGradient,
  type LossArithmetic,
  type LossTerm,
  type SoftmaxArithmetic,
  type SoftmaxGradientTerm,
} from './classes.ts';
export {
  type LayerArithmeticOptions,
  layerArithmetic,
  type ParameterValues,
  type PlacedLayer,
  placedLayers,
} from './of-model.ts';
export { coordinatesOf, placeOf, type WeightedSums, type Window } from './sums.ts';
