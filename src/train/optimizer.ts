import {
  adam,
  adamW,
  clipByGlobalNorm,
  constant,
  cosine,
  type Optimizer,
  oneCycle,
  rmsprop,
  type Schedule,
  sgd,
  stepDecay,
  warmUp,
  withAverage,
} from '../optim/index.ts';
import { ValueError } from '../platform/errors.ts';
import type { TrainingOptions } from './config.ts';

export const OPTIMIZERS: readonly TrainingOptions['optimizer'][] = ['adam', 'adamw', 'sgd', 'rmsprop'];
export const SCHEDULES: readonly TrainingOptions['schedule'][] = ['constant', 'step', 'cosine', 'onecycle'];

/** The optimizer that a run's options name, with clipping and averaging where they ask for it. @throws ValueError */
export function makeOptimizer(options: TrainingOptions): Optimizer {
  const { clipNorm, emaDecay } = options;
  let optimizer = bareOptimizer(options);
  if (clipNorm !== undefined) optimizer = clipByGlobalNorm(optimizer, clipNorm);
  return emaDecay === undefined ? optimizer : withAverage(optimizer, emaDecay);
}

function bareOptimizer({ optimizer, momentum, weightDecay }: TrainingOptions): Optimizer {
  const decay = weightDecay === undefined ? {} : { weightDecay };
  const withMomentum = { ...decay, ...(momentum === undefined ? {} : { momentum }) };
  switch (optimizer) {
    case 'adam':
      return adam(decay);
    case 'adamw':
      return adamW(decay);
    case 'sgd':
      return sgd(withMomentum);
    case 'rmsprop':
      return rmsprop(withMomentum);
    default:
      throw new ValueError(
        `optimizer '${optimizer as string}': there is no such one; there are ${OPTIMIZERS.join(', ')}`,
      );
  }
}

/** Learning rate by step, over the whole run. 'step' falls to a tenth after each third of it. @throws ValueError */
export function makeSchedule(options: TrainingOptions, stepsPerEpoch: number): Schedule {
  const { learningRate: rate, epochs, warmUpEpochs = 0 } = options;
  const rising = Math.round(warmUpEpochs * stepsPerEpoch);
  const steps = Math.max(2, epochs * stepsPerEpoch - rising);
  return warmUp(bareSchedule(options.schedule, rate, steps), rising);
}

function bareSchedule(schedule: TrainingOptions['schedule'], rate: number, steps: number): Schedule {
  switch (schedule) {
    case 'constant':
      return constant(rate);
    case 'step':
      return stepDecay({ rate, every: Math.ceil(steps / 3) });
    case 'cosine':
      return cosine({ rate, steps });
    case 'onecycle':
      return oneCycle({ peak: rate, steps });
    default:
      throw new ValueError(`schedule '${schedule as string}': there is no such one; there are ${SCHEDULES.join(', ')}`);
  }
}
