import { InvalidArgumentError } from 'commander';
import { checkSpace, type Range, SEARCH_KEYS, type SearchKey, type SearchSpace } from '../../train/search.ts';
import { fromTyped } from '../parse.ts';

/** A range at least this wide is searched by powers. */
const POWERS_FROM = 10;

/**
 * What follows --search: 'learningRate=1e-4..1e-2' for a range, 'schedule=cosine,onecycle' for choices. Adds to what was
 * given before.
 */
export function parseSearch(text: string, before: SearchSpace = {}): SearchSpace {
  const [key, values] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
  if (!text.includes('=') || !SEARCH_KEYS.includes(key as SearchKey)) {
    throw new InvalidArgumentError(`it must be SETTING=VALUES with a setting out of ${SEARCH_KEYS.join(', ')}.`);
  }
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`it names ${key} twice.`);
  const space = { ...before, [key]: parseRange(values) };
  fromTyped(() => checkSpace(space));
  return space;
}

function parseRange(text: string): Range {
  const ends = text.split('..');
  if (ends.length === 2) {
    const [low, high] = ends.map(Number) as [number, number];
    if (ends.some(end => end.trim() === '') || Number.isNaN(low) || Number.isNaN(high)) {
      throw new InvalidArgumentError(`'${text}' is no range; write one such as 1e-4..1e-2.`);
    }
    return { low, high, log: low > 0 && high / low >= POWERS_FROM };
  }
  const choices = text.split(',').map(part => part.trim());
  if (choices.includes('')) throw new InvalidArgumentError(`'${text}' holds an empty choice.`);
  return { choices: choices.map(choice => (Number.isNaN(Number(choice)) ? choice : Number(choice))) };
}
