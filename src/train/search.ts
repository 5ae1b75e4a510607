/**
 * What settings a search tries. Draws are a pure function of (seed, trial, setting), so a search that was interrupted goes
 * on with the very trials it would have made.
 */
import { findAugmentation } from '../data/augmentation.ts';
import { philox4x32, seedKey, toBelow, toUnit } from '../kernels/philox.ts';
import type { TrainingDefaults } from '../models/index.ts';
import { ValueError } from '../platform/errors.ts';
import type { TrainingOptions } from './config.ts';

/** Settings in place of a recipe's defaults. */
export type Overrides = Partial<Omit<TrainingOptions, 'seed'>>;

/** Settings that can be searched. */
export const SEARCH_KEYS = [
  'learningRate',
  'batch',
  'optimizer',
  'schedule',
  'momentum',
  'weightDecay',
  'warmUpEpochs',
  'clipNorm',
  'labelSmoothing',
  'augmentation',
  'emaDecay',
] as const satisfies readonly (keyof TrainingOptions)[];
export type SearchKey = (typeof SEARCH_KEYS)[number];

/** What a trial tries, as plain values: an augmentation by its name. */
export type Settings = Readonly<Partial<Record<SearchKey, number | string>>>;

export type Range =
  /** A number between two, by powers (`log`) or evenly. */
  | { readonly low: number; readonly high: number; readonly log: boolean }
  /** One of several. */
  | { readonly choices: readonly (number | string)[] };

export type SearchSpace = Readonly<Partial<Record<SearchKey, Range>>>;

/** Sets these random numbers apart from those of other purposes under the same seed. */
const PURPOSE = 0x73777065;

/** The settings of a trial, numbered from 0; each number to three significant digits, as people would type it. */
export function drawSettings(space: SearchSpace, seed: number, trial: number): Settings {
  const [k0, k1] = seedKey(seed);
  const words = new Uint32Array(4);
  const drawn = Object.entries(space).map(([key, range], i) => {
    philox4x32(trial, i, 0, PURPOSE, k0, k1, words);
    return [key, draw(range, words[0]!)];
  });
  return Object.fromEntries(drawn) as Settings;
}

/** The settings as a run takes them. @throws ValueError for an augmentation that does not exist. */
export function overridesOf({ augmentation, ...others }: Settings): Overrides {
  const policy = augmentation === undefined ? {} : { augmentation: findAugmentation(String(augmentation)) };
  return { ...others, ...policy } as Overrides;
}

/** Where to look when nobody says: the powers around a recipe's own learning rate and weight decay. */
export function spaceAround({ learningRate, weightDecay }: TrainingDefaults): SearchSpace {
  const around = (value: number): Range => ({ low: value / 10, high: value * 4, log: true });
  return { learningRate: around(learningRate), ...(weightDecay && { weightDecay: around(weightDecay) }) };
}

function draw(range: Range, word: number): number | string {
  if ('choices' in range) return range.choices[toBelow(word, range.choices.length)]!;
  const { low, high, log } = range;
  const share = toUnit(word);
  const value = log ? low * (high / low) ** share : low + share * (high - low);
  // Rounding must not leave the range.
  return Math.min(high, Math.max(low, Number(value.toPrecision(3))));
}

/** @throws ValueError for a range that holds nothing, or one by powers that does not lie above 0. */
export function checkSpace(space: SearchSpace): void {
  if (Object.keys(space).length === 0) throw new ValueError('search: there is nothing to search; name a setting');
  for (const [key, range] of Object.entries(space)) {
    if ('choices' in range) {
      if (range.choices.length > 0) continue;
      throw new ValueError(`search: ${key}: no choices; give one or more`);
    }
    const { low, high, log } = range;
    if (!(low < high))
      throw new ValueError(`search: ${key}: ${low} to ${high} holds nothing; the lower end comes first`);
    if (log && !(low > 0)) throw new ValueError(`search: ${key}: a range by powers starts above 0, not at ${low}`);
  }
}

/** So many trials of so many epochs each. */
export interface Rung {
  readonly trials: number;
  readonly epochs: number;
}

/**
 * Successive halving (Jamieson and Talwalkar, 2016): all trials get few epochs, the best of each `factor` of them go on
 * with `factor` times as many, until the last rung has `epochs`. Each rung trains anew, since a schedule of
 * the learning rate is laid out for its number of epochs.
 * @throws ValueError unless trials and epochs are whole numbers from 1 and the factor is one from 2.
 */
export function halvingRungs(trials: number, epochs: number, factor = 3): Rung[] {
  for (const [name, value, least] of [
    ['trials', trials, 1],
    ['epochs', epochs, 1],
    ['factor', factor, 2],
  ] as const) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new ValueError(`halving: ${name} is ${value}, it must be a whole number from ${least}`);
  }
  const rungs: Rung[] = [{ trials, epochs }];
  // A rung of one trial decides nothing; one epoch is the least there is.
  while (rungs[0]!.epochs >= factor && trials / factor ** rungs.length >= 1) {
    const length = rungs.length;
    rungs.unshift({ trials, epochs: Math.floor(epochs / factor ** length) });
    for (let i = 1; i <= length; i++) rungs[i] = { ...rungs[i]!, trials: Math.floor(trials / factor ** i) };
  }
  return rungs;
}

/** What a trial came to on the validation images, after its last epoch. */
export interface Judged {
  /** 0 where the training diverged. */
  readonly valAccuracy: number;
  /** Missing where the training diverged: its loss was no number. */
  readonly valLoss?: number;
}

/** Best first: by accuracy, then by loss; among equals the earlier one. */
export function rank<T extends Judged>(trials: readonly T[]): T[] {
  const loss = ({ valLoss = Number.MAX_VALUE }: T) => valLoss;
  return [...trials].sort((a, b) => b.valAccuracy - a.valAccuracy || loss(a) - loss(b));
}
