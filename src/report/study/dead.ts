import type { Look } from '../../study/watch.ts';
import { lineChart } from '../charts.ts';
import { type Block, charts, heading, muted, text } from '../document.ts';
import { count, percent } from '../format.ts';
import { COLOURS } from '../svg.ts';
import { inspected } from './inspected.ts';
import { spread } from './spread.ts';
import type { Study, Subject } from './study.ts';

interface DeadLayer {
  readonly layer: string;
  readonly units: number;
  readonly dead: number;
  /** Units that answer to some image, but to less than one in a hundred. */
  readonly rare: number;
  /** Before the first step. */
  readonly first: number;
  /** Those that were dead before and are: they never were anything else, as far as is known. */
  readonly both: number;
  /** Share of all values that are zero, after and before training. */
  readonly zeros: readonly [number, number];
}

interface DeadResult {
  readonly images: string;
  readonly layers: readonly DeadLayer[];
  /** Of a run that was watched, the share of dead units on its own images. */
  readonly epochs?: readonly { readonly epoch: number; readonly dead: Readonly<Record<string, number>> }[];
}

const RARE = 0.01;
/** Epochs in the table, spread over the run. */
const MOMENTS = 11;

/** Units that are zero whatever they see. */
export const dead: Study<DeadResult> = {
  name: 'dead',
  title: 'Dead units',
  describe: 'ReLU units that are zero on all of the images, beside the untrained network, and when they died',
  run: study,
  section,
};

async function study(subject: Subject): Promise<DeadResult> {
  const { trained, first } = await inspected(subject);
  const { unseen, run } = subject;
  const layers = trained.flatMap((report, i): DeadLayer[] => {
    const before = first[i]!;
    if (!report.rectified) return [];
    const { layer, units, active, activations } = report;
    const rare = active.filter(share => share > 0 && share < RARE).length;
    const zeros = [activations.zeros, before.activations.zeros] as const;
    const both = active.filter((share, unit) => share === 0 && before.active[unit] === 0).length;
    return [{ layer, units, dead: report.dead, rare, first: before.dead, both, zeros }];
  });
  const images = `${count(unseen.images.count)} ${unseen.what}`;
  return { images, layers, ...(run.looks && { epochs: run.looks.map(deadShares) }) };
}

function deadShares({ epoch, layers }: Look): NonNullable<DeadResult['epochs']>[number] {
  const rectified = layers.filter(layer => layer.rectified);
  return { epoch, dead: Object.fromEntries(rectified.map(({ layer, dead, units }) => [layer, dead / units])) };
}

function section({ images, layers, epochs }: DeadResult): Block[] {
  if (layers.length === 0) return [text('No layer of this network ends in a ReLU, so that no unit can be dead.')];
  const [total, of] = [
    layers.reduce((sum, { dead }) => sum + dead, 0),
    layers.reduce((sum, { units }) => sum + units, 0),
  ];
  return [
    text(
      `${count(total)} of ${count(of)} units behind a ReLU are zero everywhere in all of ${images}: they add nothing, and no ` +
        'gradient reaches what is before them. What is dead depends on what is looked at: among more images there may be ' +
        'one that a unit answers to. The control is the same network before its first step, on the same images.',
    ),
    {
      kind: 'table',
      name: 'Dead units',
      head: [
        'Layer',
        'Units',
        'Dead',
        'Before training',
        'Before and after',
        'Answer to under 1 % of the images',
        'Zeros',
        'Zeros before',
      ],
      rows: layers.map(({ layer, units, dead, first, both, rare, zeros }) => [
        ...[layer, count(units), count(dead), count(first), count(both), count(rare)],
        ...zeros.map(share => percent(share, 1)),
      ]),
    },
    heading('Over time'),
    ...overTime(layers, epochs),
  ];
}

function overTime(layers: readonly DeadLayer[], epochs: DeadResult['epochs']): Block[] {
  if (!epochs) {
    return [muted('When units died is not known of this run: weft train --watch keeps it for every epoch.')];
  }
  const drawn = spread(layers.length, COLOURS).map(i => layers[i]!.layer);
  const series = drawn.map((name, colour) => ({
    ...{ name, colour },
    points: epochs.map(({ epoch, dead }) => [epoch, dead[name] ?? 0] as const),
  }));
  const chart = lineChart({
    title: 'Share of dead units',
    x: 'epoch',
    y: value => percent(value, 1),
    series,
    include: [0],
    bounds: [0, 1],
  });
  const shown = spread(epochs.length, MOMENTS).map(i => epochs[i]!);
  return [
    charts(chart),
    {
      kind: 'table',
      name: 'Dead units over time',
      head: ['Layer', ...shown.map(({ epoch }) => `epoch ${epoch}`)],
      rows: layers.map(({ layer, units }) => [
        layer,
        ...shown.map(({ dead }) => (dead[layer] === undefined ? 'n/a' : count(dead[layer] * units))),
      ]),
    },
    muted('On the training images that the run was watched with. Epoch 0 is before the first step.'),
  ];
}
