export { type AdamOptions, adam, adamW } from './adam.ts';
export { withAverage } from './average.ts';
export {
  clipByGlobalNorm,
  type Optimizer,
  type OptimizerState,
  squaredGradientNorm,
  type UpdateInputs,
} from './optimizer.ts';
export { type RmspropOptions, rmsprop } from './rmsprop.ts';
export {
  type CosineOptions,
  constant,
  cosine,
  type OneCycleOptions,
  oneCycle,
  type Schedule,
  type StepDecayOptions,
  stepDecay,
  warmUp,
} from './schedules.ts';
export {
  makeOptimizer,
  makeSchedule,
  OPTIMIZERS,
  type OptimizerSettings,
  optimizerKnows,
  SCHEDULES,
  type ScheduleSettings,
} from './settings.ts';
export { type SgdOptions, sgd } from './sgd.ts';
