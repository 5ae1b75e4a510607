import { count, duration, listing, magnitude, minus, percent, points, pValue, times } from './format.ts';
import { holm } from './science/bootstrap.ts';
import { compareModels, type Difference, type ModelSummary, SEEDS_FOR_A_VERDICT } from './summary.ts';
import type { Comparison } from './types.ts';

/**
 * What the numbers say, in sentences that claim no more than they can: a subset is named before anything said about it,
 * fewer than three seeds speak of this run only, and a difference comes with its interval.
 */
export function conclusions(comparison: Comparison, models: readonly ModelSummary[]): string[] {
  if (models.length === 0) return [];
  const ranked = [...models].sort((a, b) => b.accuracy - a.accuracy);
  const sentences = [accuracySentence(comparison, ranked)];
  const others = ranked.slice(1);
  const found = others.map(other => compareModels(ranked[0]!, other));
  const p = holm(found.map(difference => difference.p));
  others.forEach((other, i) => {
    const judged = { p: p[i]!, of: others.length };
    sentences.push(differenceSentence(comparison, ranked[0]!, other, found[i], judged));
  });
  sentences.push(...costSentences(models), ...models.flatMap(m => learningSentence(m)));
  sentences.push(hardestSentence(models));
  return sentences.filter(s => s !== '');
}

/**
 * Sets the frame of a sentence: what it was trained on, where that is not everything.
 * @param trained images, where that is not what the comparison as a whole was trained on.
 */
export function scoped({ data }: Comparison, sentence: string, trained = data.trained): string {
  if (trained >= data.trainable) return sentence.charAt(0).toUpperCase() + sentence.slice(1);
  return `With ${count(trained)} images, ${sentence}`;
}

const the = (model: ModelSummary) => `the ${model.title}`;
const seedsOf = (models: readonly ModelSummary[]) => Math.min(...models.map(m => m.runs.length));

function accuracySentence(comparison: Comparison, ranked: readonly ModelSummary[]): string {
  const { test } = ranked[0]!.runs[0]!;
  const each = ranked.map((model, i) => {
    const { accuracies, accuracy } = model;
    const range =
      accuracies.length > 1
        ? ` (${accuracies.length} seeds, ${percent(Math.min(...accuracies), 1)} to ${percent(Math.max(...accuracies), 1)})`
        : '';
    const share = `${percent(accuracy, 1)}${i === 0 ? ` of the ${count(test.images)} test images` : ''}${range}`;
    return `${the(model)} ${i === 0 ? 'classified ' : ''}${share}${i === 0 ? ' correctly' : ''}`;
  });
  const when = `after ${epochsText(ranked)}`;
  return scoped(comparison, `${onlyThisRun(ranked)}${when} ${listing(each)}.`);
}

/** '1 epoch', '10 epochs', '8 to 40 epochs'. */
function epochsText(models: readonly ModelSummary[]): string {
  const all = models.flatMap(({ runs }) => runs.map(run => run.epochs.length));
  const [fewest, most] = [Math.min(...all), Math.max(...all)];
  if (fewest < most) return `${fewest} to ${most} epochs`;
  return most === 1 ? '1 epoch' : `${most} epochs`;
}

const onlyThisRun = (models: readonly ModelSummary[]) =>
  seedsOf(models) < SEEDS_FOR_A_VERDICT ? 'in this run and ' : '';

/** How a difference stands among others that were asked for at the same time. */
export interface Judged {
  /** p-value for all of them at once: see `holm`. */
  readonly p: number;
  /** How many there are. */
  readonly of: number;
}

/** By how much `a` is ahead of `b` on the test images, and how sure that is. */
export function differenceSentence(
  comparison: Comparison,
  a: ModelSummary,
  b: ModelSummary,
  found: Difference = compareModels(a, b),
  { p, of }: Judged = { p: found.p, of: 1 },
): string {
  const { trained } = a.runs[0]!;
  const range = `${minus((100 * found.low).toFixed(1))} to ${minus((100 * found.high).toFixed(1))}`;
  const side = found.difference < 0 ? `${points(-found.difference)} behind` : `${points(found.difference)} ahead of`;
  const stands = `${the(a)} is ${side} ${the(b)}`;
  const corrected = of > 1 ? ` after Holm’s correction for ${of} comparisons` : '';
  if (found.over === 'seeds') {
    const [n, m] = found.seeds;
    const seeds = n === m ? `${n} seeds` : `${n} and ${m} seeds`;
    const verdict = p < SURE ? '' : ': these seeds do not tell the two apart';
    const evidence = `95 % interval ${range}, bootstrap over seeds and images; ${pValue(p)}${corrected}`;
    return scoped(comparison, `over ${seeds}, ${stands} (${evidence})${verdict}.`, trained);
  }
  const several = Math.max(a.runs.length, b.runs.length) > 1;
  const which = several ? ` with seed ${found.runs[0].seed}` : '';
  const evidence = `${count(found.onlyFirst)} images only ${the(a)} got right, ${count(found.onlySecond)} only ${the(b)}`;
  const verdict =
    p < SURE ? 'more than the choice of test images explains' : 'no more than the choice of test images may explain';
  const caution = `${seedsText(seedsOf([a, b]))} no verdict on the architectures: another seed may move each by more.`;
  return `${scoped(
    comparison,
    `in this run${which} ${stands} (95 % bootstrap interval ${range} points; ${evidence}; exact McNemar ${pValue(p)}${corrected}): ${verdict}.`,
    trained,
  )} ${caution}`;
}

