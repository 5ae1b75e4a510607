import { InvalidArgumentError } from 'commander';
import { findModel, type Recipe } from '../models/index.ts';
import { UsageError, ValueError } from '../platform/errors.ts';

/** Turns an option's text into its value. */
type Parser = (text: string) => number;

/** An option's value as a whole number from `low`. */
export function wholeFrom(low: number): Parser {
  return text => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= low) return value;
    throw new InvalidArgumentError(`it must be a whole number from ${low}.`);
  };
}

/** An option's value as a number between two, the lower one included where `from` says so. */
export function numberBetween(low: number, high: number, from: 'above' | 'from' = 'from'): Parser {
  return text => {
    const value = Number(text);
    const above = from === 'from' ? value >= low : value > low;
    if (text.trim() !== '' && above && value < high) return value;
    const upper = high === Number.POSITIVE_INFINITY ? '' : ` and below ${high}`;
    throw new InvalidArgumentError(`it must be a number ${from} ${low}${upper}.`);
  };
}

/** An option's value as a list without blanks, separated by commas, of what there is to choose from. */
export function listOf<T extends string>(choices: readonly T[]): (text: string) => T[] {
  return text =>
    text.split(',').map(part => {
      const found = choices.find(choice => choice === part.trim());
      if (found !== undefined) return found;
      throw new InvalidArgumentError(`it must be one or several of ${choices.join(', ')}, with commas between.`);
    });
}

/** What settings that were typed lead to. @throws UsageError where it would throw a ValueError: the typing was wrong. */
export function fromTyped<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof ValueError ? new UsageError(error.message) : error;
  }
}

/** The model of that name. @param where what names it, for the message. @throws UsageError when there is none. */
export function recipeOf(name: string, where?: string): Recipe {
  try {
    return findModel(name);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new UsageError(where === undefined ? error.message : `${where}: ${error.message}`);
  }
}

/** Names with commas between. */
export const names = (text: string) => text.split(',').filter(name => name !== '');
