import type { ValueStatistics } from '../../study/statistics.ts';
import type { Look } from '../../study/watch.ts';
import { type LineChart, lineChart } from '../charts.ts';
import { type Block, charts, heading, muted, text } from '../document.ts';
import { count, minus, percent } from '../format.ts';
import { histogramChart } from '../histogram.ts';
import { COLOURS } from '../svg.ts';
import { inspected } from './inspected.ts';
import { spread } from './spread.ts';
import type { Study, Subject } from './study.ts';

interface Moment {
  readonly weights?: ValueStatistics;
  readonly gradient?: ValueStatistics;
  readonly activations: ValueStatistics;
}

interface NormsResult {
  readonly images: string;
  readonly layers: readonly {
    readonly layer: string;
    readonly type: string;
    readonly trained: Moment;
    readonly first: Moment;
    /** |change| / |weights| of the last step that was watched. */
    readonly update?: number;
  }[];
  /** Of a run that was watched. */
  readonly epochs?: readonly EpochNorms[];
}

interface EpochNorms {
  readonly epoch: number;
  /** By layer. */
  readonly weights: Readonly<Record<string, number>>;
  readonly gradient: Readonly<Record<string, number>>;
  readonly update: Readonly<Record<string, number>>;
}

/** Layers whose histograms are drawn, spread over the depth. */
const DRAWN = 4;

/** What weights, outputs and gradients are like, before and after. */
export const norms: Study<NormsResult> = {
  name: 'norms',
  title: 'Weights, outputs and gradients',
  describe: 'norms and histograms of weights, outputs and gradients of each layer, and how far a step moves them',
  run: study,
  section,
};

async function study(subject: Subject): Promise<NormsResult> {
  const { trained, first } = await inspected(subject);
  const { run, unseen } = subject;
  const last = run.looks?.at(-1);
  const moment = ({ weights, gradient, activations }: Moment): Moment => ({
    ...(weights && { weights }),
    ...(gradient && { gradient }),
    activations,
  });
  const layers = trained.map((report, i) => {
    const update = last?.layers.find(({ layer }) => layer === report.layer)?.update;
    const { layer, type } = report;
    return { layer, type, trained: moment(report), first: moment(first[i]!), ...(update !== undefined && { update }) };
  });
  const images = `${count(unseen.images.count)} ${unseen.what}`;
  return { images, layers, ...(run.looks && { epochs: run.looks.map(epochNorms) }) };
}

function epochNorms({ epoch, layers }: Look): EpochNorms {
  const by = (value: (layer: Look['layers'][number]) => number | undefined) =>
    Object.fromEntries(
      layers.flatMap(layer => {
        const found = value(layer);
        return found === undefined ? [] : [[layer.layer, found]];
      }),
    );
  return {
    epoch,
    weights: by(({ weights }) => weights?.norm),
    gradient: by(({ gradient }) => gradient?.norm),
    update: by(({ update }) => update),
  };
}

const digits = (value: number | undefined) => (value === undefined ? '' : value.toPrecision(3));

function section({ images, layers, epochs }: NormsResult): Block[] {
  return [
    text(
      `Outputs and gradients are those on ${images}, the network being used and not trained: no dropout, running ` +
        'statistics. The gradient is that of the mean loss. The control is the network before its first step.',
    ),
    {
      kind: 'table',
      name: 'Norms',
      oneLine: true,
      head: [
        'Layer',
        '|weights|',
        'before',
        '|gradient|',
        'before',
        'outputs: mean',
        'deviation',
        'zeros',
        'deviation before',
      ],
      rows: layers.map(({ layer, trained, first }) => [
        ...[layer, digits(trained.weights?.norm), digits(first.weights?.norm)],
        ...[digits(trained.gradient?.norm), digits(first.gradient?.norm)],
        ...[minus(trained.activations.mean.toPrecision(3)), digits(trained.activations.deviation)],
        ...[percent(trained.activations.zeros, 1), digits(first.activations.deviation)],
      ]),
    },
    heading('Histograms'),
    muted('Weights that are exactly zero, and outputs that a ReLU made zero, are not counted.'),
    ...spread(layers.length, DRAWN).map(i => histograms(layers[i]!)),
    heading('Over time'),
    ...overTime(epochs),
  ];
}

function histograms({ layer, trained, first }: NormsResult['layers'][number]): Block {
  const pair = (what: string, x: string, after?: ValueStatistics, before?: ValueStatistics) =>
    after && before
      ? [
          histogramChart(
            `${layer}: ${what}`,
            [
              { name: 'trained', colour: 0, ...after.histogram },
              { name: 'before', colour: 1, ...before.histogram },
            ],
            x,
          ),
        ]
      : [];
  return charts(
    ...pair('weights', 'weight', trained.weights, first.weights),
    ...pair('outputs', 'output', trained.activations, first.activations),
    ...pair('gradient', 'gradient of a weight', trained.gradient, first.gradient),
  );
}

function overTime(epochs: NormsResult['epochs']): Block[] {
  if (!epochs) {
    return [
      muted(
        'How they went is not known of this run: weft train --watch keeps them for every epoch, and how far the last step of each moved the weights.',
      ),
    ];
  }
  return [
    charts(
      byPowers('Update of the last step / weights', epochs, ({ update }) => update),
      byPowers('Norm of the gradient', epochs, ({ gradient }) => gradient),
      byPowers('Norm of the weights', epochs, ({ weights }) => weights),
    ),
    muted(
      'On the training images that the run was watched with; epoch 0 is before the first step. An update of about a ' +
        'thousandth of the weights is usual; much more is unsteady, much less learns little.',
    ),
  ];
}

/** Lines over epochs on a scale of powers of ten. */
function byPowers(
  title: string,
  epochs: readonly EpochNorms[],
  values: (epoch: EpochNorms) => Readonly<Record<string, number>>,
): ReturnType<typeof lineChart> {
  const names = [...new Set(epochs.flatMap(epoch => Object.keys(values(epoch))))];
  const drawn = spread(names.length, COLOURS).map(i => names[i]!);
  const chart: LineChart = {
    title,
    x: 'epoch',
    y: power => (10 ** power).toPrecision(2),
    series: drawn.map((name, colour) => ({
      ...{ name, colour },
      points: epochs.map(epoch => [epoch.epoch, Math.log10(values(epoch)[name] ?? Number.NaN)] as const),
    })),
  };
  return lineChart(chart);
}
