import { GpuDataset } from '../../data/gpu-dataset.ts';
import { type Model, walk } from '../../nn/index.ts';
import { type Ablated, ablateChannels } from '../../study/ablation.ts';
import { featureLayers } from '../../study/features.ts';
import { lineChart } from '../charts.ts';
import { type Block, charts, heading, muted, text } from '../document.ts';
import { count, minus, points } from '../format.ts';
import { operationsFor } from './budget.ts';
import { spread } from './spread.ts';
import type { Study, Subject } from './study.ts';

interface AblationResult {
  readonly images: number;
  readonly what: string;
  readonly accuracy: number;
  readonly classes: readonly string[];
  readonly layers: readonly LayerAblation[];
  /** Layers that were left out, since it would have taken too long. */
  readonly skipped: readonly string[];
}

interface LayerAblation {
  readonly layer: string;
  /** Channels that the layer has; those that were taken away may be fewer. */
  readonly width: number;
  readonly channels: readonly ({ readonly channel: number; readonly activation: number } & Costs)[];
  readonly directions: readonly Costs[];
}

type Costs = { readonly [way in keyof Ablated]: Cost };

interface Cost {
  readonly accuracy: number;
  readonly error: number;
  readonly loss: number;
  /** Accuracy lost on each class; null for one without images. */
  readonly classes: readonly (number | null)[];
}

/** Layers at most, spread over the depth. */
const LAYERS = 4;
/** Floating-point operations for a layer: about a quarter of a minute on a processor. */
const BUDGET = { software: 1.5e11, gpu: 1e14 };
/** Channels of a layer at least, or it is left out. */
const FEWEST = 4;
const DIRECTIONS = 8;

/** What single channels are worth. */
export const ablation: Study<AblationResult> = {
  name: 'ablation',
  title: 'What each channel is worth',
  describe: 'accuracy lost without one channel (zero, or its mean), in all and by class, beside random directions',
  unfit: ({ run }) => (hiddenLayers(run.model).length > 0 ? undefined : 'it has no hidden layer'),
  run: study,
  section,
};

/** Layers with channels of their own, maps or units: neither those that only pool, nor the logits. */
const hiddenLayers = (model: Model) =>
  featureLayers(model)
    .slice(0, -1)
    .map(name => model.findLayer(name))
    .filter(({ type }) => !/Pool/.test(type));

async function study({ engine, run, unseen, signal, progress }: Subject): Promise<AblationResult> {
  const { model } = run;
  using data = new GpuDataset(engine, unseen.images);
  const budget = operationsFor(engine, BUDGET);
  const affordable = ({ name }: { name: string }) =>
    Math.floor(budget / (2 * data.count * flopsBehind(model, name))) - DIRECTIONS;
  const hidden = hiddenLayers(model);
  const fitting = hidden.filter(layer => affordable(layer) >= FEWEST);
  const chosen = spread(fitting.length, LAYERS).map(i => fitting[i]!);
  const layers: LayerAblation[] = [];
  let accuracy = Number.NaN;
  for (const layer of chosen) {
    const width = layer.output.at(-1)!;
    const found = await ablateChannels(model, layer.name, data, {
      channels: spread(width, Math.min(width, affordable(layer))),
      directions: DIRECTIONS,
      signal,
      onProgress: (done, total) => progress(`ablation: ${layer.name}, ${done} of ${total} passes`),
    });
    ({ accuracy } = found);
    layers.push({
      ...{ layer: layer.name, width },
      channels: found.channels.map(({ channel, activation, ...ablated }) => ({
        channel,
        activation,
        ...costs(ablated),
      })),
      directions: found.directions.map(costs),
    });
  }
  const skipped = hidden.filter(layer => !chosen.includes(layer)).map(({ name }) => name);
  return { images: data.count, what: unseen.what, accuracy, classes: data.classes, layers, skipped };
}

/** Of one image behind a layer. */
function flopsBehind({ chain }: Model, layer: string): number {
  const at = chain.findIndex(({ name }) => name === layer);
  return chain.slice(at + 1).reduce((sum, part) => walk(part).reduce((total, { flops }) => total + flops, sum), 1);
}

