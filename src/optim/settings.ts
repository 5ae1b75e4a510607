import { ValueError } from '../platform/errors.ts';
import { adam, adamW } from './adam.ts';
import { withAverage } from './average.ts';
import { clipByGlobalNorm, type Optimizer } from './optimizer.ts';
import { rmsprop } from './rmsprop.ts';
import { constant, cosine, oneCycle, type Schedule, stepDecay, warmUp } from './schedules.ts';
import { sgd } from './sgd.ts';

export const OPTIMIZERS = ['adam', 'adamw', 'sgd', 'rmsprop'] as const;
export const SCHEDULES = ['constant', 'step', 'cosine', 'onecycle'] as const;

/** An optimizer as plain values, as a run's config.json keeps it. */
export interface OptimizerSettings {
  readonly optimizer: (typeof OPTIMIZERS)[number];
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
    default:
      throw new ValueError(
        `optimizer '${optimizer as string}': there is none of that name; there are ${OPTIMIZERS.join(', ')}`,
      );
  }
}

/** A schedule as plain values. */
export interface ScheduleSettings {
  readonly schedule: (typeof SCHEDULES)[number];
  /** The largest rate. */
  readonly learningRate: number;
  /** Steps in which the rate rises in equal parts to where the schedule begins; part of the run's steps. Default 0. */
  readonly warmUpSteps?: number;
}

/**
 * The schedule that the settings name for a run of `steps` steps; 'step' falls to a tenth after each third of them.
 * @throws ValueError
 */
export function makeSchedule(settings: ScheduleSettings, steps: number): Schedule {
  const { warmUpSteps = 0 } = settings;
  return warmUp(plainSchedule(settings, Math.max(2, steps - warmUpSteps)), warmUpSteps);
}

function plainSchedule({ schedule, learningRate }: ScheduleSettings, steps: number): Schedule {
  switch (schedule) {
    case 'constant':
      return constant(learningRate);
    case 'step':
      return stepDecay({ rate: learningRate, every: Math.ceil(steps / 3) });
    case 'cosine':
      return cosine({ rate: learningRate, steps });
    case 'onecycle':
      return oneCycle({ peak: learningRate, steps });
    default:
      throw new ValueError(
        `schedule '${schedule as string}': there is none of that name; there are ${SCHEDULES.join(', ')}`,
      );
  }
}
