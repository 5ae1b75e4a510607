import { InterruptedError, NumericError } from '../platform/errors.ts';
import type { Arrays, EpochTotals } from './step.ts';

/** Where a run was when something happened. */
export interface Place {
  readonly epoch: number;
  /** Steps of the epoch that were done. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Largest of the schedule. */
  readonly learningRate: number;
  /** Where the run is kept, if anywhere, and how many epochs it has finished. */
  readonly folder: string | undefined;
  readonly finished: number;
}

/**
 * Says what became NaN or infinite, when, and what to do about it.
 * @param step in which it happened, where that is known; else it was found after `place.step` steps.
 */
export function numericError(what: string, place: Place, step?: number): NumericError {
  const { epoch, stepsPerEpoch, learningRate, folder, finished } = place;
  const when = step === undefined ? `by step ${place.step}` : `at step ${step}`;
  const kept = finished > 0 ? `the checkpoint of epoch ${finished}` : 'no checkpoint yet';
  return new NumericError(
    `training: ${what} became NaN or infinite in epoch ${epoch}, ${when} of ${stepsPerEpoch}; lower the learning rate ` +
      `(${learningRate}), clip the gradients, or check that data and first weights are finite` +
      `${folder ? `; ${folder} keeps ${kept}` : ''}`,
  );
}

export function interruptedError({ epoch, step, stepsPerEpoch, folder }: Place): InterruptedError {
  const saved = folder ? `; saved in ${folder}, continue with --resume` : '';
  return new InterruptedError(`training: interrupted in epoch ${epoch} after step ${step} of ${stepsPerEpoch}${saved}`);
}

/** @throws NumericError when a loss or a gradient was not finite in one of the steps that these sums are of. */
export function checkTotals(totals: EpochTotals, place: Place): void {
  if (totals.notFinite) throw numericError('the loss', place, totals.firstNotFinite);
  if (totals.gradientNotFinite) throw numericError('a gradient', place);
}

/** @throws NumericError naming the first array that holds something not finite. */
export function checkArrays(arrays: Arrays, place: Place): void {
  for (const [name, values] of Object.entries(arrays)) {
    if (values instanceof Float32Array && !values.every(Number.isFinite)) throw numericError(`'${name}'`, place);
  }
}
