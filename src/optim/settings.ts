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
  /** SGD with momentum only. */
  readonly nesterov?: boolean | undefined;
  /** Adam and AdamW only. */
  readonly amsgrad?: boolean | undefined;
  readonly weightDecay?: number | undefined;
  /** Largest global norm of the gradients. Default: no limit. */
  readonly clipNorm?: number | undefined;
  /** Keeps an exponential moving average of the weights, as state `average`. */
  readonly emaDecay?: number | undefined;
}

/** The optimizers that know a setting which not all of them know. */
const KNOWN_BY = { momentum: ['sgd', 'rmsprop'], nesterov: ['sgd'], amsgrad: ['adam', 'adamw'] } as const;

/** Whether the setting means anything to the optimizer. */
export function optimizerKnows(optimizer: OptimizerSettings['optimizer'], setting: keyof typeof KNOWN_BY): boolean {
  return (KNOWN_BY[setting] as readonly string[]).includes(optimizer);
}

/** The optimizer that the settings name. @throws ValueError for a setting out of its range, or one that would be ignored. */
export function makeOptimizer(settings: OptimizerSettings): Optimizer {
  const { clipNorm, emaDecay } = settings;
  let optimizer = plainOptimizer(settings);
  if (clipNorm !== undefined) optimizer = clipByGlobalNorm(optimizer, clipNorm);
  return emaDecay === undefined ? optimizer : withAverage(optimizer, emaDecay);
}

function plainOptimizer(settings: OptimizerSettings): Optimizer {
  const { optimizer, momentum, nesterov, amsgrad, weightDecay } = settings;
  refuseIgnored(settings);
  const decay = weightDecay === undefined ? {} : { weightDecay };
  const withMomentum = momentum === undefined ? decay : { ...decay, momentum };
  const withAmsgrad = amsgrad === undefined ? decay : { ...decay, amsgrad };
  switch (optimizer) {
    case 'sgd':
      return sgd(nesterov === undefined ? withMomentum : { ...withMomentum, nesterov });
    case 'rmsprop':
      return rmsprop(withMomentum);
    case 'adam':
      return adam(withAmsgrad);
    case 'adamw':
      return adamW(withAmsgrad);
    default:
      throw new ValueError(
        `optimizer '${optimizer as string}': there is none of that name; there are ${OPTIMIZERS.join(', ')}`,
      );
  }
}

/** A setting that does nothing would still be kept with the run, which then says what it is not. */
function refuseIgnored(settings: OptimizerSettings): void {
  const { optimizer, momentum = 0, nesterov } = settings;
  if (!OPTIMIZERS.includes(optimizer)) return;
  for (const setting of ['momentum', 'nesterov', 'amsgrad'] as const) {
    if (!settings[setting] || optimizerKnows(optimizer, setting)) continue;
    const others = KNOWN_BY[setting].join(' or ');
    throw new ValueError(`optimizer '${optimizer}': knows no ${setting}; leave it out, or choose ${others}`);
  }
  if (nesterov && momentum === 0) {
    throw new ValueError(`optimizer '${optimizer}': nesterov looks ahead along the momentum; give one, such as 0.9`);
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