function costs({ zero, mean }: Ablated): Costs {
  const plain = ({ classes, ...cost }: Ablated['zero']): Cost => ({
    ...cost,
    classes: classes.map(value => (Number.isFinite(value) ? value : null)),
  });
  return { zero: plain(zero), mean: plain(mean) };
}

function section({ images, what, accuracy, classes, layers, skipped }: AblationResult): Block[] {
  if (layers.length === 0) {
    return [text(`Its layers (${skipped.join(', ')}) take too long here; try it with fewer images.`)];
  }
  return [
    text(
      `Each channel was taken away by itself and the network asked again about ${count(images)} ${what}; as it is, ` +
        `${(100 * accuracy).toFixed(1)} % of its answers are right. Set to zero, a channel gives the layers behind it ` +
        'something they may never have seen; set to its mean over images and pixels, it no longer tells them apart. That too may be ' +
        'new to a layer that takes each pixel by itself, such as a batch norm of flattened maps.',
    ),
    ...layers.flatMap(layer => layerBlocks(layer, classes)),
    muted(
      'Control: the same done to random directions in the space of the channels. An accuracy lost is given with its ' +
        `standard error.${skipped.length > 0 ? ` Not looked at, to save time: ${skipped.join(', ')}.` : ''}`,
    ),
  ];
}

/** Channels in the table of a layer. */
const SHOWN = 6;

function layerBlocks({ layer, width, channels, directions }: LayerAblation, classes: readonly string[]): Block[] {
  const ranked = costliest(channels);
  const line = (name: string, colour: number, values: readonly number[]) => ({
    ...{ name, colour },
    points: [...values].sort((a, b) => b - a).map((value, i): [number, number] => [i + 1, 100 * value]),
  });
  return [
    heading(
      channels.length < width ? `${layer}: ${channels.length} of ${width} channels` : `${layer}: ${width} channels`,
    ),
    charts(
      lineChart({
        title: `Accuracy lost without one channel of ${layer}`,
        x: 'channels, the costliest first',
        y: value => `${Number(value.toFixed(2))} points`,
        include: [0],
        series: [
          line(
            'zero',
            0,
            channels.map(({ zero }) => zero.accuracy),
          ),
          line(
            'mean',
            1,
            channels.map(({ mean }) => mean.accuracy),
          ),
          line(
            'random direction, zero',
            2,
            directions.map(({ zero }) => zero.accuracy),
          ),
          line(
            'random direction, mean',
            3,
            directions.map(({ mean }) => mean.accuracy),
          ),
        ],
      }),
    ),
    {
      kind: 'table',
      name: `The costliest channels of ${layer}`,
      head: ['Channel', 'Lost by its mean', 'Lost by zero', 'Loss added by its mean', 'Class that loses most'],
      rows: [
        ...ranked.slice(0, SHOWN).map(({ channel, ...cost }) => costRow(String(channel), cost, classes)),
        ...costliest(directions)
          .slice(0, 1)
          .map(cost => costRow(`random direction, worst of ${directions.length}`, cost, classes)),
      ],
    },
  ];
}

const costliest = <T extends Costs>(parts: readonly T[]) =>
  [...parts].sort((a, b) => b.mean.accuracy - a.mean.accuracy || b.mean.loss - a.mean.loss);

function costRow(name: string, { mean, zero }: Costs, classes: readonly string[]): string[] {
  const lost = mean.classes.map(value => value ?? Number.NEGATIVE_INFINITY);
  const most = lost.indexOf(Math.max(...lost));
  const sure = (cost: Cost) => `${points(cost.accuracy)} ± ${(100 * cost.error).toFixed(1)}`;
  return [
    ...[name, sure(mean), sure(zero), minus(mean.loss.toFixed(4))],
    lost[most]! > 0 ? `${classes[most]} (${points(lost[most]!)})` : 'none',
  ];
}
