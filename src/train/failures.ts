import { InterruptedError, NumericError } from '../platform/errors.ts';

/** Where a run was when something happened. */
export interface Place {
  readonly epoch: number;
  /** Steps of the epoch that were done. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Where the run is kept, if anywhere, and how many epochs it has finished. */
  readonly folder: string | undefined;
  readonly finished: number;
}

/**
 * Says what became NaN or infinite, when, and what to do about it.
 * @param step in which it happened, where that is known; else it was found after `place.step` steps.
 */
export function numericError(what: string, place: Place, learningRate: number, step?: number): NumericError {
  const { epoch, stepsPerEpoch, folder, finished } = place;
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
