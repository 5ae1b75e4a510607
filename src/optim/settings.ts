import { adam, adamW } from './adam.ts';
import { withAverage } from './average.ts';
import { clipByGlobalNorm, type Optimizer } from './optimizer.ts';
import { rmsprop } from './rmsprop.ts';
import { constant, cosine, oneCycle, type Schedule, stepDecay } from './schedules.ts';
import { sgd } from './sgd.ts';

/** An optimizer as plain values, as a run's config.json keeps it. */
export interface OptimizerSettings {
  readonly optimizer: 'sgd' | 'adam' | 'adamw' | 'rmsprop';
  /** SGD and RMSprop only. */
  readonly momentum?: number | undefined;
  readonly weightDecay?: number | undefined;
  /** Largest global norm of the gradients. Default: no limit. */
  readonly clipNorm?: number | undefined;
  /** Keeps an exponential moving average of the weights, as state `average`. */
  readonly emaDecay?: number | undefined;
}

/** The optimizer that the settings name. @throws ValueError for a setting out of its range. */
export function makeOptimizer(settings: OptimizerSettings): Optimizer {
  const { clipNorm, emaDecay } = settings;
  let optimizer = plainOptimizer(settings);
  if (clipNorm !== undefined) optimizer = clipByGlobalNorm(optimizer, clipNorm);
  return emaDecay === undefined ? optimizer : withAverage(optimizer, emaDecay);
}

function plainOptimizer({ optimizer, momentum, weightDecay }: OptimizerSettings): Optimizer {
  const decay = weightDecay === undefined ? {} : { weightDecay };
  const withMomentum = momentum === undefined ? decay : { ...decay, momentum };
  switch (optimizer) {
    case 'sgd':
      return sgd(withMomentum);
    case 'rmsprop':
      return rmsprop(withMomentum);
    case 'adam':
      return adam(decay);
    case 'adamw':
      return adamW(decay);
  }
}

/** A schedule as plain values. */
export interface ScheduleSettings {
  readonly schedule: 'constant' | 'step' | 'cosine' | 'onecycle';
  /** The largest rate. */
  readonly learningRate: number;
}

/** The schedule that the settings name for a run of `steps` steps; 'step' falls to a tenth after each third of them. */
export function makeSchedule({ schedule, learningRate }: ScheduleSettings, steps: number): Schedule {
  switch (schedule) {
    case 'constant':
      return constant(learningRate);
    case 'step':
      return stepDecay({ rate: learningRate, every: Math.max(1, Math.ceil(steps / 3)) });
    case 'cosine':
      return cosine({ rate: learningRate, steps });
    case 'onecycle':
      return oneCycle({ peak: learningRate, steps: Math.max(2, steps) });
  }
}

/** Learning rate of the step that follows `done` steps of a run of `steps`. */
export function learningRateAt(settings: ScheduleSettings, done: number, steps: number): number {
  return makeSchedule(settings, steps)(done + 1);
}
