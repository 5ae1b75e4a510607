import { ValueError } from '../platform/errors.ts';

/** Learning rate of a step, numbered from 1. A pure function: resuming needs the step number alone. */
export type Schedule = (step: number) => number;

/** The same rate always. @throws ValueError unless it is a positive number. */
export function constant(rate: number): Schedule {
  positive('constant', 'rate', rate);
  return () => rate;
}

export interface StepDecayOptions {
  /** Learning rate of the first steps. */
  rate: number;
  /** Steps after which it is multiplied by `factor`, again and again. */
  every: number;
  /** Default 0.1. */
  factor?: number;
}

/** rate * factor^floor(steps done / every). @throws ValueError unless all three are positive. */
export function stepDecay({ rate, every, factor = 0.1 }: StepDecayOptions): Schedule {
  positive('stepDecay', 'rate', rate);
  positive('stepDecay', 'every', every);
  positive('stepDecay', 'factor', factor);
  return step => rate * factor ** Math.floor((step - 1) / every);
}

export interface CosineOptions {
  /** Learning rate of the first step. */
  rate: number;
  /** Steps until the floor is reached. */
  steps: number;
  /** Learning rate from then on. Default 0. */
  floor?: number;
}

/** Half a cosine from rate to floor (Loshchilov and Hutter, "SGDR", 2017, without restarts). @throws ValueError */
export function cosine({ rate, steps, floor = 0 }: CosineOptions): Schedule {
  positive('cosine', 'rate', rate);
  positive('cosine', 'steps', steps);
  if (!(floor >= 0 && floor <= rate)) {
    throw new ValueError(`cosine: floor is ${floor}, it must be from 0 to the rate, ${rate}`);
  }
  return step => ease(rate, floor, (step - 1) / steps);
}

export interface OneCycleOptions {
  /** The largest learning rate. */
  peak: number;
  /** Steps of the whole cycle. */
  steps: number;
  /** Share of the steps in which the rate rises. Default 0.3. */
  rise?: number;
  /** Peak divided by the first rate. Default 25. */
  startDivisor?: number;
  /** First rate divided by the last. Default 10,000. */
  endDivisor?: number;
}

/**
 * Half a cosine up to the peak and half a cosine down to almost nothing (Smith and Topin, "Super-convergence", 2018, in
 * PyTorch's form).
 * @throws ValueError for a setting out of its range.
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const { peak, steps, rise = 0.3, startDivisor = 25, endDivisor = 1e4 } = options;
  positive('oneCycle', 'peak', peak);
  positive('oneCycle', 'startDivisor', startDivisor);
  positive('oneCycle', 'endDivisor', endDivisor);
  if (!(steps >= 2)) throw new ValueError(`oneCycle: steps is ${steps}, it must be at least 2`);
  if (!(rise >= 0 && rise < 1)) throw new ValueError(`oneCycle: rise is ${rise}, it must be at least 0 and below 1`);
  const start = peak / startDivisor;
  // Steps done when the peak is reached, and when the cycle ends.
  const top = Math.max(0, rise * steps - 1);
  const end = steps - 1;
  return step => {
    const done = step - 1;
    return done < top ? ease(start, peak, done / top) : ease(peak, start / endDivisor, (done - top) / (end - top));
  };
}

/**
 * Rises linearly to the first rate of `schedule` within `steps` steps, then follows it (Goyal et al., 2017).
 * @throws ValueError unless steps is a whole number from 0.
 */
export function warmUp(schedule: Schedule, steps: number): Schedule {
  if (!Number.isInteger(steps) || steps < 0) {
    throw new ValueError(`warmUp: steps is ${steps}, it must be a whole number from 0`);
  }
  return step => (step <= steps ? (schedule(1) * step) / (steps + 1) : schedule(step - steps));
}

/** From one value to another along half a cosine; `share` past 1 stays at the end. */
function ease(from: number, to: number, share: number): number {
  return to + (from - to) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, share)));
}

function positive(schedule: string, setting: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new ValueError(`${schedule}: ${setting} is ${value}, it must be a positive number`);
  }
}
