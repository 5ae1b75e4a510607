import {
  CORRUPTION_KINDS,
  CORRUPTIONS,
  type CorruptionKind,
  describeCorruption,
  seenIn,
} from '../../data/corruptions.ts';
import type { Robustness } from '../../train/robustness.ts';
import { charts, muted, type Section, text } from '../document.ts';
import { count, listing, percent, points } from '../format.ts';
import { plot } from '../plots.ts';
import { mean, wilson } from '../statistics.ts';
import type { ModelSummary } from '../summary.ts';

interface Tested {
  readonly model: ModelSummary;
  readonly colour: number;
  /** Means over the runs that were tested so. */
  readonly robustness: Robustness;
}

const X_TITLES: Readonly<Record<CorruptionKind, string>> = {
  shift: 'pixels',
  rotation: 'degrees',
  noise: 'standard deviation, share of the range',
  contrast: 'contrast that is left',
};

/** Accuracy on changed test pictures; rings and stars mark changes that a model was trained on. */
export function robustnessSection(models: readonly ModelSummary[]): Section | undefined {
  const tested = models.flatMap((model, colour): Tested[] => {
    const runs = model.runs.flatMap(({ robustness }) => (robustness ? [robustness] : []));
    return runs.length > 0 ? [{ model, colour, robustness: meanOf(runs) }] : [];
  });
  const [first] = tested;
  if (!first) return undefined;
  const { images, results } = first.robustness;
  return {
    title: 'Changed pictures',
    blocks: [
      text(worstSentence(tested)),
      charts(...CORRUPTION_KINDS.map(kind => chartOf(kind, tested))),
      {
        kind: 'table',
        name: 'Accuracy on changed pictures',
        head: ['', ...tested.map(({ model }) => model.title)],
        rows: [
          ['unchanged', ...tested.map(({ robustness }) => percent(robustness.clean, 1))],
          ...results.map((change, i) => [
            describeCorruption(change),
            ...tested.map(({ model, robustness }) => {
              return percent(robustness.results[i]!.accuracy, 1) + MARKS[seenBy(model, change)];
            }),
          ]),
        ],
      },
      muted(
        `On the same ${count(images)} test images for all, each changed in the same way for all; of so many images a single accuracy is known to about ${points(uncertainty(first.robustness))}. ** (and a ring): the model’s training contained such changes as strong; *: milder ones. Without a mark they are new to it.`,
      ),
    ],
  };
}

const MARKS = { 'as strong': ' **', milder: ' *', no: '' } as const;

const seenBy = ({ runs }: ModelSummary, change: Robustness['results'][number]) => seenIn(runs[0]!.augmentation, change);

function meanOf(runs: readonly Robustness[]): Robustness {
  const [first] = runs as [Robustness];
  const results = first.results.map((result, i) => ({
    ...result,
    accuracy: mean(runs.map(r => r.results[i]!.accuracy)),
  }));
  return { ...first, clean: mean(runs.map(({ clean }) => clean)), results };
}

function chartOf(kind: CorruptionKind, tested: readonly Tested[]) {
  const unchanged = kind === 'contrast' ? 1 : 0;
  return plot({
    title: `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
    x: { title: X_TITLES[kind], text: value => `${value}${CORRUPTIONS[kind].unit === '°' ? '°' : ''}` },
    y: share => percent(share, 0),
    lines: true,
    series: tested.map(({ model, colour, robustness }) => ({
      name: model.title,
      colour,
      points: [
        { x: unchanged, y: robustness.clean },
        ...robustness.results
          .filter(result => result.kind === kind)
          .map(result => ({ x: result.strength, y: result.accuracy, ring: seenBy(model, result) === 'as strong' })),
      ],
    })),
  });
}

/** Half of the 95 % interval of the accuracy on the unchanged images. */
function uncertainty({ clean, images }: Robustness): number {
  const { low, high } = wilson(Math.round(clean * images), images);
  return (high - low) / 2;
}

/** What costs each model most, among changes that are new to it. */
function worstSentence(tested: readonly Tested[]): string {
  const parts = tested.flatMap(({ model, robustness }) => {
    const fresh = robustness.results.filter(result => seenBy(model, result) !== 'as strong');
    const worst = [...fresh].sort((a, b) => a.accuracy - b.accuracy)[0];
    if (!worst) return [];
    return [`for the ${model.title} ${describeCorruption(worst)} (${points(robustness.clean - worst.accuracy)})`];
  });
  return `What costs most accuracy, of changes that a model’s training did not contain as strong: ${listing(parts)}.`;
}
