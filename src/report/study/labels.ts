import { GpuDataset } from '../../data/gpu-dataset.ts';
import { featureLayers, layerFeatures, penultimateLayer } from '../../study/features.ts';
import { findLabelNoise, flipLabels, precisionAt, rankByDoubt } from '../../study/label-noise.ts';
import { linearOutOfFold } from '../../study/out-of-fold.ts';
import { Evaluator } from '../../train/evaluate.ts';
import { type Block, heading, muted, text } from '../document.ts';
import { count, percent } from '../format.ts';
import { toPicture } from '../pictures.ts';
import type { Picture } from '../types.ts';
import type { Study, Subject } from './study.ts';

interface LabelsResult {
  readonly images: number;
  readonly what: string;
  /** Share of wrong labels that confident learning estimates. */
  readonly share: number;
  /** How many labels are doubted; the first of them with their pictures. */
  readonly doubted: number;
  readonly suspects: readonly {
    readonly number: number;
    readonly label: string;
    readonly suggested: string;
    readonly margin: number;
    readonly picture: Picture;
  }[];
  readonly proof: Proof;
}

/** What the method finds of labels that were made wrong on purpose. */
interface Proof {
  readonly planted: number;
  readonly ks: readonly number[];
  /** Of the network's own probabilities, and of a linear classifier trained on the wrong labels, out of fold. */
  readonly network: readonly number[];
  readonly outOfFold: readonly number[];
  /** Estimated share of wrong labels, by the latter. */
  readonly estimated: number;
}

/** Share of labels that are flipped to prove the method. */
const PLANTED = 0.05;
const FOLDS = 5;
const SHOWN = 18;

/** Labels that the network has good reason to doubt. */
export const labels: Study<LabelsResult> = {
  name: 'labels',
  title: 'Labels that may be wrong',
  describe: 'labels that the network doubts most, and how many of some planted wrong ones it finds',
  unfit({ run, unseen }) {
    if (featureLayers(run.model).length < 2) return 'it has no hidden layer';
    return unseen.images.count < 100 ? 'it needs at least 100 images' : undefined;
  },
  run: study,
  section,
};

async function study({ engine, run, unseen, signal, progress }: Subject): Promise<LabelsResult> {
  using data = new GpuDataset(engine, unseen.images);
  using evaluator = await Evaluator.compile(run.model, data);
  const classes = run.model.outputShape[0]!;
  const all = Uint32Array.from({ length: data.count }, (_, i) => i);
  const { probabilities } = await evaluator.run(all, signal);
  const noise = findLabelNoise(probabilities, data.labels, classes);
  const { height, width, channels, images } = data.source;
  const bytes = height * width * channels;

  progress('labels: planting wrong ones');
  const planted = Math.max(4, Math.round(PLANTED * data.count));
  const flipped = flipLabels(data.labels, data.classes.length, planted, 1);
  const [features] = await layerFeatures(run.model, data, { layers: [penultimateLayer(run.model)], signal });
  const held = await linearOutOfFold(engine, features!.values, flipped.labels, classes, { folds: FOLDS });
  const ks = [Math.ceil(planted / 4), Math.ceil(planted / 2), planted, 2 * planted];
  const precision = (p: Float32Array) => precisionAt(rankByDoubt(p, flipped.labels, classes), flipped.planted, ks);
  return {
    ...{ images: data.count, what: unseen.what, share: noise.share, doubted: noise.suspects.length },
    suspects: noise.suspects.slice(0, SHOWN).map(({ index, label, suggested, margin }) => ({
      ...{ number: unseen.numbers[index]!, margin },
      label: data.classes[label]!,
      suggested: data.classes[suggested] ?? String(suggested),
      picture: toPicture(images.subarray(index * bytes, (index + 1) * bytes), data.source),
    })),
    proof: {
      ...{ planted, ks, network: precision(probabilities), outOfFold: precision(held) },
      estimated: findLabelNoise(held, flipped.labels, classes).share,
    },
  };
}

function section({ images, what, share, doubted, suspects, proof }: LabelsResult): Block[] {
  const { planted, ks, network, outOfFold, estimated } = proof;
  const own = ks.indexOf(planted);
  return [
    text(
      `Of ${count(images)} ${what} ${count(doubted)} have a label that the network ` +
        `confidently takes for another; by confident learning ${percent(share, 1)} of the labels are wrong or hard to ` +
        'tell. Only looking at them shows which.',
    ),
    {
      kind: 'pictures',
      items: suspects.map(({ number, label, suggested, margin, picture }) => ({
        picture,
        alt: `image ${number}, labelled ${label}`,
        lines: [label, `rather ${suggested}?`, `margin ${margin.toFixed(2)}`, `image ${number}`],
      })),
    },
    heading('Proof: wrong labels planted on purpose'),
    text(
      `${count(planted)} labels were flipped by chance. Among the ${count(planted)} that were then doubted most, ` +
        `${percent(network[own], 0)} were flipped ones; with a classifier that learned from the wrong labels itself ` +
        `${percent(outOfFold[own], 0)}. By chance it would be ${percent(planted / images, 0)}.`,
    ),
    {
      kind: 'table',
      name: 'Share of planted labels among the most doubted',
      head: ['Most doubted', 'by the network', 'out of fold', 'by chance', 'at best'],
      rows: ks.map((k, i) => [
        count(k),
        ...[network[i]!, outOfFold[i]!, planted / images, Math.min(1, planted / k)].map(value => percent(value, 0)),
      ]),
    },
    muted(
      `Doubt is the probability of the label less that of the likeliest other class. Out of fold: a linear classifier on the ` +
        `network's last features learned from four fifths of the images with the flipped labels and judged the fifth that it ` +
        `had not seen, ${FOLDS} times; it puts the share of wrong labels at ${percent(estimated, 1)}. Labels that were wrong ` +
        'before count as misses, so the shares are lower bounds.',
    ),
  ];
}