/** A p-value below this is called a difference. */
export const SURE = 0.05;

const seedsText = (n: number) => (n === 1 ? 'One seed is' : `${n} seeds are`);

function costSentences(models: readonly ModelSummary[]): string[] {
  const by = [...models].sort((a, b) => a.seconds - b.seconds);
  const [cheap, dear] = [by[0]!, by.at(-1)!];
  if (cheap === dear) return [];
  const { device } = dear.runs[0]!;
  const where = device.software ? ', on a processor that stands in for a GPU' : '';
  return [
    `Training took ${the(dear)} ${duration(dear.seconds)} and ${the(cheap)} ${duration(cheap.seconds)}: ` +
      `${times(dear.seconds / cheap.seconds)} as long, for ${times(dear.flopsPerImage / cheap.flopsPerImage)} the arithmetic ` +
      `(${magnitude(dear.flopsPerImage)} and ${magnitude(cheap.flopsPerImage)} floating-point operations an image, forward)${where}.`,
  ];
}

/** Where the validation loss was lowest, and what that says about the number of epochs. */
function learningSentence(model: ModelSummary): string[] {
  const held = model.epochs.flatMap(m => (m.valLoss === undefined ? [] : [{ epoch: m.epoch, loss: m.valLoss }]));
  const last = held.at(-1);
  if (!last || held.length < 2) return [];
  const best = held.reduce((a, b) => (b.loss < a.loss ? b : a));
  const who = `The validation loss of ${the(model)}`;
  if (best === last) {
    return [`${who} was lowest at the last epoch (${last.loss.toFixed(3)}): more epochs may still help.`];
  }
  const rise = last.loss / best.loss - 1;
  return [
    `${who} was lowest at epoch ${best.epoch} (${best.loss.toFixed(3)}) and ended at ${last.loss.toFixed(3)}: ` +
      (rise > 0.03 ? 'it had begun to overfit.' : 'it had levelled off.'),
  ];
}

function hardestSentence(models: readonly ModelSummary[]): string {
  const hardest = models.map(({ scores }) =>
    scores.reduce((a, b) => (b.support > 0 && (a.support === 0 || b.recall < a.recall) ? b : a)),
  );
  const parts = models.map((model, i) => {
    const { name, recall } = hardest[i]!;
    const pair = model.pairs.find(p => p.actual === name);
    return {
      name,
      text: `${percent(recall, 1)} found by ${the(model)}${pair ? `, most often called ${pair.predicted}` : ''}`,
    };
  });
  if (parts.every(({ name }) => name === parts[0]!.name)) {
    const whom = models.length === 1 ? '' : models.length === 2 ? ' for both' : ' for all';
    return `The hardest class${whom} is ${parts[0]!.name}: ${listing(parts.map(p => p.text))}.`;
  }
  return `The hardest classes: ${parts.map(p => `${p.name} (${p.text})`).join('; ')}.`;
}

/** What a careful reader wants to know of how the numbers came about. */
export function method(comparison: Comparison, models: readonly ModelSummary[]): string[] {
  const { data, epochs } = comparison;
  const at = models.length > 0 ? epochsText(models) : `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} at most`;
  const notes = [
    ...comparison.notes,
    `Every model was trained on the same ${count(data.trained)} images${
      data.subset
        ? ` of the ${count(data.trainable)} there are for it, drawn with the classes in their proportions`
        : ''
    }, ${at}. Training loss and accuracy are means over an epoch, while the weights moved and with dropout at work; so they may lie below the validation values, which are taken after it without dropout.`,
  ];
  const spare = data.available.train - data.trainable;
  const held =
    data.validation < spare
      ? `${count(data.validation)} of ${count(spare)} other images`
      : `${count(data.validation)} other images`;
  const chosen = models.filter(m => m.runs.some(run => run.tested.because === 'best-validation'));
  if (data.validation === 0)
    notes.push('Nothing was held back from these trainings: the weights of the last epoch were tested.');
  else if (chosen.length === 0) {
    notes.push(
      `${held} were held back for validation and only watched: nothing was chosen by them, the weights of the last epoch were tested.`,
    );
  } else {
    notes.push(
      `${held} were held back for validation; by them the epoch was chosen whose weights were tested (${listing(chosen.map(m => m.title))}).`,
    );
  }
  notes.push(
    'The test set was evaluated once for each trained model, after its training had ended; no choice was made by it.',
    `Intervals over images tell how much the choice of the ${count(data.available.test)} test images matters; only several seeds (--seeds 1,2,3) tell how much the start and the order of training matter.`,
  );
  return notes;
}
