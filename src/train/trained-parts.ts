import { isPart, type Model } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';
import type { TrainingOptions } from './config.ts';

/**
 * Freezes what is not to be trained and sets the learning rates of what is trained at another one. What neither list names
 * stays as it is. Call it before anything is compiled; a second time changes nothing.
 * @throws ValueError for a name that is no layer or parameter of the model, or when nothing is left to be trained.
 */
export function configureParts(
  { name, parameters }: Model,
  { frozen = [], learningRateScale = {} }: Pick<TrainingOptions, 'frozen' | 'learningRateScale'>,
): void {
  for (const part of frozen) {
    if (parameters.segments.some(segment => isPart(segment.name, part))) continue;
    throw new ValueError(`model '${name}': there is no '${part}' to freeze; name layers as its summary does`);
  }
  // All at once: each move gives every parameter a new place.
  const freezes = (segment: { name: string }) => frozen.some(part => isPart(segment.name, part));
  if (frozen.length > 0) parameters.configure(freezes, { trainable: false });
  for (const [part, scale] of Object.entries(learningRateScale)) {
    parameters.configure(part, { learningRateScale: scale });
  }
  if (parameters.segments.length > 0 && !parameters.segments.some(({ trainable }) => trainable)) {
    throw new ValueError(`model '${name}': all of it is frozen; leave something to be trained`);
  }
}
