import { differenceSentence, SURE } from './conclusions.ts';
import { count, listing, percent, points } from './format.ts';
import { holm } from './science/bootstrap.ts';
import { compareModels, type Difference, type ModelSummary, summarize } from './summary.ts';
import type { Comparison, Contrast, Question } from './types.ts';

/** A contrast both of whose rows have run. */
export interface Answered {
  readonly contrast: Contrast;
  readonly first: ModelSummary;
  readonly second: ModelSummary;
  readonly found: Difference;
  /** For all contrasts of the comparison at once: see `holm`. */
  readonly p: number;
  /** What it says. */
  readonly sentence: string;
}

/** A question with what the finished rows say to it. */
export interface Answer {
  readonly question: Question;
  readonly contrasts: readonly Answered[];
  /** What its contrasts say together; empty while they say nothing. */
  readonly together: string;
  /** Contrasts that wait for rows to come. */
  readonly open: number;
}

/** Answers from whatever rows are finished. */
export function answers(comparison: Comparison): Answer[] {
  const found = comparison.questions.flatMap(({ contrasts }) =>
    contrasts.flatMap(contrast => {
      const [first, second] = [contrast.first, contrast.second].map(row => summarize(comparison, [row])[0]);
      return first && second ? [{ contrast, first, second, found: compareModels(first, second) }] : [];
    }),
  );
  const p = holm(found.map(one => one.found.p));
  const all = found.map((one, i): Answered => {
    const { first, second, contrast } = one;
    const judged = { p: p[i]!, of: found.length };
    const [a, b] = withoutShared(first, second);
    const sentence = differenceSentence(comparison, a, b, one.found, judged);
    return { ...one, p: p[i]!, sentence: `${sentenceCase(contrast.adds)}: ${sentence}` };
  });
  return comparison.questions.map(question => {
    const contrasts = all.filter(({ contrast }) => question.contrasts.includes(contrast));
    const together = CLOSINGS[question.id]?.(contrasts) ?? '';
    return { question, contrasts, together, open: question.contrasts.length - contrasts.length };
  });
}

/** 'CNN, 600 images' against 'MLP, 600 images' is the CNN against the MLP: what both have is in what the contrast adds. */
function withoutShared(first: ModelSummary, second: ModelSummary): [ModelSummary, ModelSummary] {
  const parts = [first, second].map(({ title }) => title.split(', '));
  const [a, b] = parts as [string[], string[]];
  const shared = a.slice(1).join(', ');
  if (shared === '' || shared !== b.slice(1).join(', ')) return [first, second];
  return [
    { ...first, title: a[0]! },
    { ...second, title: b[0]! },
  ];
}

const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const isSure = ({ p }: Answered) => p < SURE;

/** What the contrasts of a question say together, where that is more than one by one. */
const CLOSINGS: Readonly<Record<string, (contrasts: readonly Answered[]) => string>> = {
  convolution: ([plain, permuted]) => {
    if (!plain || !permuted) return '';
    const [gain, control] = [plain.found.difference, permuted.found.difference];
    const rest = `${points(gain)} with pictures as they are, ${points(control)} with their pixels permuted`;
    const local = gain - control;
    if (gain <= 0) return `The convolutions add nothing here: ${rest}.`;
    return local > 0
      ? `Of what separates the two (${rest}), ${points(local)} go with the order of the pixels: with what a convolution can see and a dense layer has to learn.`
      : `What separates the two (${rest}) does not go with the order of the pixels: it cannot come from looking at neighbours.`;
  },
  augmentation: contrasts => {
    if (contrasts.length < 2) return '';
    const [helped, harmed] = [1, -1].map(sign => contrasts.filter(c => isSure(c) && sign * c.found.difference > 0));
    const named = (group: readonly Answered[]) =>
      listing(group.map(({ second, found }) => `${second.title} (${points(found.difference)})`));
    const parts = [
      helped!.length > 0 ? `it helped ${named(helped!)}` : '',
      harmed!.length > 0 ? `it harmed ${named(harmed!)}` : '',
    ].filter(part => part !== '');
    const unclear = contrasts.length - helped!.length - harmed!.length;
    const open = unclear > 0 ? `; for ${unclear} of ${contrasts.length} families nothing beyond chance is seen` : '';
    return parts.length > 0
      ? `With and without augmentation: ${parts.join('; ')}${open}.`
      : `With and without augmentation, none of the ${contrasts.length} families shows a difference beyond chance.`;
  },
  size: contrasts => pairsOf(contrasts).map(crossing).join(' '),
  cut: contrasts => {
    const cuts = [...new Map(contrasts.flatMap(({ first, second }) => [first, second]).map(m => [m.row, m])).values()];
    const frozen = cuts.filter(({ row }) => !row.includes('random'));
    if (frozen.length < 2) return '';
    const ranked = [...frozen].sort((a, b) => b.accuracy - a.accuracy);
    const each = ranked.map(({ title, accuracy }) => `${title} ${percent(accuracy, 1)}`);
    return `Best of ${ranked.length} cuts is ${ranked[0]!.title}: ${listing(each)}.`;
  },
};

/** Contrasts of the same two models, those with few images first. */
function pairsOf(contrasts: readonly Answered[]): Answered[][] {
  const pairs = new Map<string, Answered[]>();
  for (const one of contrasts) {
    const key = `${one.first.model} ${one.second.model}`;
    pairs.set(key, [...(pairs.get(key) ?? []), one]);
  }
  const images = ({ first }: Answered) => first.runs[0]!.trained;
  return [...pairs.values()].map(pair => [...pair].sort((a, b) => images(a) - images(b)));
}

/** With how many images which of two models is ahead. */
function crossing(pair: readonly Answered[]): string {
  const [first, second] = withoutShared(pair[0]!.first, pair[0]!.second);
  const sizes = (group: readonly Answered[]) =>
    `with ${listing(group.map(one => `${count(one.first.runs[0]!.trained)} images (${points(Math.abs(one.found.difference))})`))}`;
  const [ahead, behind] = [1, -1].map(sign => pair.filter(one => isSure(one) && sign * one.found.difference > 0));
  const parts = [
    ahead!.length > 0 ? `the ${first.title} is ahead of the ${second.title} ${sizes(ahead!)}` : '',
    behind!.length > 0 ? `the ${second.title} is ahead of the ${first.title} ${sizes(behind!)}` : '',
  ].filter(part => part !== '');
  const rest = pair.filter(one => !isSure(one));
  const unclear =
    rest.length > 0
      ? `no difference beyond chance between the ${first.title} and the ${second.title} ${sizes(rest)}`
      : '';
  return `${sentenceCase([...parts, unclear].filter(part => part !== '').join('; '))}.`;
}
